//! Creates whose getters have gone: who polls them on, and for how long they are kept.

use std::sync::{Arc, Barrier};
use std::task::Poll;

use poolable::managed::{CancelToken, GetError, Lease, Retry, Stage};

use super::async_scripted::{
    Gate, INSTANT, LinksBuilder, Set, Task, at, at_then, create_at_most, creating, kept, never,
    then,
};
use super::scripted::{Refused, SECOND, fail, panics, start, wait_at_most};

#[test]
fn a_create_is_kept_when_its_getter_goes_and_the_next_one_polls_it_on() {
    let set = Set::of(1);
    let gate = kept(&set);
    let stats = set.stats();
    assert_eq!((stats.creating, stats.waiting, stats.open), (1, 0, 1), "{stats:?}");
    assert_eq!((set.script.create.now(), set.script.create.abandoned()), (1, 0));
    let task = set.queued();
    assert_eq!(set.script.create.count(), 1, "no second one begins beside it");
    gate.open();
    assert_eq!(task.finish().expect("what the first one asked for").number, 1);
    assert_eq!(set.script.create.abandoned(), 0);
}

#[test]
fn a_kept_create_that_is_ready_meanwhile_is_found_so() {
    let set = Set::of(1);
    let gate = kept(&set);
    gate.open();
    assert_eq!((set.stats().idle, set.stats().creating), (0, 1), "nobody polls it");
    assert_eq!(set.ask().finish().expect("what the first one asked for").number, 1);
    assert_eq!(set.script.create.count(), 1);
}

#[test]
fn a_kept_create_goes_on_after_any_number_of_getters_that_give_up() {
    let set = Set::of(1);
    let gate = kept(&set);
    for _ in 0..5 {
        drop(set.queued());
        assert_eq!(set.stats().waiting, 0);
    }
    let task = set.queued();
    gate.open();
    drop(task.finish().expect("an object"));
    assert!(set.script.create.count() <= 6, "each gave up one at most");
    assert_eq!(set.script.create.most_at_once(), 1);
}

#[test]
fn a_kept_create_is_left_alone_by_those_who_need_not_wait() {
    let set = Set::of(2);
    drop(set.lease());
    let held = set.lease();
    let gate = kept(&set);
    drop(held);
    let polls = set.script.create.polls();
    assert_eq!(set.lease().number, 1);
    assert_eq!(set.try_get().finish().expect("the idle one").number, 1);
    assert_eq!((set.script.create.polls(), set.stats().creating), (polls, 1));
    gate.open();
    assert_eq!(set.leases(2).len(), 2);
    assert_eq!(set.script.create.count(), 2);
}

#[test]
fn two_kept_creates_serve_two_and_the_third_begins_its_own() {
    let set = Set::of(10);
    let (first, one) = creating(&set);
    let (second, other) = creating(&set);
    drop((first, second));
    assert_eq!(set.stats().creating, 2);
    let heirs = [set.queued(), set.queued()];
    assert_eq!(set.script.create.count(), 2);
    let (third, own) = creating(&set);
    assert_eq!((set.script.create.count(), set.stats().creating), (3, 3));
    one.open();
    other.open();
    own.open();
    for task in heirs.into_iter().chain([third]) {
        drop(task.finish().expect("an object"));
    }
    assert_eq!((set.script.create.count(), set.script.create.abandoned()), (3, 0));
}

#[test]
fn of_two_kept_creates_either_may_be_ready_first() {
    for order in [[0, 1], [1, 0]] {
        let set = Set::of(10);
        let (first, one) = creating(&set);
        let (second, other) = creating(&set);
        drop(first);
        drop(second);
        let mut heirs = vec![set.queued(), set.queued()];
        let gates = [one, other];
        for index in order {
            gates[index].open();
            // Whoever polls it, the object goes to the one who came first.
            let mut polls = 0;
            while heirs.iter().any(Task::is_woken) && polls < 10 {
                polls += 1;
                let next = heirs.iter().position(Task::is_woken).expect("one is woken");
                if let Poll::Ready(got) = heirs[next].run() {
                    drop(Lease::detach(got.expect("an object")));
                    heirs.remove(next);
                }
            }
        }
        assert!(heirs.is_empty(), "{} sleep", heirs.len());
        assert_eq!(set.script.create.count(), 2);
    }
}

