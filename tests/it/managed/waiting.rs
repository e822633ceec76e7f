//! Who gets what, when there is not enough for all.

use std::sync::{Arc, Barrier, mpsc};
use std::time::Duration;

use poolable::managed::{CancelToken, Clock, GetError, Lease, Stage};

use super::scripted::{
    Diary, Gate, SECOND, Scripted, Seen, Thing, Things, ask, builder, held_at, lease, leases,
    pool_of, promptly, queue_up, queue_up_with, start, start_on, timed_pool_of, until,
    until_waiting, wait_at_most,
};

/// Lets getters queue up, one after the other; tells who gets what.
fn queue(pool: &Things, count: u64) -> mpsc::Receiver<(u64, Lease<Thing>)> {
    let (send, served) = mpsc::channel();
    for turn in 0..count {
        let send = send.clone();
        let _ = queue_up_with(pool, move |pool| {
            let lease = pool.get().expect("an object");
            // Nobody listens any more if the test has failed.
            let _ = send.send((turn, lease));
        });
    }
    served
}

/// The next one that was served.
#[track_caller]
fn next(served: &mpsc::Receiver<(u64, Lease<Thing>)>) -> (u64, Lease<Thing>) {
    served.recv_timeout(10 * SECOND).expect("somebody is served")
}

#[test]
fn getters_are_served_in_the_order_in_which_they_came() {
    let (script, pool) = pool_of(1);
    let mut held = lease(&pool);
    let served = queue(&pool, 20);
    for turn in 0..20 {
        drop(held);
        let (who, lease) = next(&served);
        assert_eq!(who, turn);
        assert_eq!(pool.stats().waiting, 19 - turn);
        held = lease;
    }
    assert_eq!(script.create.count(), 1);
    assert_eq!(held.number, 1);
}

#[test]
fn two_returns_wake_two_waiters() {
    let (_script, pool) = pool_of(2);
    let held = leases(&pool, 2);
    let waiters = [queue_up(&pool), queue_up(&pool)];
    drop(held);
    let served = waiters.map(|waiter| waiter.finish().expect("an object"));
    assert_ne!(served[0].number, served[1].number);
    assert_eq!(pool.stats().in_use, 2);
}

#[test]
fn two_returns_at_once_wake_two_waiters() {
    for _ in 0..50 {
        let (_script, pool) = pool_of(2);
        let held = leases(&pool, 2);
        let waiters = [queue_up(&pool), queue_up(&pool)];
        let barrier = Arc::new(Barrier::new(2));
        for lease in held {
            let barrier = Arc::clone(&barrier);
            start(move || {
                barrier.wait();
                drop(lease);
            });
        }
        for waiter in waiters {
            drop(waiter.finish().expect("an object"));
        }
    }
}

#[test]
fn a_holder_that_loops_drop_and_get_lets_a_waiter_in_at_the_first_hand_over() {
    let (_script, pool) = pool_of(1);
    let held = lease(&pool);
    let (send, told) = mpsc::channel();
    let from_waiter = send.clone();
    let waiter = queue_up_with(&pool, move |pool| {
        let lease = pool.get().expect("an object");
        let _ = from_waiter.send("waiter");
        drop(lease);
    });
    let holder = start_on(&pool, move |pool| {
        let mut lease = held;
        for _ in 0..100 {
            drop(lease);
            lease = pool.get().expect("an object");
            let _ = send.send("holder");
        }
    });
    holder.finish();
    waiter.finish();
    assert_eq!(told.recv(), Ok("waiter"));
    assert_eq!(told.iter().filter(|who| *who == "holder").count(), 100);
}

#[test]
fn a_newcomer_does_not_overtake_one_who_has_been_served_but_not_yet_woken() {
    let (script, pool) = pool_of(1);
    let gate = Gate::default();
    let held = lease(&pool);
    // The waiter stops in its check, long before it has the object in its hands.
    script.check.always(held_at(&gate));
    let waiter = queue_up(&pool);
    drop(held);
    for _ in 0..10 {
        assert!(matches!(pool.try_get(), Err(GetError::Exhausted)));
    }
    let late = ask(&pool);
    until_waiting(&pool, 1);
    gate.open();
    drop(waiter.finish().expect("an object"));
    assert_eq!(late.finish().expect("an object").number, 1);
}

