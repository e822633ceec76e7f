//! The end of a pool: `close`, `drain`, and the last handle.

use std::sync::{Arc, Barrier};

use poolable::managed::{CancelToken, Clock, GetError, Lease, Reason, ResourcePool};

use super::scripted::{
    Diary, Gate, SECOND, Scripted, Seen, ask, assert_laws, builder, eventually, held_at, lease,
    leases, pool_of, promptly, queue_up, queue_up_with, start, start_on, timed_pool_of, until,
};

#[test]
fn close_destroys_what_is_idle_and_refuses_what_comes_later() {
    let (script, diary) = (Scripted::default(), Diary::default());
    let pool = builder(&script, &Clock::manual()).observer(diary.observer()).build();
    let pool = pool.expect("a pool");
    drop(leases(&pool, 3));
    assert!(!pool.is_closed());
    start_on(&pool, |pool| pool.close()).finish();
    assert!(pool.is_closed());
    assert_eq!(script.reasons(), [Reason::Closed; 3]);
    assert_eq!(script.alive(), 0);
    assert!(diary.has(&Seen::Destroyed { id: 3, reason: Reason::Closed }));
    assert!(matches!(ask(&pool).finish(), Err(GetError::Closed)));
    assert!(matches!(pool.try_get(), Err(GetError::Closed)));
    assert!(matches!(pool.get_timeout(SECOND), Err(GetError::Closed)));
    assert!(matches!(pool.get_with(None, &CancelToken::new()), Err(GetError::Closed)));
    assert_eq!(script.create.count(), 3);
    let stats = pool.stats();
    assert_eq!((stats.open, stats.destroyed.closed), (0, 3), "{stats:?}");
    assert_laws(&stats);
}

#[test]
fn close_is_idempotent() {
    let (script, pool) = pool_of(2);
    drop(leases(&pool, 2));
    for _ in 0..3 {
        pool.close();
    }
    assert_eq!(script.destroyed().len(), 2);
}

#[test]
fn close_ends_all_waits() {
    let (_script, pool) = pool_of(1);
    let held = lease(&pool);
    let waiters: Vec<_> = (0..10).map(|_| queue_up(&pool)).collect();
    pool.close();
    for waiter in waiters {
        assert!(matches!(waiter.finish(), Err(GetError::Closed)));
    }
    assert_eq!(pool.stats().waiting, 0);
    drop(held);
}

#[test]
fn what_is_out_when_the_pool_closes_stays_usable_and_is_destroyed_on_return() {
    let (script, pool) = pool_of(2);
    let mut held = lease(&pool);
    pool.close();
    held.touched = 5;
    assert_eq!(held.touched, 5);
    assert_eq!(pool.stats().in_use, 1);
    drop(held);
    assert_eq!(script.destroyed(), [(1, Reason::Closed)]);
    assert_eq!(pool.stats().open, 0);
    assert_laws(&pool.stats());
}

#[test]
fn a_lease_can_be_detached_and_discarded_after_the_close() {
    let (script, pool) = pool_of(2);
    let (first, second) = (lease(&pool), lease(&pool));
    pool.close();
    assert_eq!(Lease::detach(first).number, 1);
    Lease::discard(second);
    assert_eq!(script.destroyed().len(), 1);
    let stats = pool.stats();
    assert_eq!((stats.open, stats.detached, stats.destroyed.total()), (0, 1, 1), "{stats:?}");
}

#[test]
fn close_against_a_concurrent_return_never_re_idles() {
    for _ in 0..500 {
        let (script, pool) = pool_of(2);
        let held = leases(&pool, 2);
        let barrier = Arc::new(Barrier::new(3));
        let returners: Vec<_> = held
            .into_iter()
            .map(|lease| {
                let barrier = Arc::clone(&barrier);
                start(move || {
                    barrier.wait();
                    drop(lease);
                })
            })
            .collect();
        barrier.wait();
        pool.close();
        for returner in returners {
            returner.finish();
        }
        let stats = pool.stats();
        assert_eq!((stats.idle, stats.open, stats.destroyed.closed), (0, 0, 2), "{stats:?}");
        assert_eq!(script.alive(), 0);
    }
}

