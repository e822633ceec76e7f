//! Objects that have lived or idled too long, on a clock that the test moves.

use std::time::Duration;

use poolable::managed::{CancelToken, Clock, GetError, Lease, Order, Reason};

use super::scripted::{
    Diary, Gate, SECOND, Scripted, Seen, Things, ask, assert_laws, builder, eventually, fail,
    held_at, lease, leases, queue_up, start_on, until,
};

/// What is of age may go a little later, so that many go at once.
const LATE: Duration = Duration::from_secs(2);

/// A pool whose objects live for a hundred seconds.
fn short_lived(jitter: f64) -> (Scripted, Clock, Things) {
    let (script, clock) = (Scripted::default(), Clock::manual());
    let pool = builder(&script, &clock)
        .max_open(64)
        .max_lifetime(100 * SECOND)
        .idle_timeout(None)
        .jitter(jitter)
        .build()
        .expect("a pool");
    (script, clock, pool)
}

#[test]
fn an_object_that_has_outlived_its_lifetime_is_gone_without_traffic() {
    let (script, clock, pool) = short_lived(0.0);
    drop(leases(&pool, 3));
    clock.advance(100 * SECOND - Duration::from_nanos(1));
    assert_eq!(pool.stats().idle, 3);
    clock.advance(LATE);
    eventually(&pool, || script.alive() == 0);
    assert_eq!(script.reasons(), [Reason::Expired; 3]);
    let stats = pool.stats();
    assert_eq!((stats.open, stats.destroyed.expired), (0, 3), "{stats:?}");
    assert_laws(&stats);
}

#[test]
fn an_expired_object_is_never_handed_out() {
    for _ in 0..50 {
        let (_script, clock, pool) = short_lived(0.0);
        drop(leases(&pool, 2));
        clock.advance(100 * SECOND);
        // At once, whether or not it has been reaped.
        let got = lease(&pool);
        assert!(got.number > 2, "{got:?}");
    }
}

#[test]
fn an_object_that_expires_in_use_is_destroyed_on_return() {
    let (script, clock, pool) = short_lived(0.0);
    let held = lease(&pool);
    clock.advance(200 * SECOND);
    assert_eq!(script.destroyed(), []);
    assert_eq!(held.number, 1);
    drop(held);
    assert_eq!(script.destroyed(), [(1, Reason::Expired)]);
}

#[test]
fn an_object_that_expires_in_use_is_replaced_for_one_who_waits() {
    let (script, clock) = (Scripted::default(), Clock::manual());
    let pool =
        builder(&script, &clock).max_open(1).max_lifetime(10 * SECOND).build().expect("a pool");
    let held = lease(&pool);
    let waiter = queue_up(&pool);
    clock.advance(10 * SECOND);
    drop(held);
    assert_eq!(waiter.finish().expect("a new one").number, 2);
    assert_eq!(script.destroyed(), [(1, Reason::Expired)]);
}

#[test]
fn use_does_not_prolong_a_lifetime() {
    let (script, clock, pool) = short_lived(0.0);
    for _ in 0..10 {
        drop(lease(&pool));
        clock.advance(10 * SECOND);
    }
    clock.advance(LATE);
    eventually(&pool, || script.alive() == 0);
    assert_eq!(script.create.count(), 1);
}

#[test]
fn objects_live_for_half_an_hour_unless_told_otherwise() {
    let (script, clock) = (Scripted::default(), Clock::manual());
    let pool = builder(&script, &clock).idle_timeout(None).build().expect("a pool");
    drop(lease(&pool));
    clock.advance(1799 * SECOND);
    assert_eq!(lease(&pool).number, 1);
    clock.advance(SECOND);
    assert_eq!(lease(&pool).number, 2);
    eventually(&pool, || script.reasons() == [Reason::Expired]);
}

