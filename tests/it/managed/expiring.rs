//! `ExpiringPool`: never waits, and lets go of what idled for too long.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use poolable::managed::{Clock, DrainError, ExpiringPool, GetError, Lease, Order, Reason};

use super::scripted::{
    Diary, Gate, SECOND, Seen, assert_laws, eventually, promptly, start_on, until,
};

/// A pool of numbers on a clock, and how many of them were destroyed.
fn numbers(max_idle: usize, max_age: Duration) -> (Arc<AtomicUsize>, Clock, ExpiringPool<usize>) {
    let (gone, clock) = (Arc::new(AtomicUsize::new(0)), Clock::manual());
    let next = AtomicUsize::new(0);
    let pool = ExpiringPool::builder(move || next.fetch_add(1, Ordering::SeqCst))
        .max_idle(max_idle)
        .max_age(max_age)
        .no_reset()
        .destroy({
            let gone = Arc::clone(&gone);
            move |_| {
                gone.fetch_add(1, Ordering::SeqCst);
            }
        })
        .clock(&clock)
        .build()
        .expect("a pool");
    (gone, clock, pool)
}

#[test]
fn it_creates_whenever_none_is_idle() {
    let (_gone, _clock, pool) = numbers(4, 10 * SECOND);
    let held: Vec<_> = (0..100).map(|_| pool.get().expect("a number")).collect();
    let stats = pool.stats();
    assert_eq!((stats.in_use, stats.created, stats.waited), (100, 100, 0), "{stats:?}");
    assert_eq!(stats.max_open, None);
    drop(held);
    assert_laws(&pool.stats());
}

#[test]
fn it_keeps_no_more_idle_than_its_limit() {
    let (gone, _clock, pool) = numbers(4, 10 * SECOND);
    let held: Vec<_> = (0..10).map(|_| pool.get().expect("a number")).collect();
    drop(held);
    assert_eq!(pool.size(), 4);
    assert_eq!(gone.load(Ordering::SeqCst), 6);
    assert_eq!(pool.stats().destroyed.full, 6);
}

#[test]
fn an_expired_value_is_never_handed_out() {
    for _ in 0..50 {
        let (_gone, clock, pool) = numbers(4, 10 * SECOND);
        drop(pool.get().expect("a number"));
        clock.advance(10 * SECOND);
        assert_eq!(*pool.get().expect("a new one"), 1);
    }
}

#[test]
fn an_expired_value_is_gone_at_most_half_a_max_age_late_without_traffic() {
    let (gone, clock, pool) = numbers(8, 10 * SECOND);
    let held: Vec<_> = (0..5).map(|_| pool.get().expect("a number")).collect();
    drop(held);
    clock.advance(10 * SECOND - Duration::from_nanos(1));
    assert_eq!(pool.size(), 5);
    clock.advance(5 * SECOND + Duration::from_nanos(1));
    eventually(&pool, || gone.load(Ordering::SeqCst) == 5);
    let stats = pool.stats();
    assert_eq!((stats.idle, stats.open, stats.destroyed.idle), (0, 0, 5), "{stats:?}");
    assert_laws(&stats);
}

#[test]
fn use_begins_the_age_anew() {
    let (gone, clock, pool) = numbers(4, 10 * SECOND);
    for _ in 0..20 {
        assert_eq!(*pool.get().expect("a number"), 0);
        clock.advance(9 * SECOND);
    }
    let held = pool.get().expect("a number");
    clock.advance(100 * SECOND);
    drop(held);
    assert_eq!(*pool.get().expect("time in use does not count"), 0);
    assert_eq!(gone.load(Ordering::SeqCst), 0);
}

#[test]
fn only_what_has_expired_goes() {
    let (gone, clock, pool) = numbers(4, 10 * SECOND);
    let (old, young) = (pool.get().expect("a number"), pool.get().expect("a number"));
    drop(old);
    clock.advance(8 * SECOND);
    drop(young);
    clock.advance(7 * SECOND);
    eventually(&pool, || gone.load(Ordering::SeqCst) == 1);
    assert_eq!(*pool.get().expect("the young one"), 1);
}

#[test]
fn values_of_fifty_milliseconds_are_gone_without_traffic() {
    let gone = Arc::new(AtomicUsize::new(0));
    let pool = {
        let gone = Arc::clone(&gone);
        ExpiringPool::builder(String::new)
            .max_age(Duration::from_millis(50))
            .destroy(move |_| {
                gone.fetch_add(1, Ordering::SeqCst);
            })
            .build()
            .expect("a pool")
    };
    drop(pool.get().expect("a string"));
    let start = Instant::now();
    while gone.load(Ordering::SeqCst) == 0 {
        assert!(start.elapsed() < 10 * SECOND, "{:?}", pool.stats());
        std::thread::yield_now();
    }
    assert!(start.elapsed() >= Duration::from_millis(40), "{:?}", start.elapsed());
}