#[test]
fn the_failure_of_an_inherited_create_is_not_told_to_the_heir() {
    let set = Set::of(1);
    let gate = Gate::default();
    set.script.create.next(at_then(&gate, fail));
    drop(set.queued());
    let task = set.queued();
    gate.open();
    assert_eq!(task.finish().expect("one of its own").number, 1);
    assert_eq!((set.script.create.count(), set.stats().create_failed), (2, 1));
}

#[test]
fn the_failure_of_a_create_of_the_heirs_own_is_told() {
    let set = Set::of(1);
    let gate = Gate::default();
    set.script.create.next(at_then(&gate, fail)).next(then(|| Err(Refused("its own"))));
    drop(set.queued());
    let task = set.queued();
    gate.open();
    assert!(matches!(task.finish(), Err(GetError::Create(Refused("its own")))));
    assert_eq!((set.script.create.count(), set.stats().create_failed), (2, 2));
}

#[test]
fn the_panic_of_an_inherited_create_does_not_hit_the_heir() {
    let set = Set::of(1);
    let gate = Gate::default();
    set.script.create.next(at_then(&gate, panics));
    drop(set.queued());
    let task = set.queued();
    gate.open();
    assert_eq!(task.finish().expect("one of its own").number, 1);
    assert_eq!((set.script.create.count(), set.stats().create_failed), (2, 1));
}

#[test]
fn all_of_several_inherited_creates_may_fail_one_after_the_other() {
    let set = Set::of(3);
    let gate = Gate::default();
    for _ in 0..3 {
        set.script.create.next(at_then(&gate, fail));
    }
    let tasks: Vec<_> = (0..3).map(|_| set.queued()).collect();
    drop(tasks);
    assert_eq!(set.stats().creating, 3);
    gate.open();
    drop(set.lease());
    assert_eq!(set.leases(3).len(), 3);
    assert_eq!(set.stats().open, 3);
}

#[test]
fn an_inherited_create_that_hangs_is_given_up_when_its_heir_times_out() {
    let set = Set::by(|builder| builder.max_open(1).timeouts(wait_at_most(10 * SECOND)));
    set.script.create.next(never);
    let first = set.queued();
    set.clock.advance(10 * SECOND);
    assert!(matches!(first.finish(), Err(GetError::Timeout { stage: Stage::Create, .. })));
    assert_eq!((set.stats().creating, set.script.create.abandoned()), (1, 0), "it is kept");
    let second = set.queued();
    assert_eq!(set.script.create.count(), 1);
    set.clock.advance(10 * SECOND);
    assert!(
        matches!(second.finish(), Err(GetError::Timeout { waited, .. }) if waited == 10 * SECOND)
    );
    set.until_given_up(1);
    assert_eq!((set.stats().creating, set.stats().open), (0, 0));
    assert_eq!(set.lease().number, 1);
    assert_eq!(set.script.create.count(), 2);
}

#[test]
fn one_who_times_out_leaves_its_create_to_the_next() {
    let set = Set::of(1);
    let gate = Gate::default();
    set.script.create.next(at(&gate));
    let task = set.queue(set.ask_for(SECOND));
    let next = set.queued();
    set.clock.advance(SECOND);
    match task.finish() {
        Err(GetError::Timeout { stage, waited, stats, .. }) => {
            assert_eq!((stage, waited), (Stage::Create, SECOND));
            assert_eq!(stats.creating, 1, "{stats:?}");
        }
        other => panic!("{other:?}"),
    }
    gate.open();
    assert_eq!(next.finish().expect("what the first one asked for").number, 1);
    assert_eq!(set.script.create.count(), 1);
}

#[test]
fn one_who_waits_takes_up_the_create_of_one_who_is_dropped() {
    let set = Set::of(1);
    let (first, gate) = creating(&set);
    let mut second = set.queued();
    let mut third = set.queued();
    drop(first);
    assert!(second.is_woken(), "nobody else polls it on");
    second.waits();
    third.waits();
    gate.open();
    drop(second.finish().expect("an object"));
    drop(third.finish().expect("the same"));
    assert_eq!(set.script.create.count(), 1);
}

