//! Creates that getters poll themselves: who gets what comes of them, and when they are given up.

use std::task::Poll;
use std::time::Duration;

use poolable::managed::{AsyncResourcePool, BuildError, GetError, Lease, Reason, Retry, Stage};

use super::async_scripted::{
    AsyncScripted, Gate, INSTANT, Set, Task, at, at_then, create_at_most, creating, kept, never,
    panics_at_the_call, then,
};
use super::scripted::{Diary, Refused, SECOND, Seen, fail, panics, succeed, wait_at_most};

#[test]
fn one_who_waits_for_a_create_is_told_when_it_is_ready() {
    let set = Set::of(1);
    let (mut task, gate) = creating(&set);
    task.waits();
    let stats = set.stats();
    assert_eq!((stats.creating, stats.waiting, stats.open), (1, 1, 1), "{stats:?}");
    gate.open();
    let lease = task.finish().expect("an object");
    let stats = set.stats();
    assert_eq!((stats.creating, stats.waiting, stats.in_use), (0, 0, 1), "{stats:?}");
    assert_eq!((lease.number, lease.begun), (1, 0), "a new one needs no check");
}

#[test]
fn a_failed_create_is_told_to_the_getter_that_asked_for_it() {
    let set = Set::of(1);
    set.script.create.next(then(|| Err(Refused("no route"))));
    assert!(matches!(set.ask().finish(), Err(GetError::Create(Refused("no route")))));
    let stats = set.stats();
    assert_eq!((stats.create_failed, stats.open, stats.created), (1, 0, 0), "{stats:?}");
    assert_eq!(set.lease().number, 1);
}

#[test]
fn first_create_fails_and_the_second_waiter_gets_the_slot() {
    let set = Set::of(1);
    let gate = Gate::default();
    set.script.create.next(at_then(&gate, fail));
    let (first, second) = (set.queued(), set.queued());
    gate.open();
    assert!(matches!(first.finish(), Err(GetError::Create(_))));
    assert_eq!(second.finish().expect("an object").number, 1);
    assert_eq!(set.script.create.count(), 2);
}

#[test]
fn each_failure_goes_to_one_getter_and_the_last_gets_the_slot() {
    let set = Set::of(1);
    let gate = Gate::default();
    for _ in 0..5 {
        set.script.create.next(at_then(&gate, fail));
    }
    let failing: Vec<_> = (0..5).map(|_| set.queued()).collect();
    let last = set.queued();
    gate.open();
    for task in failing {
        assert!(matches!(task.finish(), Err(GetError::Create(_))));
    }
    drop(last.finish().expect("an object"));
    assert_eq!((set.script.create.count(), set.stats().create_failed), (6, 5));
}

#[test]
fn a_panic_of_a_create_goes_on_in_the_getter_that_asked() {
    for at_the_call in [true, false] {
        let set = Set::of(1);
        if at_the_call {
            set.script.create.next(panics_at_the_call);
        } else {
            set.script.create.next(then(panics));
        }
        let payload = set.ask().panic();
        assert_eq!(payload.downcast_ref::<&str>(), Some(&"on purpose"));
        let stats = set.stats();
        assert_eq!((stats.create_failed, stats.open, stats.waiting), (1, 0, 0), "{stats:?}");
        assert_eq!(set.script.create.now(), 0, "what panicked is dropped");
        assert_eq!(set.lease().number, 1);
    }
}

#[test]
fn a_panic_of_a_create_that_was_waited_for_lets_the_next_one_try() {
    for at_the_call in [true, false] {
        let set = Set::of(1);
        let held = set.lease();
        let (mut first, second) = (set.queued(), set.queued());
        if at_the_call {
            set.script.create.next(panics_at_the_call);
        } else {
            set.script.create.next(then(panics));
        }
        Lease::discard(held);
        let payload = first.panic();
        assert_eq!(payload.downcast_ref::<&str>(), Some(&"on purpose"));
        drop(first);
        assert_eq!(second.finish().expect("a new one").number, 2);
        assert_eq!(set.stats().create_failed, 1);
    }
}

#[test]
fn a_panic_when_a_create_is_polled_again_is_the_getters_too() {
    let set = Set::of(1);
    let gate = Gate::default();
    set.script.create.next(at_then(&gate, panics));
    let mut first = set.queued();
    let second = set.queued();
    gate.open();
    assert_eq!(first.panic().downcast_ref::<&str>(), Some(&"on purpose"));
    drop(first);
    drop(second.finish().expect("an object"));
}

