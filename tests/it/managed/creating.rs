//! Objects are made on threads of the pool's own: who gets them, and what failures do.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use poolable::managed::{
    Clock, GetError, Lease, Manager, Meta, Reason, ResourcePool, Retry, Stage, Timeouts,
};

use super::scripted::{
    Diary, Gate, Refused, SECOND, Scripted, Seen, ask, assert_laws, builder, eventually, fail,
    held_at, held_then, lease, leases, panics, pool_of, promptly, queue_up, queue_up_with,
    start_on, timed_pool_of, until, until_waiting, wait_at_most,
};

#[test]
fn an_idle_object_is_taken_before_another_is_made() {
    let (script, pool) = pool_of(4);
    for _ in 0..10 {
        assert_eq!(lease(&pool).number, 1);
    }
    let held = leases(&pool, 4);
    let numbers: BTreeSet<_> = held.iter().map(|lease| lease.number).collect();
    assert_eq!(numbers, BTreeSet::from([1, 2, 3, 4]));
    assert_eq!(script.create.count(), 4);
}

#[test]
fn without_a_maximum_there_is_always_room() {
    let script = Scripted::default();
    let pool = builder(&script, &Clock::manual()).max_open(None).build().expect("a pool");
    let held = leases(&pool, 50);
    assert_eq!(pool.stats().max_open, None);
    assert_eq!(pool.stats().in_use, 50);
    drop(held);
    assert_laws(&pool.stats());
}

#[test]
fn a_failed_create_is_told_to_the_getter_that_asked_for_it() {
    let (script, pool) = pool_of(1);
    script.create.next(|| Err(Refused("no route")));
    assert!(matches!(ask(&pool).finish(), Err(GetError::Create(Refused("no route")))));
    let stats = pool.stats();
    assert_eq!((stats.create_failed, stats.open, stats.created), (1, 0, 0), "{stats:?}");
    assert_eq!(lease(&pool).number, 1);
}

#[test]
fn first_create_fails_and_the_second_waiter_gets_the_slot() {
    let (script, pool) = pool_of(1);
    let gate = Gate::default();
    script.create.next(held_then(&gate, fail));
    let first = queue_up(&pool);
    gate.wait_for(1);
    let second = queue_up(&pool);
    gate.open();
    assert!(matches!(first.finish(), Err(GetError::Create(_))));
    assert_eq!(second.finish().expect("an object").number, 1);
    assert_eq!(script.create.count(), 2);
}

#[test]
fn first_create_panics_and_the_second_waiter_gets_the_slot() {
    let (script, pool) = pool_of(1);
    let gate = Gate::default();
    script.create.next(held_then(&gate, panics));
    let first = queue_up(&pool);
    gate.wait_for(1);
    let second = queue_up(&pool);
    gate.open();
    assert!(first.outcome().is_err());
    assert_eq!(second.finish().expect("an object").number, 1);
}

#[test]
fn each_failure_goes_to_one_getter_and_the_last_gets_the_slot() {
    let (script, pool) = pool_of(1);
    let gate = Gate::default();
    for _ in 0..5 {
        script.create.next(held_then(&gate, fail));
    }
    let failing: Vec<_> = (0..5).map(|_| queue_up(&pool)).collect();
    let last = queue_up(&pool);
    gate.open();
    for getter in failing {
        assert!(matches!(getter.finish(), Err(GetError::Create(_))));
    }
    drop(last.finish().expect("an object"));
    assert_eq!(script.create.count(), 6);
}

#[test]
fn a_panic_in_create_leaves_a_working_pool() {
    let (script, pool) = pool_of(1);
    script.create.next(panics);
    let payload = ask(&pool).outcome().expect_err("the panic is resumed in the getter");
    assert_eq!(payload.downcast_ref::<&str>(), Some(&"on purpose"));
    assert_eq!(pool.stats().create_failed, 1);
    until(&pool, |stats| stats.open == 0 && stats.waiting == 0);
    assert_laws(&pool.stats());
    for _ in 0..3 {
        drop(lease(&pool));
    }
    assert_eq!(script.create.count(), 2);
    assert_eq!(pool.stats().created, 1);
}

