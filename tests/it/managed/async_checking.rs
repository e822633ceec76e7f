//! Checks that are awaited: what passes, what fails, and what is given up in between.

use std::task::Poll;
use std::time::Duration;

use poolable::managed::{CancelToken, GetError, Lease, Order, Reason, Stage, Timeouts};

use super::async_scripted::{
    Gate, Got, INSTANT, Set, Task, at, at_then, never, panics_at_the_call, then,
};
use super::scripted::{Diary, Refused, SECOND, Seen, fail, panics, wait_at_most};

fn check_at_most(check: impl Into<Option<Duration>>) -> Timeouts {
    Timeouts { check: check.into(), ..wait_at_most(60 * SECOND) }
}

/// A getter whose object, which was idle, is being checked, up to a gate.
#[track_caller]
fn checking(set: &Set) -> (Task<Got>, Gate) {
    drop(set.leases(1));
    let gate = Gate::default();
    set.script.check.next(at(&gate));
    let mut task = set.ask();
    task.waits();
    assert_eq!((gate.arrived(), set.stats().checking), (1, 1));
    (task, gate)
}

#[test]
fn an_object_is_checked_each_time_it_is_taken_again() {
    let set = Set::of(1);
    for gets in 0..5 {
        let lease = set.lease();
        assert_eq!((lease.begun, lease.passed), (gets, gets), "a new one needs no check");
    }
    let uses: Vec<_> = set.script.checked().iter().map(|meta| (meta.id, meta.uses)).collect();
    assert_eq!(uses, [(1, 2), (1, 3), (1, 4), (1, 5)]);
}

#[test]
fn an_object_that_idled_only_shortly_is_not_checked_again() {
    let set = Set::by(|builder| builder.check_after(10 * SECOND));
    drop(set.lease());
    set.clock.advance(10 * SECOND - INSTANT);
    drop(set.lease());
    assert_eq!(set.script.check.count(), 0);
    set.clock.advance(10 * SECOND);
    drop(set.lease());
    assert_eq!(set.script.check.count(), 1);
    drop(set.lease());
    assert_eq!(set.script.check.count(), 1);
}

#[test]
fn a_check_that_takes_its_time_is_waited_for() {
    let set = Set::of(1);
    let (mut task, gate) = checking(&set);
    task.waits();
    let stats = set.stats();
    assert_eq!((stats.checking, stats.idle, stats.in_use, stats.open), (1, 0, 0, 1), "{stats:?}");
    assert_eq!(stats.borrowed, 1, "it has not been lent: {stats:?}");
    gate.open();
    let lease = task.finish().expect("it passes");
    assert_eq!((lease.number, lease.passed), (1, 1));
    let stats = set.stats();
    assert_eq!((stats.checking, stats.in_use, stats.borrowed), (0, 1, 2), "{stats:?}");
}

#[test]
fn an_object_that_fails_its_check_is_replaced() {
    let diary = Diary::default();
    let set = Set::by(|builder| builder.max_open(1).observer(diary.observer()));
    drop(set.lease());
    set.script.check.next(then(|| Err(Refused("gone away"))));
    assert_eq!(set.lease().number, 2);
    set.eventually(|| set.script.destroyed() == [(1, Reason::Broken)]);
    let stats = set.stats();
    assert_eq!((stats.check_failed, stats.destroyed.broken, stats.open), (1, 1, 1), "{stats:?}");
    assert!(diary.has(&Seen::CheckFailed { id: 1, error: "gone away".to_owned() }));
    set.eventually(|| diary.has(&Seen::Destroyed { id: 1, reason: Reason::Broken }));
}

#[test]
fn another_idle_object_is_tried_when_one_fails_its_check() {
    let set = Set::of(3);
    drop(set.leases(3));
    set.script.check.next(then(fail)).next(then(fail));
    let lease = set.lease();
    assert_eq!((set.script.create.count(), set.stats().open), (3, 1));
    assert_eq!((lease.passed, set.stats().check_failed), (1, 2));
}

#[test]
fn all_sixty_four_idle_dead_one_get_succeeds() {
    let set = Set::by(|builder| builder.max_open(64).timeouts(wait_at_most(SECOND)));
    drop(set.leases(64));
    set.script.check.always(then(fail));
    assert_eq!(set.lease().number, 65);
    let stats = set.stats();
    assert_eq!((stats.check_failed, stats.destroyed.broken), (64, 64), "{stats:?}");
    set.eventually(|| set.script.alive() == 1);
}