#[test]
fn close_against_a_hand_over_loses_nothing() {
    for _ in 0..200 {
        let (script, pool) = pool_of(1);
        let held = lease(&pool);
        let waiter = queue_up(&pool);
        let returner = start(move || drop(held));
        pool.close();
        returner.finish();
        match waiter.finish() {
            Ok(lease) => drop(lease),
            Err(error) => assert!(matches!(error, GetError::Closed), "{error:?}"),
        }
        let stats = pool.stats();
        assert_eq!((stats.open, stats.destroyed.total()), (0, 1), "{stats:?}");
        assert_eq!(script.alive(), 0);
    }
}

#[test]
fn the_other_calls_on_a_closed_pool_do_nothing() {
    let (script, pool) = pool_of(2);
    pool.close();
    pool.resize(5);
    assert_eq!(pool.retain(|_, _| false), 0);
    assert_eq!(
        start_on(&pool, |pool| pool.prewarm(3).map_err(|error| error.created)).finish(),
        Err(0)
    );
    assert_eq!(script.create.count(), 0);
    assert!(pool.is_closed());
}

#[test]
fn min_idle_of_a_closed_pool_is_not_replenished() {
    let (script, clock) = (Scripted::default(), Clock::manual());
    let pool = builder(&script, &clock).max_open(4).min_idle(2).build().expect("a pool");
    let held = lease(&pool);
    until(&pool, |stats| stats.idle == 2 && stats.creating == 0);
    let created = script.create.count();
    pool.close();
    drop(held);
    clock.advance(3600 * SECOND);
    assert_eq!(pool.stats().open, 0);
    assert_eq!(script.create.count(), created);
}

#[test]
fn a_pool_is_closed_when_its_last_handle_is_dropped() {
    let (script, pool) = pool_of(2);
    drop(lease(&pool));
    let held = lease(&pool);
    let other = pool.clone();
    drop(pool);
    assert!(!other.is_closed());
    drop(lease(&other));
    promptly(move || drop(other));
    assert_eq!(held.number, 1);
    promptly(move || drop(held));
    eventually_alive(&script, 0);
    assert!(script.reasons().iter().all(|why| *why == Reason::Closed), "{:?}", script.reasons());
}

/// Waits until so many are alive; there is no pool any more to ask.
#[track_caller]
fn eventually_alive(script: &Scripted, count: u64) {
    let start = std::time::Instant::now();
    while script.alive() != count {
        assert!(start.elapsed() < 10 * SECOND, "{} are alive", script.alive());
        std::thread::yield_now();
    }
}

#[test]
fn the_last_handle_may_go_while_objects_idle_and_are_made() {
    let (script, pool) = pool_of(4);
    let gate = Gate::default();
    drop(leases(&pool, 2));
    let held = leases(&pool, 2);
    script.create.always(held_at(&gate));
    assert!(matches!(pool.try_get(), Err(GetError::Exhausted)));
    gate.wait_for(1);
    drop(held);
    promptly(move || drop(pool));
    assert_eq!(script.reasons(), [Reason::Closed; 2]);
    gate.open();
    // The one that came too late, too.
    eventually_alive(&script, 0);
}

#[test]
fn the_last_handle_may_go_on_a_thread_of_the_pools_own() {
    // A getter's own handle is the last one when it comes back from its get.
    let (script, pool) = pool_of(1);
    let gate = Gate::default();
    script.create.next(held_at(&gate));
    let getter = start({
        let pool = pool.clone();
        move || pool.get().map(|lease| lease.number)
    });
    gate.wait_for(1);
    drop(pool);
    gate.open();
    assert_eq!(getter.finish().expect("an object"), 1);
    eventually_alive(&script, 0);
}

#[test]
fn a_weak_handle_does_not_keep_the_pool_open() {
    let (script, pool) = pool_of(1);
    drop(lease(&pool));
    let weak = pool.downgrade();
    let again = weak.upgrade().expect("the pool is open");
    assert_eq!(lease(&again).number, 1);
    drop(again);
    drop(pool);
    assert!(weak.upgrade().is_none());
    assert_eq!(script.reasons(), [Reason::Closed]);
}

#[test]
fn a_lease_does_not_keep_the_pool_open() {
    let (script, pool) = pool_of(1);
    let held = lease(&pool);
    let weak = pool.downgrade();
    drop(pool);
    assert!(weak.upgrade().is_none());
    drop(held);
    assert_eq!(script.reasons(), [Reason::Closed]);
    assert_eq!(script.alive(), 0);
}