#[test]
fn jitter_shortens_lifetimes_by_no_more_than_its_share_and_unequally() {
    let (script, clock, pool) = short_lived(0.5);
    assert_eq!(start_on(&pool, |pool| pool.prewarm(64)).finish().expect("all of them"), 64);
    clock.advance(50 * SECOND - Duration::from_nanos(1));
    assert_eq!(pool.stats().idle, 64);
    assert_eq!(script.destroyed(), []);
    clock.advance(25 * SECOND);
    until(&pool, |stats| stats.destroyed.expired > 0);
    // All on one side of the middle would be a chance of one in 2^63.
    assert!(pool.stats().idle > 0);
    clock.advance(25 * SECOND + LATE);
    eventually(&pool, || script.alive() == 0);
    assert_eq!(pool.stats().destroyed.expired, 64);
}

#[test]
fn jitter_is_fixed_at_birth() {
    // Drawn at each look, it would have let no object through so many of them.
    let (script, clock) = (Scripted::default(), Clock::manual());
    let pool = builder(&script, &clock)
        .max_open(64)
        .max_lifetime(100 * SECOND)
        .idle_timeout(None)
        .jitter(0.5)
        .order(Order::Fifo)
        .build()
        .expect("a pool");
    assert_eq!(start_on(&pool, |pool| pool.prewarm(64)).finish().expect("all of them"), 64);
    clock.advance(75 * SECOND);
    until(&pool, |stats| stats.destroyed.expired > 0);
    // Let the reaper come to its end: it reaps nothing else at this moment.
    clock.advance(Duration::from_nanos(1));
    let mut idle = pool.stats().idle;
    eventually(&pool, || {
        let before = std::mem::replace(&mut idle, pool.stats().idle);
        before == idle && script.alive() == idle
    });
    for _ in 0..200 {
        drop(lease(&pool));
    }
    assert_eq!(script.create.count(), 64);
}

#[test]
fn an_object_that_idles_for_too_long_is_gone_without_traffic() {
    let (script, clock, diary) = (Scripted::default(), Clock::manual(), Diary::default());
    let pool = builder(&script, &clock)
        .idle_timeout(10 * SECOND)
        .observer(diary.observer())
        .build()
        .expect("a pool");
    drop(leases(&pool, 2));
    clock.advance(9 * SECOND);
    let busy = lease(&pool).number;
    clock.advance(LATE);
    eventually(&pool, || script.reasons() == [Reason::Idle]);
    assert_eq!(pool.stats().destroyed.idle, 1);
    assert_ne!(script.destroyed()[0].0, busy);
    clock.advance(10 * SECOND + LATE);
    eventually(&pool, || script.alive() == 0);
    eventually(&pool, || diary.has(&Seen::Destroyed { id: busy, reason: Reason::Idle }));
}

#[test]
fn objects_idle_for_ten_minutes_unless_told_otherwise() {
    let (script, clock) = (Scripted::default(), Clock::manual());
    let pool = builder(&script, &clock).build().expect("a pool");
    drop(lease(&pool));
    clock.advance(599 * SECOND);
    assert_eq!(lease(&pool).number, 1);
    clock.advance(600 * SECOND + LATE);
    eventually(&pool, || script.reasons() == [Reason::Idle]);
}

#[test]
fn idle_timeout_never_goes_below_min_idle() {
    // A lifetime, too, is something to wake up for: it must not hide what is due earlier.
    for max_lifetime in [None, Some(1000 * SECOND)] {
        let (script, clock) = (Scripted::default(), Clock::manual());
        let pool = builder(&script, &clock)
            .max_open(4)
            .min_idle(2)
            .max_lifetime(max_lifetime)
            .idle_timeout(10 * SECOND)
            .build()
            .expect("a pool");
        assert!(start_on(&pool, |pool| pool.prewarm(4).is_ok()).finish());
        until(&pool, |stats| stats.idle == 4);
        for rounds in 1..=5 {
            clock.advance(10 * SECOND + LATE);
            // One too many would go in the same pass.
            until(&pool, |stats| stats.destroyed.idle >= 2 * rounds);
            assert_eq!(pool.stats().idle, 2);
            start_on(&pool, |pool| pool.prewarm(4).is_ok()).finish();
            until(&pool, |stats| stats.idle == 4);
        }
        assert_eq!(script.create.count(), 4 + 2 * 5);
        assert!(script.reasons().iter().all(|why| *why == Reason::Idle));
    }
}