#[test]
fn one_who_takes_up_a_create_finds_it_ready_though_it_was_so_before() {
    let set = Set::of(1);
    let (first, gate) = creating(&set);
    let second = set.queued();
    // It wakes the first one, who goes before it looks.
    gate.open();
    assert!(first.is_woken());
    drop(first);
    assert_eq!(second.finish().expect("an object").number, 1);
    assert_eq!(set.script.create.count(), 1);
}

#[test]
fn one_who_was_woken_to_take_up_a_create_may_go_before_it_does() {
    let set = Set::of(1);
    let (first, gate) = creating(&set);
    let (second, third) = (set.queued(), set.queued());
    drop(first);
    drop(second);
    assert!(third.is_woken());
    gate.open();
    assert_eq!(third.finish().expect("an object").number, 1);
    assert_eq!(set.script.create.count(), 1);
}

#[test]
fn a_cancelled_getter_leaves_its_create_to_the_next() {
    let set = Set::of(1);
    let gate = Gate::default();
    set.script.create.next(at(&gate));
    let token = CancelToken::new();
    let task = set.queue(set.ask_with(None, &token));
    token.cancel();
    assert!(matches!(task.finish(), Err(GetError::Cancelled)));
    assert_eq!((set.stats().creating, set.stats().cancelled), (1, 1));
    gate.open();
    assert_eq!(set.lease().number, 1);
    assert_eq!(set.script.create.count(), 1);
}

#[test]
fn what_comes_back_is_as_good_as_what_was_asked_for() {
    let set = Set::of(2);
    let held = set.lease();
    let (task, gate) = creating(&set);
    drop(held);
    assert_eq!(task.finish().expect("the one that came back").number, 1);
    let stats = set.stats();
    assert_eq!((stats.idle, stats.creating), (1, 1), "its create is kept: {stats:?}");
    let held = set.lease();
    gate.open();
    assert_eq!(set.lease().number, 2);
    drop(held);
    assert_eq!(set.script.create.count(), 2);
}

#[test]
fn what_is_created_goes_to_the_first_in_the_queue_whoever_asked_for_it() {
    let set = Set::of(2);
    let (mut first, slow) = creating(&set);
    let (mut second, quick) = creating(&set);
    quick.open();
    second.waits();
    let served = match first.run() {
        Poll::Ready(got) => got.expect("what the second one asked for"),
        Poll::Pending => panic!("it sleeps"),
    };
    assert_eq!((served.number, set.stats().waiting), (1, 1));
    drop(first);
    // The second one polls on what the first one began.
    second.waits();
    slow.open();
    assert_eq!(second.finish().expect("what the first one asked for").number, 2);
    assert_eq!(set.script.create.count(), 2);
}

#[test]
fn one_who_has_handed_on_its_object_is_polled_for_the_create_that_it_took_over() {
    let set = Set::of(2);
    let (first, slow) = creating(&set);
    let (mut second, quick) = creating(&set);
    quick.open();
    second.waits();
    // The first one has been served, and goes before it looks: so the second one has that.
    drop(first);
    assert_eq!(second.finish().expect("its own after all").number, 1);
    slow.open();
    assert_eq!(set.lease().number, 1);
    let held = set.lease();
    assert_eq!(set.lease().number, 2);
    assert_eq!((held.number, set.script.create.count()), (1, 2));
}

#[test]
fn a_create_is_ready_before_the_one_who_takes_it_over_has_looked() {
    let set = Set::of(2);
    let (first, slow) = creating(&set);
    let (mut second, quick) = creating(&set);
    quick.open();
    second.waits();
    // Before the first one has been polled, and though its waker is the one that is told.
    slow.open();
    let served = first.finish().expect("what the second one asked for");
    assert_eq!(second.finish().expect("what the first one asked for").number, 2);
    assert_eq!(served.number, 1);
}

#[test]
fn the_failure_of_a_create_that_was_taken_over_does_not_leave_anybody_waiting() {
    let set = Set::of(2);
    let slow = Gate::default();
    set.script.create.next(at_then(&slow, fail));
    let first = set.queued();
    let (mut second, quick) = creating(&set);
    quick.open();
    second.waits();
    let served = first.finish().expect("what the second one asked for");
    slow.open();
    // For better or worse.
    match second.finish() {
        Ok(lease) => assert_eq!(lease.number, 2),
        Err(error) => assert!(matches!(error, GetError::Create(_)), "{error:?}"),
    }
    assert_eq!((served.number, set.stats().waiting, set.stats().create_failed), (1, 0, 1));
}

