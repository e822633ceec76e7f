//! The player finds what it is there to find: a small pool, with one mistake at a time.

mod fake;
mod mistake;

use fake::Fake;
use mistake::{COUNTERS, Mistake};
use poolable_stress::{Script, Violation, play};

/// Scripts within which a mistake has to show.
const SEEDS: u64 = 100;

/// What the player says of a mistake, script by script.
fn violations(mistake: Mistake, lock_step: bool) -> impl Iterator<Item = Violation> {
    (0..SEEDS).filter_map(move |seed| {
        let script = Script::of_seed(seed).in_lock_step(lock_step);
        play(&Fake::with(mistake), &script).err()
    })
}

/// Asserts that this is the first that the player sees of a mistake in one of the scripts.
#[track_caller]
fn is_said(mistake: Mistake, law: &str, lock_step: bool) {
    let mut others = None;
    let is_said = violations(mistake, lock_step).any(|violation| {
        let is_it = violation.law.contains(law);
        others = Some(violation);
        is_it
    });
    assert!(is_said, "{mistake:?} is not found, or only {others:?}");
}

#[track_caller]
fn is_found(mistake: Mistake, law: &str) {
    is_said(mistake, law, true);
}

/// As [`is_found`], with all threads at once.
#[track_caller]
fn is_found_when_free(mistake: Mistake, law: &str) {
    is_said(mistake, law, false);
}

#[test]
fn pool_without_a_mistake_passes() {
    assert_eq!(violations(Mistake::None, true).next(), None);
    assert_eq!(violations(Mistake::None, false).next(), None);
}

#[test]
fn object_with_two_owners_is_found() {
    is_found(Mistake::HandsOutTwice, "has two owners");
    is_found_when_free(Mistake::HandsOutTwice, "has two owners");
}

#[test]
fn dead_object_is_found() {
    is_found(Mistake::HandsOutTheDead, "was handed out Dead");
    is_found_when_free(Mistake::HandsOutTheDead, "was handed out Dead");
}

#[test]
fn missing_reset_is_found() {
    is_found(Mistake::ForgetsToReset, "with the traces of an earlier user");
    is_found_when_free(Mistake::ForgetsToReset, "with the traces of an earlier user");
}

#[test]
fn secret_that_is_left_is_found() {
    is_found(Mistake::ForgetsToWipe, "a secret of an earlier user is left");
}

#[test]
fn object_of_another_pool_is_found() {
    is_found(Mistake::MixesPools, "handed out a value of pool");
}

#[test]
fn object_that_moves_is_found() {
    is_found(Mistake::Moves, "moved while it was pooled");
    is_found_when_free(Mistake::Moves, "moved while it was pooled");
}

#[test]
fn object_that_changes_in_its_owners_hands_is_found() {
    is_found(Mistake::Meddles, "changed in its owner's hands");
}

#[test]
fn object_dropped_in_use_is_found() {
    is_found(Mistake::DropsInUse, "was dropped in use");
}

#[test]
fn object_dropped_twice_is_found() {
    is_found(Mistake::DropsTwice, "was dropped twice");
    is_found_when_free(Mistake::DropsTwice, "was dropped twice");
}

#[test]
fn lost_object_is_found() {
    is_found(Mistake::LosesObjects, "idle is");
    is_found_when_free(Mistake::LosesObjects, "idle is");
}

#[test]
fn counters_that_are_wrong_are_found() {
    is_found(Mistake::ForgetsReturns, "returned is");
    is_found_when_free(Mistake::ForgetsReturns, "returned is");
    for counter in COUNTERS {
        is_found(Mistake::Miscounts(counter), &format!("{counter} is "));
        is_found_when_free(Mistake::Miscounts(counter), &format!("{counter} is "));
    }
}

#[test]
fn needless_create_is_found() {
    is_found(Mistake::CreatesNeedlessly, "missed, though the thread had");
}

#[test]
fn object_freed_though_there_is_room_is_found() {
    is_found(Mistake::FreesNeedlessly, "freed though there was room");
}

#[test]
fn wrong_reason_is_found() {
    is_found(Mistake::SaysTrimmed, "were trimmed, and nobody asked for it");
    is_found(Mistake::SaysExplicit, "were discarded on demand");
    is_found(Mistake::SaysOversize, "were found too big");
    is_found(Mistake::SaysBytes, "objects were too much");
}

#[test]
fn limit_that_is_ignored_is_found() {
    is_found_when_free(Mistake::IgnoresMaxIdle, "are idle, and");
    is_found(Mistake::KeepsTheOversized, "was kept, and 50 are allowed");
    is_found_when_free(Mistake::KeepsTheOversized, "was kept, and 50 are allowed");
    is_found(Mistake::KeepsTooManyBytes, "more than 50 bytes are idle");
}

#[test]
fn object_that_is_not_asked_whether_it_is_fit_is_found() {
    is_found(Mistake::ForgetsToValidate, "invalid is 0 where");
    is_found_when_free(Mistake::ForgetsToValidate, "invalid is 0 where");
}

#[test]
fn trim_that_frees_too_early_is_found() {
    is_found(Mistake::TrimsTheYoung, "was trimmed before its time");
}

#[test]
fn trim_that_frees_nothing_is_found() {
    is_found(Mistake::TrimsNothing, "are idle, and 0 + 0 may be");
}

#[test]
fn clear_that_leaves_something_is_found() {
    is_found(Mistake::ClearsHalf, "are idle, and 0 + 0 may be");
    is_found_when_free(Mistake::ClearsHalf, "something is left after a clear");
}

#[test]
fn values_that_outlive_their_pool_are_found() {
    is_found(Mistake::LeaksAtTheEnd, "of its values were not");
    is_found_when_free(Mistake::LeaksAtTheEnd, "of its values were not");
}

#[test]
fn pool_that_is_never_dropped_is_found() {
    is_found_when_free(Mistake::LivesForEver, "lives on, though all its handles are gone");
}

#[test]
fn list_of_pools_that_is_wrong_is_found() {
    is_found(Mistake::IsNotListed, "is used, and is not listed");
    is_found(Mistake::StaysListed, "was dropped, and is listed");
    is_found(Mistake::IsListedWrongly, "is listed with");
}

#[test]
fn unplanned_panic_is_found() {
    is_found(Mistake::Panics, "a panic that nobody planned: on its own");
    is_found_when_free(Mistake::Panics, "a panic that nobody planned: on its own");
}

#[test]
fn panic_that_is_swallowed_with_its_object_is_found() {
    is_found(Mistake::KeepsAfterPanic, "panic is 0 where 1 was counted");
}

#[test]
fn prewarm_that_makes_too_many_is_found() {
    is_found(Mistake::PrewarmsTooMany, "a prewarm of");
}

#[test]
fn pool_that_keeps_something_where_it_must_not_is_found() {
    is_found(Mistake::KeepsSomething, "something was kept");
    is_found_when_free(Mistake::KeepsSomething, "something was kept");
}