#[test]
fn a_newcomer_waits_behind_the_queue_though_a_create_is_allowed() {
    let (script, pool) = pool_of(1);
    let gate = Gate::default();
    script.create.always(held_at(&gate));
    let first = queue_up(&pool);
    gate.wait_for(1);
    let second = queue_up(&pool);
    pool.resize(2);
    // The room is the second one's.
    gate.wait_for(2);
    let third = queue_up(&pool);
    gate.open();
    let (first, second) = (first.finish().expect("an object"), second.finish().expect("an object"));
    assert_ne!(first.number, second.number);
    assert_eq!(pool.stats().waiting, 1);
    drop(first);
    drop(third.finish().expect("an object"));
    assert_eq!(script.create.count(), 2);
}

#[test]
fn max_idle_zero_with_waiters_hands_over() {
    let script = Scripted::default();
    let pool = builder(&script, &Clock::manual()).max_open(1).max_idle(0).build().expect("a pool");
    let held = lease(&pool);
    let waiter = queue_up(&pool);
    drop(held);
    let handed = waiter.finish().expect("an object");
    assert_eq!(handed.number, 1);
    assert_eq!(script.destroyed(), []);
    drop(handed);
    assert_eq!(script.reasons(), [poolable::managed::Reason::Full]);
    assert_eq!(pool.stats().idle, 0);
}