#[test]
fn a_panic_in_a_create_that_nobody_waits_for_leaves_a_working_pool() {
    let (script, clock, pool) = timed_pool_of(1);
    let gate = Gate::default();
    script.create.next(held_then(&gate, panics));
    let getter = queue_up_with(&pool, |pool| pool.get_timeout(SECOND));
    gate.wait_for(1);
    clock.advance(SECOND);
    assert!(getter.finish().is_err());
    gate.open();
    until(&pool, |stats| stats.open == 0);
    drop(lease(&pool));
}

#[test]
fn broken_return_with_a_waiter_and_no_idle_creates_at_once() {
    let (script, pool) = pool_of(1);
    let held = lease(&pool);
    let waiter = queue_up(&pool);
    script.release.next(fail);
    drop(held);
    assert_eq!(waiter.finish().expect("an object").number, 2);
    assert_eq!(script.destroyed(), [(1, Reason::Released)]);
}

#[test]
fn discard_with_a_waiter_and_no_idle_creates_at_once() {
    let (script, pool) = pool_of(1);
    let held = lease(&pool);
    let waiter = queue_up(&pool);
    Lease::discard(held);
    assert_eq!(waiter.finish().expect("an object").number, 2);
    assert_eq!(script.destroyed(), [(1, Reason::Released)]);
}

#[test]
fn a_panic_on_release_with_a_waiter_and_no_idle_creates_at_once() {
    let (script, pool) = pool_of(1);
    let held = lease(&pool);
    let waiter = queue_up(&pool);
    script.release.next(panics);
    assert!(catch_unwind(AssertUnwindSafe(|| drop(held))).is_err());
    assert_eq!(waiter.finish().expect("an object").number, 2);
    assert_eq!(script.destroyed(), [(1, Reason::Panicked)]);
}

#[test]
fn all_of_many_broken_returns_are_replaced_for_those_who_wait() {
    let (script, pool) = pool_of(4);
    let held = leases(&pool, 4);
    let waiters: Vec<_> = (0..4).map(|_| queue_up(&pool)).collect();
    script.release.always(fail);
    drop(held);
    let served: Vec<_> = waiters.into_iter().map(|waiter| waiter.finish()).collect();
    assert!(served.iter().all(|lease| lease.as_ref().is_ok_and(|thing| thing.number > 4)));
    assert_eq!(pool.stats().open, 4);
}

#[test]
fn a_blocked_create_does_not_slow_return() {
    let (script, pool) = pool_of(2);
    let gate = Gate::default();
    let held = lease(&pool);
    script.create.always(held_at(&gate));
    assert!(matches!(pool.try_get(), Err(GetError::Exhausted)));
    gate.wait_for(1);
    promptly(move || drop(held));
    assert_eq!(pool.stats().idle, 1);
    assert_eq!(pool.stats().creating, 1);
    gate.open();
}

#[test]
fn a_blocked_create_does_not_slow_try_get() {
    let (script, pool) = pool_of(2);
    let gate = Gate::default();
    drop(lease(&pool));
    script.create.always(held_at(&gate));
    let held = lease(&pool);
    assert!(matches!(
        promptly({
            let pool = pool.clone();
            move || pool.try_get()
        }),
        Err(GetError::Exhausted)
    ));
    gate.wait_for(1);
    drop(held);
    let got = start_on(&pool, |pool| pool.try_get()).finish();
    assert_eq!(got.expect("the idle one").number, 1);
    gate.open();
}

#[test]
fn a_blocked_create_does_not_slow_stats() {
    let (script, pool) = pool_of(1);
    let gate = Gate::default();
    script.create.always(held_at(&gate));
    let getter = queue_up(&pool);
    gate.wait_for(1);
    let stats = start_on(&pool, |pool| pool.stats()).finish();
    assert_eq!((stats.creating, stats.open, stats.waiting), (1, 1, 1));
    gate.open();
    drop(getter.finish().expect("an object"));
}