#[test]
fn the_create_of_one_who_took_what_came_back_goes_to_another_who_waits() {
    let set = Set::by(|builder| builder.max_open(2).max_connecting(1));
    let held = set.lease();
    let (first, gate) = creating(&set);
    let second = set.queued();
    drop(held);
    let lease = first.finish().expect("the one that came back");
    assert!(second.is_woken(), "nobody else polls it on");
    let mut second = second;
    second.waits();
    gate.open();
    assert_eq!(second.finish().expect("what the first one asked for").number, 2);
    assert_eq!((lease.number, set.script.create.count()), (1, 2));
}

#[test]
fn at_most_max_connecting_creates_are_under_way_at_once() {
    let set = Set::by(|builder| builder.max_open(10).max_connecting(2));
    let gate = Gate::default();
    set.script.create.always(at(&gate));
    let mut tasks: Vec<_> = (0..8).map(|_| set.queued()).collect();
    assert_eq!((gate.arrived(), set.stats().creating), (2, 2));
    let mut held = Vec::new();
    while !tasks.is_empty() {
        gate.let_one_on();
        let (index, lease) = loop {
            let next = tasks.iter().position(Task::is_woken).expect("one of them is served");
            if let Poll::Ready(got) = tasks[next].run() {
                break (next, got.expect("an object"));
            }
        };
        assert_eq!(index, 0, "the first of them");
        drop(tasks.remove(index));
        held.push(lease);
    }
    assert_eq!((set.script.create.most_at_once(), set.script.create.count()), (2, 8));
}

#[test]
fn a_create_over_its_limit_is_dropped_to_the_instant_and_its_slot_goes_on() {
    let set = Set::by(|builder| builder.max_open(1).timeouts(create_at_most(2 * SECOND)));
    set.script.create.next(never);
    let mut task = set.queued();
    let next = set.queued();
    set.clock.advance(2 * SECOND - INSTANT);
    task.waits();
    assert_eq!(set.script.create.abandoned(), 0);
    set.clock.advance(INSTANT);
    match task.finish() {
        Err(GetError::Timeout { stage, waited, .. }) => {
            assert_eq!((stage, waited), (Stage::Create, 2 * SECOND));
        }
        other => panic!("{other:?}"),
    }
    set.eventually(|| set.script.create.abandoned() == 1);
    assert_eq!(next.finish().expect("one of its own").number, 1);
    let stats = set.stats();
    assert_eq!((stats.timed_out, stats.idle, stats.creating), (1, 1, 0), "{stats:?}");
}