#[test]
fn one_whose_object_fails_its_check_keeps_its_turn() {
    let set = Set::of(1);
    let held = set.lease();
    let (mut first, second) = (set.queued(), set.queued());
    let gate = Gate::default();
    set.script.check.next(then(fail));
    set.script.create.next(at(&gate));
    drop(held);
    first.waits();
    let stats = set.stats();
    assert_eq!((stats.open, stats.creating), (1, 1), "{stats:?}");
    assert!(!second.is_woken());
    gate.open();
    let lease = first.finish().expect("a new one");
    assert_eq!((lease.number, set.stats().waiting), (2, 1));
    drop(lease);
    assert_eq!(second.finish().expect("the same").number, 2);
}

#[test]
fn one_whose_object_fails_its_check_is_served_before_those_who_came_later() {
    let set = Set::of(2);
    let mut held = set.leases(2);
    let mut first = set.queued();
    let (check, create) = (Gate::default(), Gate::default());
    set.script.check.next(at_then(&check, fail));
    set.script.create.always(at(&create));
    drop(held.remove(0));
    first.waits();
    let mut second = set.queued();
    check.open();
    first.waits();
    drop(held);
    // What comes back is the first one's; the create goes to the second.
    let lease = first.finish().expect("the one that came back");
    assert_eq!(lease.number, 2);
    second.waits();
    create.open();
    assert_eq!(second.finish().expect("the new one").number, 3);
}

#[test]
fn two_check_two_objects_side_by_side() {
    let set = Set::by(|builder| builder.max_open(2).order(Order::Fifo));
    drop(set.leases(2));
    let gates = [Gate::default(), Gate::default()];
    set.script.check.next(at(&gates[0])).next(at(&gates[1]));
    let mut tasks = [set.ask(), set.ask()];
    tasks.iter_mut().for_each(Task::waits);
    assert_eq!(set.stats().checking, 2);
    let [first, second] = tasks;
    gates[1].open();
    assert_eq!(second.finish().expect("it passes").number, 2);
    gates[0].open();
    assert_eq!(first.finish().expect("it passes").number, 1);
}

#[test]
fn a_check_under_way_slows_nobody_else() {
    let set = Set::of(2);
    drop(set.leases(2));
    let gate = Gate::default();
    set.script.check.next(at(&gate));
    let mut slow = set.ask();
    slow.waits();
    drop(set.lease());
    drop(set.try_get().finish().expect("the other one"));
    set.pool.resize(2);
    assert_eq!(set.pool.retain(|_, _| true), 0);
    let stats = set.stats();
    assert_eq!((stats.idle, stats.checking), (1, 1), "{stats:?}");
    gate.open();
    drop(slow.finish().expect("it passes"));
}

#[test]
fn one_who_goes_while_it_checks_has_the_object_destroyed_and_its_slot_goes_on() {
    let diary = Diary::default();
    let set = Set::by(|builder| builder.max_open(1).observer(diary.observer()));
    let (task, _gate) = checking(&set);
    let next = set.queued();
    drop(task);
    assert_eq!((set.script.check.abandoned(), set.script.check.now()), (1, 0));
    let stats = set.stats();
    assert_eq!((stats.destroyed.broken, stats.check_failed), (1, 0), "nothing failed: {stats:?}");
    assert_eq!(stats.checking, 0, "{stats:?}");
    assert_eq!(next.finish().expect("a new one").number, 2);
    set.eventually(|| set.script.destroyed() == [(1, Reason::Broken)]);
    assert!(diary.has(&Seen::Destroyed { id: 1, reason: Reason::Broken }));
}

#[test]
fn one_who_goes_while_it_checks_and_nobody_waits_leaves_room() {
    let set = Set::of(1);
    let (task, _gate) = checking(&set);
    drop(task);
    let stats = set.stats();
    assert_eq!((stats.open, stats.destroyed.broken, stats.cancelled), (0, 1, 0), "{stats:?}");
    assert_eq!(set.lease().number, 2);
}

#[test]
fn one_who_goes_when_its_check_has_passed_and_it_has_not_looked_has_it_destroyed_all_the_same() {
    let set = Set::of(1);
    let (task, gate) = checking(&set);
    gate.open();
    assert!(task.is_woken());
    drop(task);
    assert_eq!((set.stats().open, set.stats().destroyed.broken), (0, 1));
}