#[test]
fn a_blocked_create_does_not_slow_close() {
    let (script, pool) = pool_of(1);
    let gate = Gate::default();
    script.create.always(held_at(&gate));
    let getter = queue_up(&pool);
    gate.wait_for(1);
    start_on(&pool, |pool| pool.close()).finish();
    assert!(matches!(getter.finish(), Err(GetError::Closed)));
    gate.open();
    // What came too late is destroyed.
    eventually(&pool, || script.reasons() == [Reason::Closed]);
    until(&pool, |stats| stats.open == 0);
    eventually(&pool, || script.alive() == 0);
    assert_laws(&pool.stats());
}

#[test]
fn create_stuck_while_another_object_comes_back_that_getter_gets_it() {
    let (script, pool) = pool_of(2);
    let gate = Gate::default();
    let held = lease(&pool);
    script.create.always(held_at(&gate));
    let getter = queue_up(&pool);
    gate.wait_for(1);
    drop(held);
    let got = getter.finish().expect("the one that came back");
    assert_eq!(got.number, 1);
    gate.open();
    // What it asked for is there for the next one.
    until(&pool, |stats| stats.idle == 1);
    assert_eq!(lease(&pool).number, 2);
    assert_eq!(script.create.count(), 2);
}

#[test]
fn a_created_object_goes_to_the_first_in_the_queue_whoever_asked_for_it() {
    let (script, pool) = pool_of(2);
    let (slow, quick) = (Gate::default(), Gate::default());
    script.create.next(held_at(&slow)).next(held_at(&quick));
    let first = queue_up(&pool);
    slow.wait_for(1);
    let second = queue_up(&pool);
    quick.wait_for(1);
    quick.open();
    let served = first.finish().expect("an object");
    assert_eq!(pool.stats().waiting, 1);
    slow.open();
    let also = second.finish().expect("an object");
    assert_ne!(served.number, also.number);
}

#[test]
fn one_whose_create_went_to_another_does_not_hang_when_the_others_fails() {
    let (script, pool) = pool_of(2);
    let (slow, quick) = (Gate::default(), Gate::default());
    script.create.next(held_then(&slow, fail)).next(held_at(&quick));
    let first = queue_up(&pool);
    slow.wait_for(1);
    let second = queue_up(&pool);
    quick.wait_for(1);
    quick.open();
    let served = first.finish().expect("what the second one asked for");
    assert_eq!(served.number, 1);
    slow.open();
    // It has taken over what was under way for the first one, for better or worse.
    match second.finish() {
        Ok(lease) => assert_eq!(lease.number, 2),
        Err(error) => assert!(matches!(error, GetError::Create(_)), "{error:?}"),
    }
    let stats = pool.stats();
    assert_eq!((stats.waiting, stats.in_use), (0, 1), "{stats:?}");
}

#[test]
fn a_timeout_wastes_no_connect() {
    let (script, clock, pool) = timed_pool_of(1);
    let gate = Gate::default();
    script.create.next(held_at(&gate));
    let getter = queue_up_with(&pool, |pool| pool.get_timeout(SECOND));
    gate.wait_for(1);
    clock.advance(SECOND);
    assert!(matches!(getter.finish(), Err(GetError::Timeout { stage: Stage::Create, .. })));
    gate.open();
    until(&pool, |stats| stats.idle == 1);
    assert_eq!(lease(&pool).number, 1);
    assert_eq!(script.create.count(), 1);
}

#[test]
fn a_cancelled_getter_wastes_no_connect() {
    let (script, pool) = pool_of(1);
    let gate = Gate::default();
    script.create.next(held_at(&gate));
    let token = poolable::managed::CancelToken::new();
    let getter = {
        let token = token.clone();
        queue_up_with(&pool, move |pool| pool.get_with(None, &token))
    };
    gate.wait_for(1);
    token.cancel();
    assert!(matches!(getter.finish(), Err(GetError::Cancelled)));
    gate.open();
    until(&pool, |stats| stats.idle == 1);
    assert_eq!(lease(&pool).number, 1);
    assert_eq!(script.create.count(), 1);
}