#[test]
fn the_limit_of_a_create_begins_with_the_create() {
    let set = Set::by(|builder| builder.max_open(1).timeouts(create_at_most(2 * SECOND)));
    let held = set.lease();
    set.script.create.next(never);
    let mut task = set.queued();
    set.clock.advance(5 * SECOND);
    task.waits();
    Lease::discard(held);
    task.waits();
    assert_eq!(set.stats().creating, 1);
    set.clock.advance(2 * SECOND - INSTANT);
    task.waits();
    set.clock.advance(INSTANT);
    match task.finish() {
        Err(GetError::Timeout { stage, waited, .. }) => {
            assert_eq!((stage, waited), (Stage::Create, 7 * SECOND));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(set.stats().open, 0);
}

#[test]
fn a_wait_over_its_limit_while_a_create_is_under_way_is_one_for_a_create() {
    let set = Set::by(|builder| builder.max_open(1).timeouts(wait_at_most(5 * SECOND)));
    let (mut task, _gate) = creating(&set);
    set.clock.advance(5 * SECOND - INSTANT);
    task.waits();
    set.clock.advance(INSTANT);
    match task.finish() {
        Err(GetError::Timeout { stage, waited, .. }) => {
            assert_eq!((stage, waited), (Stage::Create, 5 * SECOND));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_create_that_is_ready_in_the_last_moment_is_taken() {
    let set = Set::by(|builder| builder.max_open(1).timeouts(wait_at_most(5 * SECOND)));
    let (task, gate) = creating(&set);
    gate.open();
    set.clock.advance(5 * SECOND);
    match task.finish() {
        Ok(lease) => assert_eq!(lease.number, 1),
        // It is not lost.
        Err(error) => {
            assert!(matches!(error, GetError::Timeout { stage: Stage::Create, .. }), "{error:?}");
            assert_eq!(set.lease().number, 1);
        }
    }
    assert_eq!(set.script.create.count(), 1);
}

#[test]
fn failed_creates_are_tried_again_after_pauses_that_double() {
    let diary = Diary::default();
    let set = Set::by(|builder| {
        let retry = Retry::exponential(SECOND, 3 * SECOND, 3);
        builder.max_open(1).timeouts(wait_at_most(None)).retry(retry).observer(diary.observer())
    });
    for name in ["first", "second", "third"] {
        set.script.create.next(then(move || Err(Refused(name))));
    }
    let mut task = set.queued();
    for (tried, pause) in [SECOND, 2 * SECOND, 3 * SECOND].into_iter().enumerate() {
        assert_eq!(set.script.create.count(), tried + 1);
        set.clock.advance(pause - INSTANT);
        task.waits();
        assert_eq!(set.script.create.count(), tried + 1);
        assert_eq!((set.stats().creating, set.stats().create_failed), (1, 0));
        set.clock.advance(INSTANT);
        if tried < 2 {
            task.waits();
        }
    }
    assert_eq!(task.finish().expect("the fourth try succeeds").number, 1);
    let failed = |attempt, error: &str| Seen::CreateFailed { error: error.to_owned(), attempt };
    let mut told = diary.entries();
    told.retain(|seen| matches!(seen, Seen::CreateFailed { .. }));
    assert_eq!(told, [failed(1, "first"), failed(2, "second"), failed(3, "third")]);
    assert_eq!(set.stats().create_failed, 0, "what was tried again");
}

#[test]
fn the_last_failure_of_all_tries_is_told() {
    let set = Set::by(|builder| builder.max_open(1).retry(Retry::exponential(SECOND, SECOND, 2)));
    for name in ["first", "second", "third"] {
        set.script.create.next(then(move || Err(Refused(name))));
    }
    let mut task = set.queued();
    set.clock.advance(SECOND);
    task.waits();
    set.clock.advance(SECOND);
    assert!(matches!(task.finish(), Err(GetError::Create(Refused("third")))));
    assert_eq!((set.stats().create_failed, set.stats().open), (1, 0));
}

#[test]
fn a_panic_is_not_tried_again() {
    let set = Set::by(|builder| builder.max_open(1).retry(Retry::exponential(SECOND, SECOND, 5)));
    set.script.create.next(then(fail)).next(then(panics));
    let mut task = set.queued();
    set.clock.advance(SECOND);
    assert_eq!(task.panic().downcast_ref::<&str>(), Some(&"on purpose"));
    assert_eq!((set.script.create.count(), set.stats().open), (2, 0));
}

#[test]
fn a_timeout_between_two_tries_tells_the_last_error() {
    let set = Set::by(|builder| {
        builder.max_open(1).timeouts(wait_at_most(2 * SECOND)).retry(Retry::exponential(
            100 * SECOND,
            100 * SECOND,
            3,
        ))
    });
    set.script.create.next(then(|| Err(Refused("no route"))));
    let task = set.queued();
    set.clock.advance(2 * SECOND);
    match task.finish() {
        Err(GetError::Timeout { last_error: Some(last), stage: Stage::Create, .. }) => {
            assert!(last.contains("no route"), "{last}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_limit_of_a_create_counts_its_pauses() {
    let set = Set::by(|builder| {
        builder.max_open(1).timeouts(create_at_most(5 * SECOND)).retry(Retry::exponential(
            2 * SECOND,
            2 * SECOND,
            100,
        ))
    });
    set.script.create.always(then(fail));
    let mut task = set.queued();
    for _ in 0..4 {
        set.clock.advance(SECOND);
        task.waits();
    }
    set.clock.advance(SECOND);
    assert!(matches!(task.finish(), Err(GetError::Timeout { stage: Stage::Create, .. })));
    assert_eq!((set.script.create.count(), set.stats().open), (3, 0));
    set.script.create.always(then(succeed));
}

#[test]
fn discard_with_one_who_waits_has_it_create() {
    let set = Set::of(1);
    let held = set.lease();
    let task = set.queued();
    Lease::discard(held);
    assert_eq!(task.finish().expect("a new one").number, 2);
    assert_eq!(set.script.destroyed(), [(1, Reason::Released)]);
}

#[test]
fn a_detached_object_makes_room_for_one_who_waits() {
    let set = Set::of(1);
    let held = set.lease();
    let (first, second) = (set.queued(), set.queued());
    let detached = Lease::detach(held);
    assert!(first.is_woken() && !second.is_woken());
    drop(first);
    assert_eq!(second.finish().expect("a new one").number, 2);
    assert_eq!((set.stats().detached, set.stats().create_failed), (1, 0));
    drop(detached);
}

#[test]
fn growth_has_those_who_wait_create() {
    let set = Set::of(1);
    let held = set.lease();
    let tasks = [set.queued(), set.queued(), set.queued()];
    set.pool.resize(3);
    let [first, second, mut third] = tasks;
    let leases = [first.finish(), second.finish()].map(|got| got.expect("a new one").number);
    assert_eq!(leases.len(), 2);
    drop(third.run());
    assert!(set.stats().open <= 3);
    drop(held);
}

#[test]
fn what_is_created_beyond_a_maximum_that_has_shrunk_is_let_go() {
    let set = Set::of(2);
    let held = set.lease();
    let (task, gate) = creating(&set);
    set.pool.resize(1);
    assert_eq!(set.stats().open, 2);
    gate.open();
    // It has waited for that one, or for the other.
    let mut task = task;
    let got = task.run();
    assert!(set.stats().open <= 2);
    drop(held);
    let lease = match got {
        Poll::Ready(got) => got,
        Poll::Pending => task.finish(),
    };
    drop(lease.expect("an object"));
    let stats = set.stats();
    assert_eq!((stats.open, stats.destroyed.resized), (1, 1), "{stats:?}");
}

#[test]
fn at_a_maximum_of_zero_all_wait_until_it_grows() {
    let set = Set::of(2);
    let gate = kept(&set);
    gate.open();
    set.pool.resize(0);
    let mut task = set.ask();
    assert!(task.run().is_pending(), "nothing is handed out");
    assert!(matches!(set.try_get().finish(), Err(GetError::Exhausted)));
    set.pool.resize(2);
    drop(task.finish().expect("an object"));
}

#[test]
fn min_idle_needs_a_hook_to_spawn_with() {
    let build =
        |min| AsyncResourcePool::builder(AsyncScripted::default()).min_idle(min).build().map(drop);
    assert_eq!(build(1), Err(BuildError::MinIdleWithoutSpawn));
    assert_eq!(build(0), Ok(()));
    assert!(!BuildError::MinIdleWithoutSpawn.to_string().is_empty());
}

#[test]
fn the_other_settings_are_looked_at_as_those_of_the_blocking_pool_are() {
    let builder = || AsyncResourcePool::builder(AsyncScripted::default());
    assert_eq!(builder().max_open(0).build().map(drop), Err(BuildError::ZeroMaxOpen));
    assert_eq!(builder().max_connecting(0).build().map(drop), Err(BuildError::ZeroMaxConnecting));
    assert_eq!(
        builder().spawn(drop).max_open(2).min_idle(3).build().map(drop),
        Err(BuildError::MinIdle)
    );
    assert_eq!(builder().jitter(1.5).build().map(drop), Err(BuildError::Jitter));
    assert_eq!(
        builder().max_lifetime(Duration::ZERO).build().map(drop),
        Err(BuildError::ZeroLifetime)
    );
}

#[test]
fn creates_are_told_to_the_observer() {
    let diary = Diary::default();
    let set = Set::by(|builder| builder.observer(diary.observer()));
    set.script.create.next(then(|| Err(Refused("no route"))));
    assert!(set.ask().finish().is_err());
    Lease::discard(set.lease());
    let mut told = diary.entries();
    told.retain(|seen| !matches!(seen, Seen::Waited { .. }));
    assert_eq!(
        told,
        [
            Seen::CreateFailed { error: "no route".to_owned(), attempt: 1 },
            Seen::Created { id: 1 },
            Seen::Destroyed { id: 1, reason: Reason::Released },
        ]
    );
}

#[test]
fn waits_and_timeouts_are_told_to_the_observer() {
    let diary = Diary::default();
    let set = Set::by(|builder| {
        builder.max_open(1).timeouts(wait_at_most(4 * SECOND)).observer(diary.observer())
    });
    let held = set.lease();
    let first = set.queued();
    let second = set.queued();
    set.clock.advance(3 * SECOND);
    drop(held);
    let held = first.finish().expect("an object");
    set.clock.advance(SECOND);
    assert!(second.finish().is_err());
    assert!(diary.has(&Seen::Waited { waited: 3 * SECOND }), "{:?}", diary.entries());
    assert!(diary.has(&Seen::TimedOut { waited: 4 * SECOND }), "{:?}", diary.entries());
    drop(held);
}

#[test]
fn one_that_is_held_too_long_is_told_once() {
    let diary = Diary::default();
    let set = Set::by(|builder| builder.hold_warn_after(5 * SECOND).observer(diary.observer()));
    let held = set.lease();
    set.clock.advance(6 * SECOND);
    let told = Seen::HeldTooLong { id: 1, held: 6 * SECOND };
    set.eventually(|| diary.has(&told));
    set.clock.advance(60 * SECOND);
    drop(held);
    let warnings =
        diary.entries().iter().filter(|seen| matches!(seen, Seen::HeldTooLong { .. })).count();
    assert_eq!(warnings, 1);
}