#[test]
fn one_who_goes_before_the_check_of_what_it_was_granted_passes_it_on_unharmed() {
    let set = Set::of(1);
    let held = set.lease();
    let (first, second) = (set.queued(), set.queued());
    drop(held);
    drop(first);
    let lease = second.finish().expect("the same");
    assert_eq!((lease.number, lease.begun, set.stats().destroyed.total()), (1, 1, 0));
}

#[test]
fn a_token_ends_a_check_and_the_object_with_it() {
    let set = Set::of(1);
    drop(set.lease());
    set.script.check.next(never);
    let token = CancelToken::new();
    let mut task = set.ask_with(None, &token);
    task.waits();
    assert_eq!(set.stats().checking, 1);
    token.cancel();
    assert!(matches!(task.finish(), Err(GetError::Cancelled)));
    let stats = set.stats();
    assert_eq!((stats.cancelled, stats.destroyed.broken, stats.open), (1, 1, 0), "{stats:?}");
    assert_eq!((stats.check_failed, set.script.check.abandoned()), (0, 1));
}

#[test]
fn a_check_over_its_limit_is_dropped_to_the_instant_and_the_getter_goes_on() {
    let diary = Diary::default();
    let set = Set::by(|builder| {
        builder.max_open(2).timeouts(check_at_most(2 * SECOND)).observer(diary.observer())
    });
    drop(set.leases(2));
    set.script.check.next(never);
    let mut task = set.ask();
    task.waits();
    set.clock.advance(2 * SECOND - INSTANT);
    task.waits();
    assert_eq!(set.stats().checking, 1);
    set.clock.advance(INSTANT);
    let lease = task.finish().expect("the other one");
    assert_eq!((lease.passed, set.script.check.count()), (1, 2));
    let stats = set.stats();
    assert_eq!((stats.check_failed, stats.destroyed.broken), (1, 1), "{stats:?}");
    assert_eq!((stats.open, stats.timed_out, set.script.check.abandoned()), (1, 0, 1), "{stats:?}");
    let is_told = |seen: &Seen| matches!(seen, Seen::CheckFailed { .. });
    assert_eq!(diary.entries().iter().filter(|seen| is_told(seen)).count(), 1);
}

#[test]
fn each_check_has_its_own_time() {
    let set = Set::by(|builder| builder.max_open(3).timeouts(check_at_most(2 * SECOND)));
    drop(set.leases(3));
    set.script.check.always(|| never());
    let mut task = set.ask();
    for failed in 0..3 {
        task.waits();
        assert_eq!((set.stats().check_failed, set.stats().checking), (failed, 1));
        set.clock.advance(2 * SECOND - INSTANT);
        task.waits();
        assert_eq!(set.stats().check_failed, failed);
        set.clock.advance(INSTANT);
    }
    assert_eq!(task.finish().expect("a new one").number, 4);
}

#[test]
fn a_check_that_is_under_way_when_the_time_is_up_is_dropped_to_the_instant() {
    let set = Set::by(|builder| builder.max_open(1).timeouts(wait_at_most(5 * SECOND)));
    let (mut task, _gate) = checking(&set);
    set.clock.advance(5 * SECOND - INSTANT);
    task.waits();
    set.clock.advance(INSTANT);
    match task.finish() {
        Err(GetError::Timeout { stage, waited, .. }) => {
            assert_eq!((stage, waited), (Stage::Check, 5 * SECOND));
        }
        other => panic!("{other:?}"),
    }
    let stats = set.stats();
    assert_eq!((stats.timed_out, stats.destroyed.broken), (1, 1), "{stats:?}");
    assert_eq!((stats.check_failed, set.script.check.abandoned()), (0, 1), "{stats:?}");
    set.eventually(|| set.script.destroyed() == [(1, Reason::Broken)]);
}

#[test]
fn the_time_of_a_get_counts_its_wait_and_its_check() {
    let set = Set::by(|builder| builder.max_open(1).timeouts(wait_at_most(5 * SECOND)));
    let held = set.lease();
    let mut task = set.queued();
    set.clock.advance(3 * SECOND);
    set.script.check.next(never);
    drop(held);
    task.waits();
    set.clock.advance(2 * SECOND - INSTANT);
    task.waits();
    set.clock.advance(INSTANT);
    assert!(matches!(
        task.finish(),
        Err(GetError::Timeout { stage: Stage::Check, waited, .. }) if waited == 5 * SECOND
    ));
    assert_eq!(set.stats().open, 0);
}