#[test]
fn what_comes_back_to_a_minimum_that_idles_is_reaped_in_its_time() {
    let (script, clock) = (Scripted::default(), Clock::manual());
    let pool = builder(&script, &clock)
        .max_open(4)
        .min_idle(1)
        .max_lifetime(1000 * SECOND)
        .idle_timeout(10 * SECOND)
        .build()
        .expect("a pool");
    until(&pool, |stats| stats.idle == 1);
    let held = lease(&pool);
    until(&pool, |stats| stats.idle == 1);
    // One idles for longer than it may, and is kept.
    clock.advance(10 * SECOND + LATE);
    clock.advance(10 * SECOND + LATE);
    assert_eq!(script.destroyed(), []);
    drop(held);
    assert_eq!(pool.stats().idle, 2);
    clock.advance(10 * SECOND + LATE);
    until(&pool, |stats| stats.destroyed.idle == 1);
    assert_eq!(pool.stats().idle, 1);
}

#[test]
fn lifetime_replaces_below_min_idle() {
    let (script, clock) = (Scripted::default(), Clock::manual());
    let pool = builder(&script, &clock)
        .max_open(4)
        .min_idle(2)
        .max_lifetime(100 * SECOND)
        .idle_timeout(10 * SECOND)
        .build()
        .expect("a pool");
    start_on(&pool, |pool| pool.prewarm(2).is_ok()).finish();
    until(&pool, |stats| stats.idle == 2);
    clock.advance(100 * SECOND + LATE);
    until(&pool, |stats| stats.destroyed.expired == 2 && stats.idle == 2 && stats.created == 4);
    eventually(&pool, || script.alive() == 2);
    assert_eq!(script.reasons(), [Reason::Expired; 2]);
}

#[test]
fn what_min_idle_failed_to_create_is_made_up_for() {
    let (script, clock) = (Scripted::default(), Clock::manual());
    let pool = builder(&script, &clock).max_open(4).min_idle(1).build().expect("a pool");
    until(&pool, |stats| stats.idle == 1);
    script.create.next(fail);
    let held = lease(&pool);
    eventually(&pool, || {
        clock.advance(SECOND);
        let stats = pool.stats();
        stats.create_failed == 1 && stats.idle == 1
    });
    drop(held);
}

#[test]
fn a_slow_destroy_of_the_reaped_stalls_nobody() {
    let (script, clock, pool) = short_lived(0.0);
    let gate = Gate::default();
    drop(leases(&pool, 2));
    script.destroy.always(held_at(&gate));
    clock.advance(100 * SECOND + LATE);
    gate.wait_for(1);
    // The slots are free, other objects are made, and time goes on for other pools.
    until(&pool, |stats| stats.open == 0);
    let got = leases(&pool, 64);
    assert_eq!(got.len(), 64);
    let (other, other_clock, others) = short_lived(0.0);
    drop(lease(&others));
    other_clock.advance(100 * SECOND + LATE);
    eventually(&others, || other.alive() == 0);
    gate.open();
    eventually(&pool, || script.alive() == 64);
}

#[test]
fn a_panic_in_the_destroy_of_one_reaped_leaves_a_working_pool() {
    let (script, clock, pool) = short_lived(0.0);
    drop(leases(&pool, 3));
    script.destroy.next(super::scripted::panics);
    clock.advance(100 * SECOND + LATE);
    eventually(&pool, || script.alive() == 0);
    assert_eq!(script.destroyed().len(), 3);
    drop(lease(&pool));
    clock.advance(100 * SECOND + LATE);
    eventually(&pool, || script.alive() == 0);
    assert_eq!(pool.stats().destroyed.expired, 4);
}