#[test]
fn a_thousand_getters_with_a_timeout_shorter_than_the_connect_time_cause_at_most_max_open_connects()
{
    let (script, clock) = (Scripted::default(), Clock::manual());
    let pool = builder(&script, &clock)
        .max_open(8)
        .max_connecting(8)
        .max_lifetime(None)
        .idle_timeout(None)
        .build()
        .expect("a pool");
    let gate = Gate::default();
    script.create.always(held_at(&gate));
    for _ in 0..20 {
        let getters: Vec<_> =
            (0..50).map(|_| start_on(&pool, |pool| pool.get_timeout(SECOND))).collect();
        until_waiting(&pool, 50);
        clock.advance(SECOND);
        for getter in getters {
            assert!(matches!(getter.finish(), Err(GetError::Timeout { .. })));
        }
    }
    assert_eq!(pool.stats().timed_out, 1000);
    gate.wait_for(8);
    gate.open();
    until(&pool, |stats| stats.idle == 8);
    assert_eq!(leases(&pool, 8).len(), 8);
    assert_eq!(script.create.count(), 8);
}

#[test]
fn at_most_max_connecting_creates_run_at_once() {
    let script = Scripted::default();
    let pool = builder(&script, &Clock::manual()).max_open(10).max_connecting(2).build();
    let pool = pool.expect("a pool");
    let gate = Gate::default();
    script.create.always(held_at(&gate));
    let getters: Vec<_> = (0..8).map(|_| queue_up(&pool)).collect();
    for round in 2..=8 {
        gate.wait_for(round);
        gate.let_one_on();
    }
    gate.open();
    let served: Vec<_> = getters.into_iter().map(|getter| getter.finish()).collect();
    assert!(served.iter().all(Result::is_ok));
    assert_eq!(script.create.most_at_once(), 2);
    assert_eq!(script.create.count(), 8);
}

#[test]
fn four_creates_at_once_unless_told_otherwise() {
    let script = Scripted::default();
    let pool = builder(&script, &Clock::manual()).max_open(10).build().expect("a pool");
    let gate = Gate::default();
    script.create.always(held_at(&gate));
    let getters: Vec<_> = (0..8).map(|_| queue_up(&pool)).collect();
    gate.wait_for(4);
    gate.open();
    let served: Vec<_> = getters.into_iter().map(|getter| getter.finish()).collect();
    assert!(served.iter().all(Result::is_ok));
    assert!(script.create.most_at_once() <= 4);
}

#[test]
fn twenty_workers_on_max_ten_idle_five_create_at_most_ten_are_all_served_and_at_most_five_stay() {
    let script = Scripted::default();
    let pool = builder(&script, &Clock::manual()).max_open(10).max_idle(5).build();
    let pool = pool.expect("a pool");
    let gate = Gate::default();
    let workers: Vec<_> = (0..20)
        .map(|_| {
            let gate = gate.clone();
            start_on(&pool, move |pool| {
                let lease = pool.get().expect("an object");
                gate.pass();
                drop(lease);
            })
        })
        .collect();
    gate.wait_for(10);
    until_waiting(&pool, 10);
    gate.open();
    for worker in workers {
        worker.finish();
    }
    let stats = pool.stats();
    assert_eq!(stats.borrowed, 20, "{stats:?}");
    assert!(script.create.count() <= 10, "{stats:?}");
    assert!(stats.idle <= 5, "{stats:?}");
    assert_eq!(stats.open, stats.idle, "{stats:?}");
    assert!(script.reasons().iter().all(|why| *why == Reason::Full));
    assert_eq!(script.alive(), stats.idle);
    assert_laws(&stats);
}

#[test]
fn a_create_over_its_limit_ends_the_get_but_is_not_wasted() {
    let (script, clock) = (Scripted::default(), Clock::manual());
    let timeouts = Timeouts { create: Some(2 * SECOND), ..Timeouts::default() };
    let pool = builder(&script, &clock).max_open(1).timeouts(timeouts).build().expect("a pool");
    let gate = Gate::default();
    script.create.next(held_at(&gate));
    let getter = queue_up(&pool);
    gate.wait_for(1);
    clock.advance(2 * SECOND);
    match getter.finish() {
        Err(GetError::Timeout { stage, waited, .. }) => {
            assert_eq!((stage, waited), (Stage::Create, 2 * SECOND));
        }
        other => panic!("{other:?}"),
    }
    gate.open();
    until(&pool, |stats| stats.idle == 1);
    assert_eq!(lease(&pool).number, 1);
}