#[test]
fn a_wait_that_is_shorter_than_the_limit_of_a_check_comes_first() {
    for (wait, check, is_timeout) in [(SECOND, 2 * SECOND, true), (2 * SECOND, SECOND, false)] {
        let timeouts = Timeouts { wait: Some(wait), check: Some(check), ..Timeouts::default() };
        let set = Set::by(|builder| builder.max_open(1).timeouts(timeouts));
        drop(set.lease());
        set.script.check.next(never);
        let mut task = set.ask();
        task.waits();
        set.clock.advance(SECOND);
        match task.finish() {
            Err(GetError::Timeout { stage: Stage::Check, .. }) if is_timeout => {}
            Ok(lease) if !is_timeout => assert_eq!(lease.number, 2),
            other => panic!("{other:?}"),
        }
        assert_eq!(set.stats().check_failed, u64::from(!is_timeout));
    }
}

#[test]
fn a_check_that_is_ready_at_the_very_end_is_not_lost_among_the_counts() {
    let set = Set::by(|builder| builder.max_open(1).timeouts(wait_at_most(SECOND)));
    let (task, gate) = checking(&set);
    gate.open();
    set.clock.advance(SECOND);
    match task.finish() {
        Ok(lease) => assert_eq!(lease.passed, 1),
        Err(error) => {
            assert!(matches!(error, GetError::Timeout { stage: Stage::Check, .. }), "{error:?}")
        }
    }
    assert_eq!(set.stats().checking, 0);
}

#[test]
fn a_panic_of_a_check_goes_on_in_the_getter_and_the_object_goes() {
    for at_the_call in [true, false] {
        let set = Set::of(2);
        drop(set.leases(2));
        if at_the_call {
            set.script.check.next(panics_at_the_call);
        } else {
            set.script.check.next(then(panics));
        }
        let mut task = set.ask();
        assert_eq!(task.panic().downcast_ref::<&str>(), Some(&"on purpose"));
        let stats = set.stats();
        assert_eq!((stats.checking, stats.in_use, stats.idle), (0, 0, 1), "{stats:?}");
        assert_eq!((stats.destroyed.panicked, stats.check_failed), (1, 1), "{stats:?}");
        set.eventually(|| set.script.reasons() == [Reason::Panicked]);
        assert_eq!(set.script.check.now(), 0);
        drop(task);
        assert_eq!(set.leases(2).len(), 2);
    }
}

#[test]
fn a_panic_of_a_check_that_was_waited_for_frees_the_slot_for_the_next() {
    let set = Set::of(1);
    let held = set.lease();
    let (mut first, second) = (set.queued(), set.queued());
    let gate = Gate::default();
    set.script.check.next(at_then(&gate, panics));
    drop(held);
    first.waits();
    gate.open();
    assert_eq!(first.panic().downcast_ref::<&str>(), Some(&"on purpose"));
    assert_eq!(second.finish().expect("a new one").number, 2);
    assert_eq!((set.stats().destroyed.panicked, set.stats().waiting), (1, 0));
}

#[test]
fn a_check_that_panics_when_it_is_dropped_loses_no_slot() {
    let set = Set::of(1);
    let (task, _gate) = checking(&set);
    set.script.check.drops.next(panics);
    // Whether it goes on in the one who drops, or is contained.
    let _ = crate::unwinds(move || drop(task));
    let stats = set.stats();
    assert_eq!((stats.open, stats.checking, stats.destroyed.total()), (0, 0, 1), "{stats:?}");
    set.eventually(|| set.script.alive() == 0);
    assert_eq!(set.lease().number, 2);
}

#[test]
fn a_check_that_panics_when_it_is_dropped_after_its_end_loses_nothing() {
    for passes in [true, false] {
        let set = Set::of(1);
        drop(set.lease());
        set.script.check.drops.next(panics);
        if !passes {
            set.script.check.next(then(fail));
        }
        let mut task = set.ask();
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| task.run()));
        drop((outcome, task));
        let stats = set.stats();
        assert_eq!((stats.checking, stats.in_use, stats.waiting), (0, 0, 0), "{stats:?}");
        drop(set.lease());
        assert_eq!(set.script.alive(), set.stats().idle);
    }
}