#[test]
fn kept_creates_count_among_those_under_way() {
    let set = Set::by(|builder| builder.max_open(10).max_connecting(1));
    let gate = kept(&set);
    let mut first = set.queued();
    let mut second = set.queued();
    assert_eq!((set.script.create.count(), set.stats().creating), (1, 1));
    gate.open();
    let lease = match first.run() {
        Poll::Ready(got) => got.expect("an object"),
        Poll::Pending => panic!("it sleeps"),
    };
    assert_eq!(
        match second.run() {
            Poll::Ready(got) => got.expect("an object").number,
            Poll::Pending => panic!("it sleeps"),
        },
        2
    );
    drop(lease);
}

#[test]
fn the_limit_of_a_create_holds_for_one_that_is_kept() {
    let set = Set::by(|builder| builder.max_open(1).timeouts(create_at_most(2 * SECOND)));
    set.script.create.next(never);
    drop(set.queued());
    set.clock.advance(2 * SECOND - INSTANT);
    assert_eq!((set.stats().creating, set.script.create.abandoned()), (1, 0));
    set.clock.advance(INSTANT);
    set.until_given_up(1);
    assert_eq!((set.stats().creating, set.stats().open), (0, 0));
    assert_eq!(set.lease().number, 1);
}

#[test]
fn the_limit_of_an_inherited_create_is_not_told_to_the_heir() {
    let set = Set::by(|builder| builder.max_open(1).timeouts(create_at_most(2 * SECOND)));
    set.script.create.next(never);
    drop(set.queued());
    set.clock.advance(SECOND);
    let task = set.queued();
    set.clock.advance(SECOND);
    // A thread gives it up.
    set.eventually(|| task.is_woken());
    assert_eq!(task.finish().expect("one of its own").number, 1);
    assert_eq!((set.script.create.abandoned(), set.stats().timed_out), (1, 0));
}

#[test]
fn without_a_limit_a_kept_create_is_given_up_half_a_minute_after_the_last_who_waited() {
    let set = Set::by(|builder| builder.max_open(1).timeouts(wait_at_most(None)));
    set.script.create.next(never);
    let mut task = set.queued();
    set.clock.advance(3600 * SECOND);
    task.waits();
    assert_eq!(set.script.create.abandoned(), 0, "somebody waits for it");
    drop(task);
    set.clock.advance(29 * SECOND);
    assert_eq!((set.stats().creating, set.script.create.abandoned()), (1, 0));
    set.clock.advance(SECOND);
    set.until_given_up(1);
    assert_eq!((set.stats().creating, set.stats().open), (0, 0));
    assert_eq!(set.lease().number, 1);
}

#[test]
fn what_was_taken_up_is_given_up_half_a_minute_after_its_heir_was_served_otherwise() {
    let set = Set::by(|builder| builder.max_open(2).timeouts(wait_at_most(None)));
    let held = set.lease();
    set.script.create.next(never);
    drop(set.queued());
    let heir = set.queued();
    drop(held);
    let held = heir.finish().expect("the one that came back");
    assert_eq!((set.stats().creating, set.script.create.count()), (1, 2));
    set.clock.advance(29 * SECOND);
    assert_eq!(set.stats().creating, 1);
    set.clock.advance(SECOND);
    set.until_given_up(1);
    assert_eq!((set.stats().creating, set.stats().open), (0, 1));
    drop(held);
}

#[test]
fn what_was_taken_over_is_given_up_half_a_minute_after_its_heir_was_served_otherwise() {
    let settings = |builder: LinksBuilder| builder.max_open(3).timeouts(wait_at_most(None));
    for set in [Set::by(settings), Set::spawning_by(settings)] {
        let held = set.lease();
        let gate = Gate::default();
        set.script.create.next(never).next(at(&gate));
        let (first, second) = (set.queued(), set.queued());
        set.spawner.run();
        gate.open();
        let mut second = second;
        assert!(set.drive(&mut second).is_pending(), "what it asked for is the first one's");
        let served = first.finish().expect("what the second one asked for");
        second.waits();
        drop(held);
        let other = second.finish().expect("the one that came back");
        assert_eq!(set.stats().creating, 1);
        set.clock.advance(31 * SECOND);
        set.until_given_up(1);
        assert_eq!((set.stats().creating, set.stats().open), (0, 2));
        drop((served, other));
    }
}