#[test]
fn drain_waits_for_what_is_out() {
    let (script, clock, pool) = timed_pool_of(3);
    let mut held = leases(&pool, 3);
    drop(held.pop());
    let deadline = clock.now() + 5 * SECOND;
    let draining = start_on(&pool, move |pool| pool.drain(deadline).is_ok());
    until(&pool, |stats| stats.open == 2 && stats.idle == 0);
    assert!(pool.is_closed());
    drop(held.pop());
    clock.advance(SECOND);
    assert_eq!(pool.stats().in_use, 1);
    drop(held.pop());
    assert!(draining.finish());
    assert_eq!(script.reasons(), [Reason::Closed; 3]);
    assert_eq!(pool.stats().open, 0);
}

#[test]
fn drain_gives_up_at_its_deadline() {
    let (script, clock, pool) = timed_pool_of(1);
    let held = lease(&pool);
    let deadline = clock.now() + 5 * SECOND;
    let draining = start_on(&pool, move |pool| pool.drain(deadline));
    eventually(&pool, || pool.is_closed());
    clock.advance(5 * SECOND);
    let error = draining.finish().expect_err("one is out");
    assert!(error.to_string().contains('1'), "{error}");
    assert!(pool.is_closed());
    drop(held);
    assert_eq!(script.reasons(), [Reason::Closed]);
    let again = start_on(&pool, move |pool| pool.drain(deadline).is_ok());
    assert!(again.finish(), "nothing is out any more");
}

#[test]
fn drain_waits_for_the_last_destroy() {
    let (script, clock, pool) = timed_pool_of(1);
    let gate = Gate::default();
    let held = lease(&pool);
    script.destroy.next(held_at(&gate));
    let returner = start(move || Lease::discard(held));
    gate.wait_for(1);
    let (now, later) = (clock.now(), clock.now() + SECOND);
    let error = start_on(&pool, move |pool| pool.drain(now)).finish().expect_err("one is ending");
    assert_eq!((error.in_use, error.creating, error.ending), (0, 0, 1), "{error}");
    let draining = start_on(&pool, move |pool| pool.drain(later).is_ok());
    gate.open();
    assert!(draining.finish());
    assert_eq!(script.alive(), 0);
    returner.finish();
}

#[test]
fn drain_waits_for_a_destroy_that_panics() {
    let (script, clock, pool) = timed_pool_of(2);
    drop(leases(&pool, 2));
    script.destroy.next(super::scripted::panics);
    assert_eq!(start_on(&pool, |pool| pool.retain(|_, _| false)).outcome().ok(), None);
    let later = clock.now() + SECOND;
    assert!(start_on(&pool, move |pool| pool.drain(later).is_ok()).finish());
    assert_eq!(script.alive(), 0);
}

#[test]
fn drain_waits_for_what_is_being_created() {
    let (script, clock, pool) = timed_pool_of(1);
    let gate = Gate::default();
    script.create.next(held_at(&gate));
    assert!(matches!(pool.try_get(), Err(GetError::Exhausted)));
    gate.wait_for(1);
    let (now, later) = (clock.now(), clock.now() + SECOND);
    let error = start_on(&pool, move |pool| pool.drain(now)).finish().expect_err("one is made");
    assert_eq!((error.in_use, error.creating, error.ending), (0, 1, 0), "{error}");
    let draining = start_on(&pool, move |pool| pool.drain(later).is_ok());
    gate.open();
    assert!(draining.finish());
    assert_eq!(script.reasons(), [Reason::Closed]);
    assert_eq!(script.alive(), 0);
}

#[test]
fn a_hook_that_drains_its_own_pool_comes_to_its_deadline() {
    let (script, clock, pool) = timed_pool_of(1);
    let weak = pool.downgrade();
    script.destroy.next(move || {
        let pool = weak.upgrade().expect("a handle is held");
        assert_eq!(pool.drain(clock.now()).expect_err("this one is ending").ending, 1);
        Ok(())
    });
    let held = lease(&pool);
    promptly(move || Lease::discard(held));
    assert!(pool.is_closed());
    assert_eq!(script.alive(), 0);
}