#[test]
fn a_check_that_is_dropped_by_one_who_panics_is_given_up_as_well() {
    let set = Set::of(1);
    let (task, _gate) = checking(&set);
    assert!(crate::unwinds(move || {
        let _task = task;
        crate::unwind();
    }));
    let stats = set.stats();
    assert_eq!((stats.open, stats.checking, stats.destroyed.broken), (0, 0, 1), "{stats:?}");
    assert_eq!(stats.check_failed, 0, "the panic was not the check's: {stats:?}");
    set.eventually(|| set.script.alive() == 0);
}

#[test]
fn try_get_waits_for_the_check_of_what_is_idle() {
    let set = Set::of(2);
    drop(set.leases(2));
    let gate = Gate::default();
    set.script.check.next(at_then(&gate, fail));
    let mut task = set.try_get();
    task.waits();
    assert_eq!((set.stats().checking, set.stats().waiting), (1, 0));
    gate.open();
    assert_eq!(task.finish().expect("the other one").passed, 1);
}

#[test]
fn try_get_with_nothing_but_dead_ones_is_exhausted() {
    for set in [Set::of(3), Set::spawning(3)] {
        drop(set.leases(3));
        set.script.check.always(then(fail));
        assert!(matches!(set.try_get().finish(), Err(GetError::Exhausted)));
        let stats = set.stats();
        assert_eq!((stats.destroyed.broken, stats.check_failed), (3, 3), "{stats:?}");
        let is_spawning = set.spawner.count() > 3;
        set.spawner.run();
        assert_eq!(set.stats().idle, u64::from(is_spawning));
    }
}

#[test]
fn a_try_get_that_is_dropped_while_it_checks_destroys_the_object() {
    let set = Set::of(1);
    drop(set.lease());
    set.script.check.next(never);
    let mut task = set.try_get();
    task.waits();
    drop(task);
    let stats = set.stats();
    assert_eq!((stats.open, stats.destroyed.broken, stats.check_failed), (0, 1, 0), "{stats:?}");
}

#[test]
fn a_try_get_waits_for_a_check_no_longer_than_a_get_does() {
    let set = Set::by(|builder| builder.max_open(1).timeouts(wait_at_most(5 * SECOND)));
    drop(set.lease());
    set.script.check.next(never);
    let mut task = set.try_get();
    task.waits();
    set.clock.advance(5 * SECOND - INSTANT);
    task.waits();
    set.clock.advance(INSTANT);
    assert!(matches!(task.finish(), Err(GetError::Timeout { stage: Stage::Check, .. })));
    let stats = set.stats();
    assert_eq!((stats.timed_out, stats.destroyed.broken, stats.open), (1, 1, 0), "{stats:?}");
}

#[test]
fn a_token_ends_a_check_though_the_deadline_has_passed_before_it_began() {
    let set = Set::of(1);
    drop(set.lease());
    set.script.check.next(never);
    let token = CancelToken::new();
    let mut task = set.ask_with(Some(set.clock.now()), &token);
    task.waits();
    token.cancel();
    assert!(matches!(task.finish(), Err(GetError::Cancelled)));
    assert_eq!((set.stats().checking, set.stats().destroyed.broken), (0, 1));
}

#[test]
fn a_try_get_has_the_limit_of_a_check() {
    let set = Set::by(|builder| builder.max_open(1).timeouts(check_at_most(5 * SECOND)));
    drop(set.lease());
    set.script.check.next(never);
    let mut task = set.try_get();
    task.waits();
    set.clock.advance(5 * SECOND - INSTANT);
    task.waits();
    set.clock.advance(INSTANT);
    assert!(matches!(task.finish(), Err(GetError::Exhausted)));
    assert_eq!((set.stats().check_failed, set.stats().timed_out), (1, 0));
}

#[test]
fn a_close_during_a_check_gives_the_object_to_its_getter_or_destroys_it() {
    let set = Set::of(1);
    let (task, gate) = checking(&set);
    set.pool.close();
    gate.open();
    match task.finish() {
        Ok(lease) => drop(lease),
        Err(error) => assert!(matches!(error, GetError::Closed), "{error:?}"),
    }
    set.eventually(|| set.script.alive() == 0);
    assert_eq!((set.stats().open, set.stats().destroyed.total()), (0, 1));
}

#[test]
fn an_object_that_fails_its_check_after_a_close_leads_to_closed() {
    let set = Set::of(2);
    drop(set.lease());
    let gate = Gate::default();
    set.script.check.next(at_then(&gate, fail));
    let mut task = set.ask();
    task.waits();
    set.pool.close();
    gate.open();
    assert!(matches!(task.finish(), Err(GetError::Closed)));
    assert_eq!(set.script.create.count(), 1);
}