#[test]
fn no_retry_unless_told_so() {
    let (script, pool) = pool_of(1);
    script.create.next(fail);
    assert!(matches!(ask(&pool).finish(), Err(GetError::Create(_))));
    assert_eq!(script.create.count(), 1);
}

#[test]
fn failed_creates_are_tried_again_as_often_as_told() {
    let (script, clock, diary) = (Scripted::default(), Clock::manual(), Diary::default());
    let pool = builder(&script, &clock)
        .max_open(1)
        .timeouts(wait_at_most(None))
        .retry(Retry::exponential(SECOND, 4 * SECOND, 2))
        .observer(diary.observer())
        .build()
        .expect("a pool");
    script.create.next(fail).next(fail);
    let getter = queue_up(&pool);
    eventually(&pool, || {
        clock.advance(SECOND);
        script.create.count() == 3
    });
    assert_eq!(getter.finish().expect("the third try succeeds").number, 1);
    assert_eq!(pool.stats().create_failed, 0, "what was tried again");
    let failures: Vec<_> = diary
        .entries()
        .into_iter()
        .filter_map(|seen| match seen {
            Seen::CreateFailed { attempt, error } => Some((attempt, error)),
            _ => None,
        })
        .collect();
    let error = fail().expect_err("it fails").to_string();
    assert_eq!(failures, [(1, error.clone()), (2, error)]);
}

#[test]
fn the_last_failure_of_all_tries_is_told() {
    let (script, clock) = (Scripted::default(), Clock::manual());
    let pool = builder(&script, &clock)
        .max_open(1)
        .timeouts(wait_at_most(None))
        .retry(Retry::exponential(SECOND, 4 * SECOND, 2))
        .build()
        .expect("a pool");
    script
        .create
        .next(|| Err(Refused("first")))
        .next(|| Err(Refused("second")))
        .next(|| Err(Refused("third")));
    let getter = queue_up(&pool);
    eventually(&pool, || {
        clock.advance(SECOND);
        script.create.count() == 3
    });
    assert!(matches!(getter.finish(), Err(GetError::Create(Refused("third")))));
    assert_eq!(pool.stats().create_failed, 1);
    until(&pool, |stats| stats.open == 0);
}

#[test]
fn nothing_is_tried_again_before_its_time() {
    let (script, clock, diary) = (Scripted::default(), Clock::manual(), Diary::default());
    let pool = builder(&script, &clock)
        .max_open(2)
        .retry(Retry::exponential(4 * SECOND, 8 * SECOND, 1))
        .observer(diary.observer())
        .build()
        .expect("a pool");
    let held = lease(&pool);
    script.create.next(|| Err(Refused("not yet")));
    let getter = queue_up(&pool);
    let failed = Seen::CreateFailed { error: "not yet".to_owned(), attempt: 1 };
    eventually(&pool, || diary.has(&failed));
    // A try that does not wait for its time would come before the return is seen.
    drop(held);
    let got = getter.finish().expect("the one that came back");
    assert_eq!(got.number, 1);
    assert_eq!(script.create.count(), 2);
    clock.advance(8 * SECOND);
}