#[test]
fn drain_of_a_pool_at_rest_returns_at_once() {
    let (script, clock, pool) = timed_pool_of(2);
    drop(leases(&pool, 2));
    let now = clock.now();
    assert!(start_on(&pool, move |pool| pool.drain(now).is_ok()).finish());
    assert_eq!(script.alive(), 0);
}

#[test]
fn drain_does_not_wait_for_the_detached() {
    let (_script, clock, pool) = timed_pool_of(2);
    let detached = Lease::detach(lease(&pool));
    let held = lease(&pool);
    let deadline = clock.now() + SECOND;
    let draining = start_on(&pool, move |pool| pool.drain(deadline).is_ok());
    eventually(&pool, || pool.is_closed());
    let taken = Lease::detach(held);
    assert!(draining.finish());
    drop((detached, taken));
}

#[test]
fn drain_ends_all_waits() {
    let (_script, clock, pool) = timed_pool_of(1);
    let held = lease(&pool);
    let waiter = queue_up(&pool);
    let deadline = clock.now() + SECOND;
    let draining = start_on(&pool, move |pool| pool.drain(deadline).is_ok());
    assert!(matches!(waiter.finish(), Err(GetError::Closed)));
    drop(held);
    assert!(draining.finish());
}

#[test]
fn two_may_drain_at_once() {
    let (_script, clock, pool) = timed_pool_of(1);
    let held = lease(&pool);
    let deadline = clock.now() + SECOND;
    let both = [(), ()].map(|()| start_on(&pool, move |pool| pool.drain(deadline).is_ok()));
    eventually(&pool, || pool.is_closed());
    drop(held);
    for draining in both {
        assert!(draining.finish());
    }
}

#[test]
fn a_retry_that_is_due_after_the_close_does_not_come() {
    let (script, clock, diary) = (Scripted::default(), Clock::manual(), Diary::default());
    let pool: ResourcePool<Scripted> = builder(&script, &clock)
        .max_open(1)
        .retry(poolable::managed::Retry::exponential(5 * SECOND, 5 * SECOND, 3))
        .observer(diary.observer())
        .build()
        .expect("a pool");
    script.create.always(super::scripted::fail);
    let getter = queue_up_with(&pool, |pool| pool.get());
    eventually(&pool, || !diary.entries().is_empty());
    pool.close();
    assert!(matches!(getter.finish(), Err(GetError::Closed)));
    clock.advance(100 * SECOND);
    until(&pool, |stats| stats.open == 0);
    assert_eq!(script.create.count(), 1);
}

#[test]
fn a_pool_that_is_waited_for_is_not_among_the_thread_cached_ones() {
    crate::alone(|| {
        let pool = poolable::managed::BoundedPool::new(1, String::new);
        drop(pool.get().expect("an object"));
        assert!(poolable::pools().is_empty());
        let shown = poolable::report().to_string();
        let mut lines = shown.lines().skip(1);
        assert_eq!(lines.next(), Some(""), "no line of a thread-cached pool");
        poolable::maintain();
        poolable::trim_all();
        assert_eq!(pool.size(), 1);
    });
}

/// How many threads of this process belong to pools.
#[cfg(target_os = "linux")]
fn threads_of_pools() -> usize {
    std::fs::read_dir("/proc/self/task")
        .expect("the threads of this process")
        .filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok())
        .filter(|name| name.starts_with("poolable"))
        .count()
}

#[test]
#[cfg(target_os = "linux")]
fn no_thread_is_left_when_no_pool_needs_one() {
    crate::alone(|| {
        let script = Scripted::default();
        let pool = builder(&script, &Clock::system()).max_open(4).build().expect("a pool");
        let gate = Gate::default();
        script.create.next(held_at(&gate));
        let getter = queue_up(&pool);
        gate.wait_for(1);
        assert!(threads_of_pools() > 0, "a create has a thread of its own, and its name");
        gate.open();
        drop(getter.finish().expect("an object"));
        drop(leases(&pool, 4));
        pool.close();
        drop(pool);
        let start = std::time::Instant::now();
        while threads_of_pools() > 0 {
            assert!(start.elapsed() < 10 * SECOND, "{} threads are left", threads_of_pools());
            std::thread::yield_now();
        }
    });
}