#[test]
fn a_shrink_during_a_check_counts_what_is_checked_as_open() {
    let set = Set::of(2);
    drop(set.leases(2));
    let gate = Gate::default();
    set.script.check.next(at(&gate));
    let mut task = set.ask();
    task.waits();
    set.pool.resize(1);
    let stats = set.stats();
    assert_eq!((stats.open, stats.checking, stats.idle), (1, 1, 0), "{stats:?}");
    gate.open();
    drop(task.finish().expect("it passes"));
    assert_eq!(set.stats().open, 1);
}

#[test]
fn an_object_past_its_lifetime_is_not_handed_out() {
    let set = Set::by(|builder| builder.max_open(1).max_lifetime(10 * SECOND));
    drop(set.lease());
    set.clock.advance(10 * SECOND);
    assert_eq!(set.lease().number, 2);
    set.eventually(|| set.script.destroyed() == [(1, Reason::Expired)]);
    assert_eq!(set.script.check.count(), 0, "what is too old needs no check");
}

#[test]
fn an_object_past_its_lifetime_goes_when_it_is_returned() {
    let set = Set::by(|builder| builder.max_open(1).max_lifetime(10 * SECOND));
    let held = set.lease();
    let task = set.queued();
    set.clock.advance(10 * SECOND);
    drop(held);
    assert_eq!(task.finish().expect("a new one").number, 2);
    set.eventually(|| set.script.destroyed() == [(1, Reason::Expired)]);
}

#[test]
fn what_is_idle_for_too_long_goes_without_a_get() {
    let set = Set::by(|builder| builder.max_open(2).idle_timeout(10 * SECOND));
    drop(set.leases(2));
    set.clock.advance(5 * SECOND);
    drop(set.lease());
    set.clock.advance(6 * SECOND + SECOND / 2);
    assert_eq!((set.stats().idle, set.stats().destroyed.idle), (1, 1));
    set.clock.advance(6 * SECOND);
    assert_eq!((set.stats().idle, set.stats().destroyed.idle), (0, 2));
    set.eventually(|| set.script.alive() == 0);
}

#[test]
fn the_last_of_min_idle_stay_however_long_they_idle() {
    let set = Set::spawning_by(|builder| {
        builder.max_open(4).min_idle(2).idle_timeout(10 * SECOND).max_lifetime(None)
    });
    set.spawner.run();
    drop(set.leases(4));
    set.spawner.run();
    assert_eq!(set.stats().idle, 4);
    set.clock.advance(3600 * SECOND);
    set.spawner.run();
    assert_eq!((set.stats().idle, set.stats().destroyed.idle), (2, 2));
}

#[test]
fn retain_destroys_what_it_refuses() {
    let set = Set::of(4);
    drop(set.leases(4));
    assert_eq!(set.pool.retain(|link, meta| link.number == meta.id && meta.id % 2 == 0), 2);
    set.eventually(|| set.script.reasons() == [Reason::Released; 2]);
    assert_eq!((set.stats().idle, set.stats().destroyed.released), (2, 2));
}

#[test]
fn what_retain_has_in_hand_is_missing_for_one_who_waits_no_longer_than_that() {
    let set = Set::of(1);
    drop(set.lease());
    let mut task = set.ask();
    let mut polled = None;
    assert_eq!(
        set.pool.retain(|_, _| {
            polled = Some(task.run().is_pending());
            true
        }),
        0
    );
    assert_eq!(polled, Some(true));
    assert_eq!(task.finish().expect("the one that was looked at").number, 1);
}

#[test]
fn a_borrower_may_change_what_is_checked_later() {
    let set = Set::of(1);
    let mut lease = set.lease();
    lease.passed = 10;
    drop(lease);
    let lease = set.lease();
    assert_eq!((Lease::meta(&lease).uses, lease.passed), (2, 11));
}

#[test]
fn a_check_that_never_ends_and_is_polled_for_nothing_holds_its_object() {
    let set = Set::of(1);
    let (mut task, gate) = checking(&set);
    for _ in 0..20 {
        assert!(task.poll().is_pending());
    }
    assert_eq!((set.script.check.count(), set.stats().checking), (1, 1));
    gate.open();
    let Poll::Ready(Ok(lease)) = task.poll() else { panic!("it passes") };
    assert_eq!(lease.number, 1);
}