#[test]
fn lifetimes_of_fifty_milliseconds_are_reaped_without_traffic() {
    let script = Scripted::default();
    let pool = builder(&script, &Clock::system())
        .max_lifetime(Duration::from_millis(50))
        .build()
        .expect("a pool");
    for rounds in 1..=2 {
        drop(leases(&pool, 5));
        // By the count of the objects themselves: nobody asks the pool for anything.
        let start = std::time::Instant::now();
        while script.alive() > 0 {
            assert!(start.elapsed() < 10 * SECOND, "round {rounds}: {:?}", pool.stats());
            std::thread::yield_now();
        }
        assert!(start.elapsed() < 5 * SECOND, "round {rounds} took {:?}", start.elapsed());
    }
    assert!(script.reasons().iter().all(|why| *why == Reason::Expired));
}

#[test]
fn idle_timeouts_of_fifty_milliseconds_are_reaped_without_traffic() {
    let script = Scripted::default();
    let pool = builder(&script, &Clock::system())
        .idle_timeout(Duration::from_millis(50))
        .build()
        .expect("a pool");
    drop(leases(&pool, 5));
    eventually(&pool, || script.alive() == 0);
    assert!(script.reasons().iter().all(|why| *why == Reason::Idle));
}

#[test]
fn get_times_out_on_the_system_clock_too() {
    let script = Scripted::default();
    let pool = builder(&script, &Clock::system()).max_open(1).build().expect("a pool");
    let _held = lease(&pool);
    let limit = Duration::from_millis(20);
    let outcome = start_on(&pool, move |pool| pool.get_timeout(limit)).finish();
    assert!(matches!(
        outcome,
        Err(GetError::Timeout { waited, .. }) if waited >= limit
    ));
}

#[test]
fn durations_beyond_all_time_are_no_limit() {
    let (script, clock) = (Scripted::default(), Clock::manual());
    let pool = builder(&script, &clock)
        .max_open(1)
        .max_lifetime(Duration::MAX)
        .idle_timeout(Duration::MAX)
        .check_after(Duration::MAX)
        .hold_warn_after(Duration::MAX)
        .timeouts(super::scripted::wait_at_most(Duration::MAX))
        .build()
        .expect("a pool");
    drop(lease(&pool));
    clock.advance(Duration::from_secs(365 * 24 * 3600));
    assert_eq!(lease(&pool).number, 1);
    assert_eq!(script.check.count(), 0);
    Lease::discard(ask(&pool).finish().expect("the same"));
}

#[test]
fn getters_that_share_a_deadline_all_time_out() {
    // The deadline of one request in several threads: the very same instant may be set, may
    // fire and may be set again while one of them still sets it.
    const THREADS: usize = 4;
    let script = Scripted::default();
    let pool = builder(&script, &Clock::system()).max_open(1).build().expect("a pool");
    let held = lease(&pool);
    let barrier = std::sync::Arc::new(std::sync::Barrier::new(THREADS));
    let deadline = std::sync::Arc::new(std::sync::Mutex::new(std::time::Instant::now()));
    let getters: Vec<_> = (0..THREADS)
        .map(|_| {
            let (barrier, shared) = (barrier.clone(), deadline.clone());
            start_on(&pool, move |pool| {
                for round in 0..1000 {
                    if barrier.wait().is_leader() {
                        let soon = Duration::from_micros(20 + round % 50);
                        *shared.lock().expect("nobody panics here") =
                            std::time::Instant::now() + soon;
                    }
                    barrier.wait();
                    let deadline = *shared.lock().expect("nobody panics here");
                    let got = pool.get_with(Some(deadline), &CancelToken::new());
                    assert!(matches!(got, Err(GetError::Timeout { .. } | GetError::Exhausted)));
                }
            })
        })
        .collect();
    for getter in getters {
        getter.finish();
    }
    drop(held);
}