#[test]
fn a_timeout_between_two_tries_tells_the_last_error() {
    let (script, clock, diary) = (Scripted::default(), Clock::manual(), Diary::default());
    let pool = builder(&script, &clock)
        .max_open(1)
        .timeouts(wait_at_most(2 * SECOND))
        .retry(Retry::exponential(100 * SECOND, 100 * SECOND, 3))
        .observer(diary.observer())
        .build()
        .expect("a pool");
    script.create.next(|| Err(Refused("no route")));
    let getter = queue_up(&pool);
    eventually(&pool, || !diary.entries().is_empty());
    clock.advance(2 * SECOND);
    match getter.finish() {
        Err(GetError::Timeout { last_error: Some(last), .. }) => {
            assert!(last.contains("no route"), "{last}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn prewarm_creates_until_so_many_are_idle() {
    let (script, pool) = pool_of(10);
    let made = start_on(&pool, |pool| pool.prewarm(3)).finish().expect("all of them");
    assert_eq!(made, 3);
    let made = start_on(&pool, |pool| pool.prewarm(5)).finish().expect("all of them");
    assert_eq!(made, 2, "three were there");
    assert_eq!(pool.stats().idle, 5);
    drop(leases(&pool, 5));
    assert_eq!(script.create.count(), 5);
}

#[test]
fn prewarm_goes_no_further_than_the_limits() {
    let script = Scripted::default();
    let pool = builder(&script, &Clock::manual()).max_open(6).max_idle(4).build();
    let pool = pool.expect("a pool");
    let made = start_on(&pool, |pool| pool.prewarm(100)).finish().expect("up to the limit");
    assert_eq!(made, 4);
    assert_eq!(pool.stats().idle, 4);
    let held = leases(&pool, 4);
    let made = start_on(&pool, |pool| pool.prewarm(100)).finish().expect("up to the limit");
    assert_eq!(made, 2);
    assert_eq!(pool.stats().open, 6);
    drop(held);
    assert_eq!(script.create.count(), 6);
}

#[test]
fn prewarm_connects_no_more_at_once_than_gets_do() {
    let script = Scripted::default();
    let pool = builder(&script, &Clock::manual()).max_open(10).max_connecting(3).build();
    let pool = pool.expect("a pool");
    let gate = Gate::default();
    script.create.always(held_at(&gate));
    let prewarm = start_on(&pool, |pool| pool.prewarm(10));
    gate.wait_for(3);
    gate.open();
    assert_eq!(prewarm.finish().expect("all of them"), 10);
    assert!(script.create.most_at_once() <= 3);
}

#[test]
fn prewarm_with_partial_failures_keeps_the_survivors() {
    let (script, pool) = pool_of(6);
    script
        .create
        .next(super::scripted::succeed)
        .next(|| Err(Refused("second")))
        .next(super::scripted::succeed);
    let error = start_on(&pool, |pool| pool.prewarm(4)).finish().expect_err("one failed");
    until(&pool, |stats| stats.creating == 0);
    let stats = pool.stats();
    assert_eq!(stats.create_failed, 1, "{stats:?}");
    assert!(stats.idle >= 1, "{stats:?}");
    assert!(error.created as u64 <= stats.idle, "{error:?} {stats:?}");
    assert_eq!(stats.idle, stats.created, "{stats:?}");
    assert!(error.to_string().contains("second"), "{error}");
    assert_laws(&stats);
    let made = start_on(&pool, |pool| pool.prewarm(4)).finish().expect("the rest");
    assert_eq!(made as u64 + stats.idle, 4);
}

#[test]
fn prewarm_with_partial_failures_reports_by_its_deadline_and_keeps_the_survivors() {
    let (script, clock) = (Scripted::default(), Clock::manual());
    let pool = builder(&script, &clock).max_open(6).timeouts(wait_at_most(2 * SECOND)).build();
    let pool = pool.expect("a pool");
    let gate = Gate::default();
    for stuck in [false, true, false, true] {
        if stuck {
            script.create.next(held_at(&gate));
        } else {
            script.create.next(super::scripted::succeed);
        }
    }
    let prewarm = start_on(&pool, |pool| pool.prewarm(4));
    gate.wait_for(2);
    until(&pool, |stats| stats.idle == 2);
    clock.advance(2 * SECOND);
    let error = prewarm.finish().expect_err("two were late");
    // One that was ready in the last moment may not have been counted.
    assert!(error.created <= 2, "{error:?}");
    assert_eq!(pool.stats().idle, 2);
    gate.open();
    until(&pool, |stats| stats.idle == 4);
    assert_eq!(script.destroyed(), []);
}

#[test]
fn a_panic_in_prewarm_leaves_a_working_pool() {
    let (script, pool) = pool_of(4);
    script.create.next(panics);
    // Whether it is resumed here or told as an error, the pool goes on.
    let outcome = start_on(&pool, |pool| pool.prewarm(2)).outcome();
    assert!(!matches!(outcome, Ok(Ok(2))), "{outcome:?}");
    until(&pool, |stats| stats.creating == 0);
    assert_eq!(leases(&pool, 4).len(), 4);
    assert_laws(&pool.stats());
}

#[test]
fn what_is_being_prewarmed_serves_those_who_wait() {
    let (script, pool) = pool_of(1);
    let gate = Gate::default();
    script.create.always(held_at(&gate));
    let prewarm = start_on(&pool, |pool| pool.prewarm(1).is_ok());
    gate.wait_for(1);
    let getter = queue_up_with(&pool, |pool| pool.get());
    gate.open();
    drop(getter.finish().expect("an object"));
    prewarm.finish();
    assert_eq!(script.create.count(), 1);
}

#[test]
fn prewarm_counts_on_what_others_are_creating() {
    let (script, pool) = pool_of(4);
    let gate = Gate::default();
    script.create.always(held_at(&gate));
    assert!(matches!(pool.try_get(), Err(GetError::Exhausted)));
    gate.wait_for(1);
    let prewarm = start_on(&pool, |pool| (pool.prewarm(2), pool.stats().idle));
    gate.wait_for(2);
    gate.open();
    let (made, idle) = prewarm.finish();
    assert_eq!((made.expect("all of them"), idle), (1, 2));
    assert_eq!(script.create.count(), 2);
}

#[test]
fn min_idle_is_replenished_behind_the_getters_backs() {
    let script = Scripted::default();
    let pool = builder(&script, &Clock::manual()).max_open(5).min_idle(2).build();
    let pool = pool.expect("a pool");
    let held = lease(&pool);
    until(&pool, |stats| stats.idle == 2);
    let more = leases(&pool, 2);
    until(&pool, |stats| stats.idle == 2);
    assert_eq!(pool.stats().open, 5);
    // No further than the maximum.
    let last = lease(&pool);
    assert_eq!(pool.stats().idle, 1);
    drop((held, more, last));
    assert_eq!(script.create.count(), 5);
}

#[test]
fn min_idle_is_there_without_a_get() {
    let script = Scripted::default();
    let pool = builder(&script, &Clock::manual()).min_idle(3).build().expect("a pool");
    until(&pool, |stats| stats.idle == 3);
    assert_eq!(script.create.count(), 3);
}

/// Notes what the hooks are told of an object; has every default.
struct Plain;

impl Manager for Plain {
    type Resource = String;
    type Error = std::io::Error;

    fn create(&self) -> std::io::Result<String> {
        Ok(String::from("new"))
    }
}

#[test]
fn a_manager_needs_no_more_than_create() {
    let pool = ResourcePool::builder(Plain).clock(&Clock::manual()).build().expect("a pool");
    let mut lease = pool.get().expect("a string");
    lease.push_str(" and used");
    assert_eq!(*lease, "new and used");
    drop(lease);
    assert_eq!(*pool.get().expect("the same string"), "new and used");
    assert!(crate::unwinds({
        let pool = pool.clone();
        move || {
            let _lease = pool.get().expect("the same string");
            crate::unwind()
        }
    }));
    assert_eq!(pool.stats().destroyed.panicked, 1, "{:?}", pool.stats());
    assert_eq!(*pool.get().expect("another string"), "new");
}

#[test]
fn a_lease_tells_what_is_known_of_its_object() {
    let (_script, clock, pool) = timed_pool_of(2);
    let born = clock.now();
    let first = lease(&pool);
    let Meta { id, created_at, uses, .. } = Lease::meta(&first);
    assert_eq!((id, created_at, uses), (1, born, 1));
    clock.advance(SECOND);
    drop(first);
    clock.advance(SECOND);
    let again = lease(&pool);
    let meta = Lease::meta(&again);
    assert_eq!((meta.id, meta.created_at, meta.uses), (1, born, 2));
    assert!(meta.last_used >= born + SECOND, "{meta:?}");
    assert_eq!(Lease::meta(&lease(&pool)).id, 2);
}

#[test]
fn ids_count_from_one_in_each_pool() {
    for _ in 0..2 {
        let (_script, pool) = pool_of(3);
        let ids: BTreeSet<_> = leases(&pool, 3).iter().map(|lease| Lease::meta(lease).id).collect();
        assert_eq!(ids, BTreeSet::from([1, 2, 3]));
    }
}

#[test]
fn a_lease_reads_and_writes_as_its_object() {
    let (_script, pool) = pool_of(1);
    let mut lease = lease(&pool);
    lease.touched = 7;
    assert_eq!(lease.touched, 7);
    assert_eq!(format!("{lease:?}"), "Thing(1)");
}

#[test]
fn leases_and_pools_go_where_their_objects_may_go() {
    fn sent<T: Send>() {}
    fn shared<T: Sync>() {}
    fn owned<T: 'static>() {}

    sent::<Lease<std::cell::Cell<u8>>>();
    shared::<Lease<u8>>();
    owned::<Lease<u8>>();
    sent::<ResourcePool<Plain>>();
    shared::<ResourcePool<Plain>>();
    sent::<GetError<Refused>>();
    let (_script, pool) = pool_of(1);
    let pool = Arc::new(pool);
    assert_eq!(promptly(move || pool.get().map(|lease| lease.number)).expect("an object"), 1);
}

#[test]
fn the_manager_can_be_had_from_the_pool() {
    let (script, pool) = pool_of(1);
    drop(lease(&pool));
    assert_eq!(pool.manager().create.count(), script.create.count());
}

#[test]
fn creates_are_told_to_the_observer() {
    let (script, diary) = (Scripted::default(), Diary::default());
    let pool = builder(&script, &Clock::manual()).observer(diary.observer()).build();
    let pool = pool.expect("a pool");
    script.create.next(|| Err(Refused("no route")));
    assert!(ask(&pool).finish().is_err());
    Lease::discard(lease(&pool));
    let entries = diary.entries();
    let told: Vec<_> =
        entries.into_iter().filter(|seen| !matches!(seen, Seen::Waited { .. })).collect();
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
fn one_that_is_held_too_long_is_told_once() {
    let (script, clock, diary) = (Scripted::default(), Clock::manual(), Diary::default());
    let pool = builder(&script, &clock)
        .hold_warn_after(5 * SECOND)
        .observer(diary.observer())
        .build()
        .expect("a pool");
    let held = || -> Vec<(u64, Duration)> {
        let entries = diary.entries();
        entries
            .into_iter()
            .filter_map(|seen| match seen {
                Seen::HeldTooLong { id, held } => Some((id, held)),
                _ => None,
            })
            .collect()
    };
    let short = lease(&pool);
    clock.advance(4 * SECOND);
    drop(short);
    assert_eq!(held(), []);
    let long = lease(&pool);
    clock.advance(6 * SECOND);
    drop(long);
    eventually(&pool, || !held().is_empty());
    let told = held();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0].0, 1);
    assert!(told[0].1 >= 5 * SECOND, "{told:?}");
}

#[test]
fn only_what_is_still_held_is_told_as_held_too_long() {
    let (script, clock, diary) = (Scripted::default(), Clock::manual(), Diary::default());
    let pool = builder(&script, &clock)
        .hold_warn_after(5 * SECOND)
        .observer(diary.observer())
        .build()
        .expect("a pool");
    let mut held = leases(&pool, 4);
    drop(Lease::detach(held.remove(0)));
    Lease::discard(held.remove(0));
    drop(held.remove(0));
    let id = Lease::meta(&held[0]).id;
    clock.advance(5 * SECOND);
    // All would be told in one go.
    let told = || {
        let is_warning = |seen: &Seen| matches!(seen, Seen::HeldTooLong { .. });
        diary.entries().into_iter().filter(is_warning).collect::<Vec<_>>()
    };
    eventually(&pool, || !told().is_empty());
    drop(held);
    assert_eq!(told(), [Seen::HeldTooLong { id, held: 5 * SECOND }]);
}