#[test]
fn a_getter_that_times_out_says_where_it_was_and_for_how_long() {
    let (script, clock, pool) = timed_pool_of(1);
    let held = lease(&pool);
    let getter = queue_up_with(&pool, |pool| pool.get_timeout(5 * SECOND));
    clock.advance(5 * SECOND);
    match getter.finish() {
        Err(GetError::Timeout { stage: Stage::Wait, waited, stats, last_error, .. }) => {
            assert_eq!(waited, 5 * SECOND);
            assert_eq!(stats.in_use, 1);
            assert_eq!(stats.max_open, Some(1));
            assert_eq!(last_error, None);
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(pool.stats().timed_out, 1);
    assert_eq!(pool.stats().waiting, 0);
    drop(held);
    assert_eq!(script.create.count(), 1);
}

#[test]
fn get_waits_for_as_long_as_the_builder_said() {
    let (script, clock) = (Scripted::default(), Clock::manual());
    let pool = builder(&script, &clock).max_open(1).timeouts(wait_at_most(3 * SECOND)).build();
    let pool = pool.expect("a pool");
    let _held = lease(&pool);
    let getter = queue_up(&pool);
    clock.advance(3 * SECOND - Duration::from_nanos(1));
    assert_eq!(pool.stats().timed_out, 0);
    clock.advance(Duration::from_nanos(1));
    assert!(matches!(
        getter.finish(),
        Err(GetError::Timeout { waited, .. }) if waited == 3 * SECOND
    ));
}

#[test]
fn get_waits_for_thirty_seconds_unless_told_otherwise() {
    let (_script, clock, pool) = timed_pool_of(1);
    let _held = lease(&pool);
    let getter = queue_up(&pool);
    clock.advance(30 * SECOND);
    assert!(matches!(
        getter.finish(),
        Err(GetError::Timeout { waited, .. }) if waited == 30 * SECOND
    ));
}

#[test]
fn without_a_limit_a_getter_waits_for_ever() {
    let (script, clock) = (Scripted::default(), Clock::manual());
    let pool = builder(&script, &clock)
        .max_open(1)
        .max_lifetime(None)
        .idle_timeout(None)
        .timeouts(wait_at_most(None))
        .build()
        .expect("a pool");
    let held = lease(&pool);
    let by_builder = queue_up(&pool);
    let by_call = queue_up_with(&pool, |pool| pool.get_with(None, &CancelToken::new()));
    clock.advance(Duration::from_secs(100 * 365 * 24 * 3600));
    drop(held);
    drop(by_builder.finish().expect("an object"));
    drop(by_call.finish().expect("an object"));
}

#[test]
fn the_longest_of_all_timeouts_is_for_ever() {
    let (_script, pool) = pool_of(1);
    let held = lease(&pool);
    let getter = queue_up_with(&pool, |pool| pool.get_timeout(Duration::MAX));
    drop(held);
    drop(getter.finish().expect("an object"));
}

#[test]
fn one_that_times_out_leaves_its_turn_to_those_behind_it() {
    let (_script, clock, pool) = timed_pool_of(1);
    let held = lease(&pool);
    let first = queue_up_with(&pool, |pool| pool.get_timeout(SECOND));
    let second = queue_up(&pool);
    clock.advance(SECOND);
    assert!(matches!(first.finish(), Err(GetError::Timeout { .. })));
    drop(held);
    drop(second.finish().expect("an object"));
}

#[test]
fn a_timeout_against_a_hand_over_loses_nothing() {
    for _ in 0..200 {
        let (script, clock, pool) = timed_pool_of(1);
        let held = lease(&pool);
        let first = queue_up_with(&pool, |pool| pool.get_timeout(SECOND).map(drop));
        let second = queue_up_with(&pool, |pool| pool.get_timeout(2 * SECOND));
        let barrier = Arc::new(Barrier::new(2));
        let mover = {
            let barrier = Arc::clone(&barrier);
            start(move || {
                barrier.wait();
                clock.advance(SECOND);
            })
        };
        barrier.wait();
        drop(held);
        mover.finish();
        assert!(matches!(first.finish(), Ok(()) | Err(GetError::Timeout { .. })));
        assert_eq!(second.finish().expect("an object").number, 1);
        assert_eq!(script.create.count(), 1);
    }
}

#[test]
fn a_cancelled_getter_ends_at_once_and_leaves_its_turn() {
    let (_script, pool) = pool_of(1);
    let held = lease(&pool);
    let token = CancelToken::new();
    let cancelled = {
        let token = token.clone();
        queue_up_with(&pool, move |pool| pool.get_with(None, &token))
    };
    let second = queue_up(&pool);
    token.cancel();
    assert!(matches!(cancelled.finish(), Err(GetError::Cancelled)));
    assert_eq!(pool.stats().cancelled, 1);
    until_waiting(&pool, 1);
    drop(held);
    drop(second.finish().expect("an object"));
}

#[test]
fn a_token_cancelled_beforehand_ends_a_wait_before_it_begins() {
    let (_script, pool) = pool_of(1);
    let _held = lease(&pool);
    let token = CancelToken::new();
    token.cancel();
    let outcome = start_on(&pool, move |pool| pool.get_with(None, &token)).finish();
    assert!(matches!(outcome, Err(GetError::Cancelled)));
    assert_eq!((pool.stats().waiting, pool.stats().cancelled), (0, 0));
}

#[test]
fn one_token_ends_all_that_wait_on_it_and_nobody_else() {
    let (_script, pool) = pool_of(1);
    let held = lease(&pool);
    let token = CancelToken::new();
    let mut cancelled = Vec::new();
    let mut others = Vec::new();
    for _ in 0..10 {
        let token = token.clone();
        cancelled.push(queue_up_with(&pool, move |pool| pool.get_with(None, &token)));
        others.push(queue_up(&pool));
    }
    token.cancel();
    for getter in cancelled {
        assert!(matches!(getter.finish(), Err(GetError::Cancelled)));
    }
    drop(held);
    for getter in others {
        drop(getter.finish().expect("an object"));
    }
    assert_eq!(pool.stats().cancelled, 10);
}

#[test]
fn a_waiter_cancelled_after_the_hand_over_passes_it_on() {
    for _ in 0..200 {
        let (script, pool) = pool_of(1);
        let held = lease(&pool);
        let token = CancelToken::new();
        let first = {
            let token = token.clone();
            queue_up_with(&pool, move |pool| pool.get_with(None, &token).map(drop))
        };
        let second = queue_up(&pool);
        let barrier = Arc::new(Barrier::new(2));
        let canceller = {
            let barrier = Arc::clone(&barrier);
            start(move || {
                barrier.wait();
                token.cancel();
            })
        };
        barrier.wait();
        drop(held);
        canceller.finish();
        assert!(matches!(first.finish(), Ok(()) | Err(GetError::Cancelled)));
        assert_eq!(second.finish().expect("an object").number, 1);
        assert_eq!(script.create.count(), 1);
    }
}

#[test]
fn a_waiter_cancelled_in_the_moment_of_its_hand_over_leaves_the_object_idle() {
    let (script, pool) = pool_of(1);
    let (tell, told) = mpsc::channel::<CancelToken>();
    let getter = start_on(&pool, move |pool| {
        for token in told {
            // Whichever comes first.
            drop(pool.get_with(None, &token));
        }
    });
    // The moment is short, and comes when the waiter has woken up: each round looks for it a
    // little later.
    for round in 0..1000_u32 {
        let token = CancelToken::new();
        let held = pool.try_get().or_else(|_| pool.get()).expect("the idle one");
        tell.send(token.clone()).expect("the getter listens");
        until_waiting(&pool, 1);
        token.cancel();
        for _ in 0..round {
            std::hint::spin_loop();
        }
        drop(held);
        until(&pool, |stats| stats.idle == 1 && stats.waiting == 0);
    }
    drop(tell);
    getter.finish();
    assert_eq!((script.create.count(), script.alive()), (1, 1));
}

#[test]
fn try_get_does_not_wait() {
    let (_script, pool) = pool_of(1);
    let held = lease(&pool);
    assert!(matches!(pool.try_get(), Err(GetError::Exhausted)));
    drop(held);
    assert_eq!(pool.try_get().expect("the idle one").number, 1);
}

#[test]
fn a_timeout_of_zero_is_as_try_get() {
    let (script, pool) = pool_of(1);
    let held = lease(&pool);
    assert!(matches!(pool.get_timeout(Duration::ZERO), Err(GetError::Exhausted)));
    drop(held);
    assert_eq!(pool.get_timeout(Duration::ZERO).expect("the idle one").number, 1);
    assert_eq!(script.create.count(), 1);
}

#[test]
fn try_get_begins_a_create_behind_its_back_when_there_is_room() {
    let (script, pool) = pool_of(2);
    let gate = Gate::default();
    script.create.always(held_at(&gate));
    for _ in 0..5 {
        assert!(matches!(pool.try_get(), Err(GetError::Exhausted)));
    }
    gate.wait_for(1);
    gate.open();
    until(&pool, |stats| stats.creating == 0 && stats.idle > 0);
    assert_eq!(script.create.count(), 1, "one was under way that nobody waited for");
    assert_eq!(pool.try_get().expect("what was created").number, 1);
}

#[test]
fn what_try_get_began_serves_a_getter_that_comes_later() {
    let (script, pool) = pool_of(1);
    let gate = Gate::default();
    script.create.always(held_at(&gate));
    assert!(matches!(pool.try_get(), Err(GetError::Exhausted)));
    gate.wait_for(1);
    let getter = queue_up(&pool);
    gate.open();
    assert_eq!(getter.finish().expect("an object").number, 1);
    assert_eq!(script.create.count(), 1);
}

#[test]
fn a_deadline_that_has_passed_still_takes_an_idle_one() {
    let (_script, clock, pool) = timed_pool_of(1);
    let past = clock.now();
    clock.advance(SECOND);
    let held = lease(&pool);
    let outcome =
        start_on(&pool, move |pool| pool.get_with(Some(past), &CancelToken::new())).finish();
    assert!(matches!(outcome, Err(GetError::Exhausted | GetError::Timeout { .. })));
    drop(held);
    let outcome =
        start_on(&pool, move |pool| pool.get_with(Some(past), &CancelToken::new())).finish();
    assert_eq!(outcome.expect("the idle one").number, 1);
}

#[test]
fn a_deadline_to_come_ends_the_wait() {
    let (_script, clock, pool) = timed_pool_of(1);
    let _held = lease(&pool);
    let deadline = clock.now() + 2 * SECOND;
    let getter =
        queue_up_with(&pool, move |pool| pool.get_with(Some(deadline), &CancelToken::new()));
    clock.advance(2 * SECOND);
    assert!(matches!(
        getter.finish(),
        Err(GetError::Timeout { waited, .. }) if waited == 2 * SECOND
    ));
}

#[test]
fn a_detached_object_makes_room_for_a_waiter() {
    let (script, pool) = pool_of(1);
    let held = lease(&pool);
    let waiter = queue_up(&pool);
    let detached = Lease::detach(held);
    let next = waiter.finish().expect("an object");
    assert_eq!((detached.number, next.number), (1, 2));
    assert_eq!(pool.stats().detached, 1);
    drop(detached);
    assert_eq!(script.destroyed(), [], "a detached object is not the pool's to destroy");
}

#[test]
fn a_lease_may_come_home_on_another_thread() {
    let (_script, pool) = pool_of(1);
    let held = lease(&pool);
    let waiter = queue_up(&pool);
    promptly(move || drop(held));
    assert_eq!(waiter.finish().expect("an object").number, 1);
}

#[test]
fn waits_are_counted_and_told_with_their_length() {
    let (script, clock, diary) = (Scripted::default(), Clock::manual(), Diary::default());
    let pool = builder(&script, &clock).max_open(1).observer(diary.observer()).build();
    let pool = pool.expect("a pool");
    drop(lease(&pool));
    let before = pool.stats().waited;
    let held = lease(&pool);
    assert_eq!(pool.stats().waited, before, "an idle one was there");
    let getter = queue_up(&pool);
    clock.advance(2 * SECOND);
    drop(held);
    drop(getter.finish().expect("an object"));
    assert_eq!(pool.stats().waited, before + 1);
    assert!(diary.has(&Seen::Waited { waited: 2 * SECOND }), "{:?}", diary.entries());

    let held = lease(&pool);
    let getter = queue_up_with(&pool, |pool| pool.get_timeout(SECOND));
    clock.advance(SECOND);
    assert!(getter.finish().is_err());
    assert!(diary.has(&Seen::TimedOut { waited: SECOND }), "{:?}", diary.entries());
    drop(held);
}