#[test]
fn values_are_kept_for_five_minutes_and_sixty_four_of_them_unless_told_otherwise() {
    let clock = Clock::manual();
    let pool = ExpiringPool::builder(String::new).clock(&clock).build().expect("a pool");
    let held: Vec<_> = (0..70).map(|_| pool.get().expect("a string")).collect();
    drop(held);
    assert_eq!(pool.size(), 64);
    clock.advance(299 * SECOND);
    assert_eq!(pool.size(), 64);
    clock.advance(151 * SECOND);
    until(&pool, |stats| stats.idle == 0);
}

#[test]
fn values_are_reset_on_return() {
    let pool = ExpiringPool::new(4, Duration::from_secs(60), String::new);
    pool.get().expect("a string").push_str("secret");
    assert_eq!(*pool.get().expect("the same string"), "");
    assert_eq!(pool.stats().created, 1);
}

#[test]
fn a_reset_of_ones_own_lifts_the_bound() {
    struct NoReset(u32);

    let pool = ExpiringPool::builder(|| NoReset(1))
        .reset(|value: &mut NoReset| value.0 += 10)
        .build()
        .expect("a pool");
    drop(pool.get().expect("a value"));
    assert_eq!(pool.get().expect("the same value").0, 11);
}

#[test]
fn a_closed_pool_refuses_gets_and_destroys_what_comes_back() {
    let (gone, _clock, pool) = numbers(4, 10 * SECOND);
    let held = pool.get().expect("a number");
    drop(pool.get().expect("a number"));
    pool.close();
    pool.close();
    assert!(pool.is_closed());
    assert_eq!(gone.load(Ordering::SeqCst), 1);
    assert!(matches!(pool.get(), Err(GetError::Closed)));
    drop(held);
    assert_eq!(gone.load(Ordering::SeqCst), 2);
    assert_eq!(pool.stats().destroyed.closed, 2);
    assert_eq!(pool.prewarm(3), 0);
    assert_eq!(pool.size(), 0);
}

#[test]
fn prewarm_and_retain_of_an_expiring_pool() {
    let (gone, clock, pool) = numbers(4, 10 * SECOND);
    assert_eq!(pool.prewarm(2), 2);
    assert_eq!(pool.prewarm(100), 2);
    assert_eq!(pool.size(), 4);
    assert_eq!(pool.retain(|number, _| *number % 2 == 0), 2);
    assert_eq!(gone.load(Ordering::SeqCst), 2);
    clock.advance(15 * SECOND);
    eventually(&pool, || gone.load(Ordering::SeqCst) == 4);
}

#[test]
fn drain_of_an_expiring_pool_waits_for_what_is_out() {
    let (gone, clock, pool) = numbers(4, 10 * SECOND);
    let held = pool.get().expect("a number");
    let deadline = clock.now() + SECOND;
    let draining = start_on(&pool, move |pool| pool.drain(deadline).is_ok());
    eventually(&pool, || pool.is_closed());
    promptly(move || drop(held));
    assert!(draining.finish());
    assert_eq!(gone.load(Ordering::SeqCst), 1);
}

#[test]
fn a_task_drains_an_expiring_pool() {
    let (destroyed, clock, pool) = numbers(4, SECOND);
    let (kept, lease) = (pool.get().expect("it creates"), pool.get().expect("it creates"));
    drop(kept);
    let cx = &mut Context::from_waker(Waker::noop());
    let mut drain = pin!(pool.drain_async(clock.now() + SECOND));
    assert!(drain.as_mut().poll(cx).is_pending());
    assert!(pool.is_closed());
    assert_eq!(destroyed.load(Ordering::SeqCst), 1, "what was idle");
    drop(lease);
    assert_eq!(drain.as_mut().poll(cx), Poll::Ready(Ok(())));
    assert_eq!(destroyed.load(Ordering::SeqCst), 2);
    assert_laws(&pool.stats());
}

#[test]
fn a_task_that_drains_an_expiring_pool_is_told_what_did_not_come() {
    let (_, clock, pool) = numbers(4, SECOND);
    let _lease = pool.get().expect("it creates");
    let cx = &mut Context::from_waker(Waker::noop());
    let mut drain = pin!(pool.drain_async(clock.now() + SECOND));
    assert!(drain.as_mut().poll(cx).is_pending());
    clock.advance(SECOND);
    let outcome = drain.as_mut().poll(cx);
    assert!(matches!(outcome, Poll::Ready(Err(DrainError { in_use: 1, .. }))), "{outcome:?}");
}