#[test]
fn one_who_takes_up_a_kept_create_keeps_it_from_being_given_up() {
    let set = Set::by(|builder| builder.max_open(1).timeouts(wait_at_most(None)));
    let gate = kept(&set);
    set.clock.advance(20 * SECOND);
    let mut task = set.queued();
    set.clock.advance(3600 * SECOND);
    task.waits();
    assert_eq!(set.script.create.abandoned(), 0);
    gate.open();
    assert_eq!(task.finish().expect("an object").number, 1);
    assert_eq!(set.script.create.count(), 1);
}

#[test]
fn a_thousand_getters_that_give_up_cause_no_more_connects_than_may_be_open() {
    let set = Set::by(|builder| builder.max_open(8).max_connecting(8));
    let gate = Gate::default();
    set.script.create.always(at(&gate));
    for _ in 0..20 {
        let tasks: Vec<_> = (0..50)
            .map(|_| {
                let mut task = set.ask();
                task.waits();
                task
            })
            .collect();
        assert_eq!(set.stats().waiting, 50);
        drop(tasks);
    }
    assert_eq!((set.script.create.count(), set.stats().creating), (8, 8));
    gate.open();
    assert_eq!(set.leases(8).len(), 8);
    assert_eq!((set.script.create.count(), set.script.create.abandoned()), (8, 0));
}

#[test]
fn a_getter_takes_what_comes_back_during_a_pause() {
    let set = Set::by(|builder| builder.max_open(2).retry(Retry::exponential(SECOND, SECOND, 1)));
    let held = set.lease();
    set.script.create.next(then(fail));
    let task = set.queued();
    drop(held);
    assert_eq!(task.finish().expect("the one that came back").number, 1);
    assert_eq!((set.script.create.count(), set.stats().creating), (2, 1));
}

#[test]
fn one_who_goes_during_a_pause_leaves_the_next_try_to_the_next() {
    let set =
        Set::by(|builder| builder.max_open(1).retry(Retry::exponential(4 * SECOND, 4 * SECOND, 1)));
    set.script.create.next(then(fail));
    drop(set.queued());
    assert_eq!(set.stats().creating, 1);
    let mut next = set.queued();
    assert_eq!(set.script.create.count(), 1);
    set.clock.advance(4 * SECOND - INSTANT);
    next.waits();
    assert_eq!(set.script.create.count(), 1);
    set.clock.advance(INSTANT);
    assert_eq!(next.finish().expect("the second try").number, 1);
    assert_eq!(set.script.create.count(), 2);
}

#[test]
fn kept_creates_beyond_a_maximum_that_has_shrunk_do_not_have_it_exceeded_for_long() {
    let set = Set::of(3);
    let gates: Vec<_> = {
        let tasks: Vec<_> = (0..3).map(|_| creating(&set)).collect();
        tasks.into_iter().map(|(_, gate)| gate).collect()
    };
    set.pool.resize(1);
    gates.iter().for_each(Gate::open);
    let (first, mut second) = (set.lease(), set.ask());
    assert!(second.run().is_pending());
    drop(first);
    drop(second.finish().expect("the same"));
    // What nobody polls is given up in time.
    set.clock.advance(31 * SECOND);
    set.eventually(|| set.pool.stats().creating == 0);
    assert!(set.stats().open <= 1, "{:?}", set.stats());
}

#[test]
fn a_getter_may_be_dropped_on_another_thread_while_its_create_is_ready() {
    for round in 0..200_u32 {
        let set = Set::of(1);
        let (first, gate) = creating(&set);
        let mut second = set.queued();
        let barrier = Arc::new(Barrier::new(2));
        let dropper = start({
            let barrier = Arc::clone(&barrier);
            move || {
                barrier.wait();
                for _ in 0..round {
                    std::hint::spin_loop();
                }
                drop(first);
            }
        });
        barrier.wait();
        gate.open();
        let mut got = second.run();
        dropper.finish();
        if got.is_pending() {
            got = second.run();
        }
        let Poll::Ready(Ok(lease)) = got else { panic!("{got:?}") };
        drop((lease, second));
        assert_eq!((set.script.create.count(), set.stats().waiting), (1, 0));
    }
}