#[test]
fn a_detached_value_is_not_destroyed() {
    let (gone, _clock, pool) = numbers(4, 10 * SECOND);
    assert_eq!(Lease::detach(pool.get().expect("a number")), 0);
    Lease::discard(pool.get().expect("a number"));
    assert_eq!(gone.load(Ordering::SeqCst), 1);
    let stats = pool.stats();
    assert_eq!((stats.detached, stats.destroyed.released), (1, 1), "{stats:?}");
    assert_laws(&stats);
}

#[test]
fn order_of_an_expiring_pool() {
    for (order, expected) in [(Order::Lifo, [2, 1, 0]), (Order::Fifo, [0, 1, 2])] {
        let next = AtomicUsize::new(0);
        let pool = ExpiringPool::builder(move || next.fetch_add(1, Ordering::SeqCst))
            .order(order)
            .no_reset()
            .build()
            .expect("a pool");
        let held: Vec<_> = (0..3).map(|_| pool.get().expect("a number")).collect();
        for lease in held {
            drop(lease);
        }
        let again: Vec<_> = (0..3).map(|_| pool.get().expect("a number")).collect();
        assert_eq!(again.iter().map(|lease| **lease).collect::<Vec<_>>(), expected);
    }
}

#[test]
fn a_slow_destroy_of_expired_values_stalls_nobody() {
    let (gate, clock) = (Gate::default(), Clock::manual());
    let pool = ExpiringPool::builder(|| 0_u8)
        .max_age(10 * SECOND)
        .destroy({
            let gate = gate.clone();
            move |_| gate.pass()
        })
        .clock(&clock)
        .build()
        .expect("a pool");
    drop(pool.get().expect("a number"));
    clock.advance(15 * SECOND);
    gate.wait_for(1);
    drop(start_on(&pool, |pool| pool.get()).finish().expect("a new one"));
    assert_eq!(start_on(&pool, |pool| pool.stats()).finish().idle, 1);
    // Others are reaped meanwhile.
    let (gone, other_clock, other) = numbers(4, 10 * SECOND);
    drop(other.get().expect("a number"));
    other_clock.advance(15 * SECOND);
    eventually(&other, || gone.load(Ordering::SeqCst) == 1);
    gate.open();
}

#[test]
fn a_panic_in_create_of_an_expiring_pool_leaves_it_working() {
    let count = AtomicUsize::new(0);
    let pool = ExpiringPool::builder(move || {
        if count.fetch_add(1, Ordering::SeqCst) == 0 {
            crate::unwind();
        }
        7_u8
    })
    .build()
    .expect("a pool");
    assert!(start_on(&pool, |pool| pool.get().map(|lease| *lease)).outcome().is_err());
    let stats = pool.stats();
    assert_eq!((stats.open, stats.created), (0, 0), "{stats:?}");
    assert_eq!(*pool.get().expect("a number"), 7);
}

#[test]
fn many_threads_share_an_expiring_pool() {
    let (gone, _clock, pool) = numbers(2, 10 * SECOND);
    let workers: Vec<_> = (0..4)
        .map(|_| {
            start_on(&pool, |pool| {
                for _ in 0..500 {
                    drop(pool.get().expect("a number"));
                }
            })
        })
        .collect();
    for worker in workers {
        worker.finish();
    }
    let stats = pool.stats();
    assert_eq!((stats.borrowed, stats.returned), (2000, 2000), "{stats:?}");
    assert!(stats.idle <= 2);
    assert_eq!(stats.created, stats.idle + gone.load(Ordering::SeqCst) as u64);
}

#[test]
fn an_expiring_pool_tells_its_observer_and_of_what_is_held_too_long() {
    let (clock, diary) = (Clock::manual(), Diary::default());
    let pool = ExpiringPool::builder(String::new)
        .max_age(60 * SECOND)
        .hold_warn_after(5 * SECOND)
        .observer(diary.observer())
        .no_reset() // which keeps what was set before
        .clock(&clock)
        .build()
        .expect("a pool");
    let (held, other) = (pool.get().expect("a string"), pool.get().expect("another"));
    drop(other);
    clock.advance(6 * SECOND);
    let warning = Seen::HeldTooLong { id: 1, held: 6 * SECOND };
    eventually(&pool, || diary.has(&warning));
    clock.advance(100 * SECOND);
    drop(held);
    // What is idle is destroyed by a thread of the pool's.
    let gone = Seen::Destroyed { id: 2, reason: Reason::Idle };
    eventually(&pool, || diary.has(&gone));
    assert_eq!(
        diary.entries(),
        [Seen::Created { id: 1 }, Seen::Created { id: 2 }, warning, gone],
        "the warning once"
    );
}
