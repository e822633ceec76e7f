//! Hooks that call back into their pool, and hooks that panic.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;
use std::time::Duration;

use poolable::managed::{
    CancelToken, Clock, Event, GetError, Lease, Reason, Stats, WeakResourcePool,
};

use super::scripted::{
    Gate, Outcome, SECOND, Scripted, Things, ask, assert_laws, builder, eventually, fail, held_at,
    lease, leases, panics, pool_of, promptly, queue_up, start, start_on, unless_within, until,
};

/// Where a hook finds its pool; what it holds does not keep the pool open.
#[derive(Clone, Default)]
struct Back(Arc<OnceLock<WeakResourcePool<Scripted>>>);

impl Back {
    fn to(&self, pool: &Things) {
        assert!(self.0.set(pool.downgrade()).is_ok(), "a hook has one pool");
    }

    /// Everything that can be called without waiting for another thread.
    fn calls(&self) -> impl Fn() -> Outcome + Send + Sync + 'static {
        let back = self.clone();
        move || {
            unless_within(|| {
                let Some(pool) = back.0.get().and_then(WeakResourcePool::upgrade) else { return };
                assert_laws(&pool.stats());
                // Whatever comes of it.
                drop(pool.try_get());
                drop(pool.get_timeout(Duration::ZERO));
                let _ = pool.retain(|_, _| true);
                pool.resize(pool.stats().max_open.map(|max| max as usize));
                let _ = pool.is_closed();
                let _ = format!("{pool:?}");
                let cancelled = CancelToken::new();
                cancelled.cancel();
                drop(pool.get_with(None, &cancelled));
            });
            Ok(())
        }
    }
}

/// A pool, some of whose hooks are to call back.
fn calling(hooks: impl FnOnce(&Scripted, &Back)) -> (Scripted, Things) {
    let (script, pool) = pool_of(3);
    let back = Back::default();
    hooks(&script, &back);
    back.to(&pool);
    (script, pool)
}

/// What happens to objects in their lives.
#[track_caller]
fn live(script: &Scripted, pool: &Things) {
    drop(lease(pool));
    let mut held = leases(pool, 3);
    let waiter = queue_up(pool);
    let first = held.remove(0);
    promptly(move || drop(first));
    let second = waiter.finish().expect("an object");
    promptly(move || Lease::discard(second));
    promptly(move || drop(held));
    start_on(pool, |pool| pool.retain(|thing, _| thing.number % 2 == 0)).finish();
    start_on(pool, |pool| pool.resize(1)).finish();
    drop(lease(pool));
    start_on(pool, |pool| pool.close()).finish();
    until(pool, |stats| stats.open == 0);
    eventually(pool, || script.alive() == 0);
    assert_laws(&pool.stats());
}

#[test]
fn create_that_calls_back_into_the_pool_does_not_hang() {
    let (script, pool) = calling(|script, back| script.create.always(back.calls()));
    live(&script, &pool);
}

#[test]
fn check_that_calls_back_into_the_pool_does_not_hang() {
    let (script, pool) = calling(|script, back| script.check.always(back.calls()));
    live(&script, &pool);
}

#[test]
fn on_release_that_calls_back_into_the_pool_does_not_hang() {
    let (script, pool) = calling(|script, back| script.release.always(back.calls()));
    live(&script, &pool);
}

#[test]
fn destroy_that_calls_back_into_the_pool_does_not_hang() {
    let (script, pool) = calling(|script, back| script.destroy.always(back.calls()));
    live(&script, &pool);
}

#[test]
fn drop_that_calls_back_into_the_pool_does_not_hang() {
    let (script, pool) = calling(|script, back| script.drops.always(back.calls()));
    live(&script, &pool);
}

#[test]
fn all_hooks_that_call_back_into_the_pool_do_not_hang() {
    let (script, pool) = calling(|script, back| {
        script.create.always(back.calls());
        script.check.always(back.calls());
        script.release.always(back.calls());
        script.destroy.always(back.calls());
        script.drops.always(back.calls());
    });
    live(&script, &pool);
}

#[test]
fn an_observer_that_calls_back_into_the_pool_does_not_hang() {
    let (script, back) = (Scripted::default(), Back::default());
    let calls = back.calls();
    let pool = builder(&script, &Clock::manual())
        .max_open(3)
        .observer(move |_: &Event<'_>| calls().expect("it succeeds"))
        .build()
        .expect("a pool");
    back.to(&pool);
    live(&script, &pool);
}

#[test]
fn hooks_that_close_their_pool_do_not_hang() {
    for hook in 0..5 {
        let (script, pool) = calling(|script, back| {
            let back = back.clone();
            let closes = move || {
                if let Some(pool) = back.0.get().and_then(WeakResourcePool::upgrade) {
                    pool.close();
                }
                Ok(())
            };
            match hook {
                0 => script.create.next(super::scripted::succeed).next(closes),
                1 => script.check.next(closes),
                2 => script.release.next(closes),
                3 => script.destroy.next(closes),
                _ => script.drops.next(closes),
            };
        });
        // Each hook has had its turn when this is through, or the pool was closed before.
        let outcome = start_on(&pool, |pool| -> Result<(), GetError<_>> {
            drop(pool.get()?);
            Lease::discard(pool.get()?);
            drop(pool.get()?);
            Ok(())
        })
        .finish();
        assert!(matches!(outcome, Ok(()) | Err(GetError::Closed)), "{hook}: {outcome:?}");
        until(&pool, |stats| stats.open == 0);
        eventually(&pool, || script.alive() == 0);
        assert!(pool.is_closed(), "hook {hook} was not called");
    }
}

#[test]
fn a_predicate_that_calls_back_into_the_pool_does_not_hang() {
    let (script, pool) = pool_of(3);
    drop(leases(&pool, 3));
    let gone = start_on(&pool, |pool| {
        pool.retain(|_, _| {
            assert_laws(&pool.stats());
            drop(pool.try_get());
            let _ = pool.retain(|_, _| true);
            pool.resize(3);
            true
        })
    })
    .finish();
    assert_eq!(gone, 0);
    until(&pool, |stats| stats.creating == 0);
    assert!(pool.stats().open <= 3);
    assert_eq!(script.alive(), pool.stats().open);
}

#[test]
fn a_predicate_that_closes_the_pool_does_not_hang() {
    let (script, pool) = pool_of(3);
    drop(leases(&pool, 3));
    start_on(&pool, |pool| {
        let _ = pool.retain(|_, _| {
            pool.close();
            true
        });
    })
    .finish();
    assert_eq!(pool.stats().open, 0);
    assert_eq!(script.alive(), 0);
}

#[test]
fn a_panic_in_a_predicate_poisons_nothing() {
    let (script, pool) = pool_of(4);
    drop(leases(&pool, 4));
    let mut seen = 0;
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        pool.retain(|_, _| {
            seen += 1;
            if seen == 3 {
                crate::unwind();
            }
            seen != 1
        })
    }));
    assert!(outcome.is_err());
    let stats = pool.stats();
    assert_laws(&stats);
    assert_eq!((stats.checking, stats.in_use), (0, 0), "{stats:?}");
    assert!(stats.idle >= 2, "the one that it kept, and the one it did not see: {stats:?}");
    assert_eq!(script.alive(), stats.idle);
    assert_eq!(leases(&pool, 4).len(), 4);
    assert!(pool.retain(|_, _| true) == 0);
    assert!(!pool.is_closed());
}

#[test]
fn a_panic_on_release_destroys_the_object_and_is_resumed() {
    let (script, pool) = pool_of(1);
    let held = lease(&pool);
    script.release.next(panics);
    let payload = catch_unwind(AssertUnwindSafe(|| drop(held))).expect_err("it is resumed");
    assert_eq!(payload.downcast_ref::<&str>(), Some(&"on purpose"));
    assert_eq!(script.destroyed(), [(1, Reason::Panicked)]);
    let stats = pool.stats();
    assert_eq!((stats.open, stats.destroyed.panicked, stats.returned), (0, 1, 1), "{stats:?}");
    assert_eq!(lease(&pool).number, 2);
}

#[test]
fn a_panic_on_release_of_one_who_panics_is_contained() {
    let (script, pool) = pool_of(1);
    let held = lease(&pool);
    script.release.next(panics);
    let payload = catch_unwind(AssertUnwindSafe(move || {
        let _held = held;
        std::panic::resume_unwind(Box::new("the borrower's"));
    }))
    .expect_err("it panicked");
    assert_eq!(payload.downcast_ref::<&str>(), Some(&"the borrower's"));
    assert_eq!(script.destroyed(), [(1, Reason::Panicked)]);
    assert_eq!(lease(&pool).number, 2);
}

#[test]
fn a_panic_in_destroy_is_resumed_and_leaves_a_working_pool() {
    let (script, pool) = pool_of(1);
    let held = lease(&pool);
    script.destroy.next(panics);
    assert!(catch_unwind(AssertUnwindSafe(|| Lease::discard(held))).is_err());
    let stats = pool.stats();
    assert_eq!((stats.open, stats.destroyed.total()), (0, 1), "{stats:?}");
    assert_eq!(script.alive(), 0);
    assert_eq!(lease(&pool).number, 2);
}

#[test]
fn a_panic_in_drop_is_resumed_and_leaves_a_working_pool() {
    let (script, pool) = pool_of(1);
    let held = lease(&pool);
    script.drops.next(panics);
    assert!(catch_unwind(AssertUnwindSafe(|| Lease::discard(held))).is_err());
    assert_eq!(script.alive(), 0);
    assert_eq!(lease(&pool).number, 2);
    assert_laws(&pool.stats());
}

#[test]
fn a_panic_in_the_destroy_of_one_who_panics_is_contained() {
    let (script, pool) = pool_of(1);
    let held = lease(&pool);
    script.destroy.next(panics);
    assert!(crate::unwinds(move || {
        let _held = held;
        crate::unwind()
    }));
    assert_eq!(script.destroyed(), [(1, Reason::Panicked)]);
    assert_eq!(lease(&pool).number, 2);
}

#[test]
fn a_panic_in_one_destroy_of_close_does_not_spare_the_others() {
    let (script, pool) = pool_of(3);
    drop(leases(&pool, 3));
    script.destroy.next(panics);
    let _ = catch_unwind(AssertUnwindSafe(|| pool.close()));
    assert!(pool.is_closed());
    assert_eq!(script.destroyed().len(), 3);
    assert_eq!(script.alive(), 0);
    assert_eq!(pool.stats().open, 0);
}

#[test]
fn a_panic_in_one_destroy_of_retain_leaves_a_working_pool() {
    let (script, pool) = pool_of(3);
    drop(leases(&pool, 3));
    script.destroy.next(panics);
    assert!(catch_unwind(AssertUnwindSafe(|| pool.retain(|_, _| false))).is_err());
    let stats = pool.stats();
    assert_laws(&stats);
    assert_eq!((stats.open, stats.checking), (stats.idle, 0), "{stats:?}");
    assert_eq!(script.alive(), stats.idle);
    // Whatever it did not come to.
    assert_eq!(pool.retain(|_, _| false) as u64, stats.idle);
    assert_eq!(script.alive(), 0);
}

#[test]
fn a_panic_in_an_observer_leaves_a_working_pool() {
    let script = Scripted::default();
    let pool = builder(&script, &Clock::manual())
        .max_open(2)
        .observer(|_: &Event<'_>| crate::unwind())
        .build()
        .expect("a pool");
    for _ in 0..3 {
        // Whether it is resumed in the caller or contained.
        if let Ok(Ok(lease)) = ask(&pool).outcome() {
            let _ = catch_unwind(AssertUnwindSafe(|| Lease::discard(lease)));
        }
    }
    let _ = catch_unwind(AssertUnwindSafe(|| pool.close()));
    until(&pool, |stats| stats.open == 0);
    eventually(&pool, || script.alive() == 0);
    assert_laws(&pool.stats());
}

#[test]
fn a_borrowers_panic_follows_the_policy() {
    let (script, pool) = pool_of(1);
    let broken = || {
        let pool = pool.clone();
        crate::unwinds(move || {
            let _held = pool.get().expect("an object");
            crate::unwind()
        })
    };
    assert!(broken());
    assert_eq!(script.destroyed(), [(1, Reason::Panicked)]);
    script.forgiving.store(true, Ordering::SeqCst);
    assert!(broken());
    assert_eq!(pool.stats().idle, 1);
    assert_eq!(lease(&pool).number, 2);
    assert_eq!(script.destroyed().len(), 1);
}

#[test]
fn a_panic_that_is_caught_while_its_lease_is_alive_keeps_the_object() {
    let (_script, pool) = pool_of(1);
    let held = lease(&pool);
    // Caught while the lease is alive: it is returned by a thread that does not panic.
    assert!(crate::unwinds(|| {
        let _reads = held.number;
        crate::unwind()
    }));
    drop(held);
    assert_eq!((pool.stats().idle, pool.stats().destroyed.panicked), (1, 0));
}

#[test]
fn neither_discard_nor_detach_asks_on_release() {
    let (script, pool) = pool_of(1);
    Lease::discard(lease(&pool));
    let kept = Lease::detach(lease(&pool));
    assert_eq!((kept.number, script.release.count()), (2, 0));
    drop(lease(&pool));
    assert_eq!(script.release.count(), 1);
}

#[test]
fn a_borrowers_panic_makes_room_for_one_who_waits() {
    let (_script, pool) = pool_of(1);
    let held = lease(&pool);
    let waiter = queue_up(&pool);
    assert!(crate::unwinds(move || {
        let _held = held;
        crate::unwind()
    }));
    assert_eq!(waiter.finish().expect("a new one").number, 2);
}

#[test]
fn an_open_transaction_follows_the_policy() {
    let (script, pool) = pool_of(1);
    let mut held = lease(&pool);
    held.dirty = true;
    drop(held);
    assert_eq!(script.destroyed(), [(1, Reason::Released)]);
    let stats = pool.stats();
    assert_eq!((stats.idle, stats.returned, stats.destroyed.released), (0, 1, 1), "{stats:?}");
    assert!(!lease(&pool).dirty);
}

#[test]
fn a_blocked_destroy_stalls_nobody() {
    let (script, pool) = pool_of(1);
    let gate = Gate::default();
    let held = lease(&pool);
    let waiter = queue_up(&pool);
    script.destroy.next(held_at(&gate));
    let returner = start(move || Lease::discard(held));
    gate.wait_for(1);
    // Its slot is free before it is gone.
    let got = waiter.finish().expect("a new one");
    assert_eq!(got.number, 2);
    assert_eq!(start_on(&pool, |pool| pool.stats()).finish().open, 1);
    promptly(move || drop(got));
    start_on(&pool, |pool| pool.close()).finish();
    gate.open();
    returner.finish();
    assert_eq!(script.alive(), 0);
}

#[test]
fn a_blocked_on_release_stalls_nobody() {
    let (script, pool) = pool_of(2);
    let gate = Gate::default();
    let (held, other) = (lease(&pool), lease(&pool));
    script.release.next(held_at(&gate));
    let returner = start(move || drop(held));
    gate.wait_for(1);
    let stats = start_on(&pool, |pool| pool.stats()).finish();
    assert_laws(&stats);
    assert_eq!((stats.open, stats.idle), (2, 0), "{stats:?}");
    promptly(move || drop(other));
    drop(lease(&pool));
    gate.open();
    returner.finish();
    assert_eq!(pool.stats().idle, 2);
}

#[test]
fn a_blocked_predicate_stalls_nobody() {
    let (_script, pool) = pool_of(3);
    let gate = Gate::default();
    let held = lease(&pool);
    drop(lease(&pool));
    let retain = {
        let gate = gate.clone();
        start_on(&pool, move |pool| {
            pool.retain(|_, _| {
                gate.pass();
                true
            })
        })
    };
    gate.wait_for(1);
    let stats: Stats = start_on(&pool, |pool| pool.stats()).finish();
    assert_laws(&stats);
    promptly(move || drop(held));
    drop(lease(&pool));
    gate.open();
    assert_eq!(retain.finish(), 0);
    until(&pool, |stats| stats.idle == stats.open);
}

#[test]
fn hooks_may_hold_leases_of_other_pools() {
    let (_others, other) = pool_of(1);
    let (script, pool) = pool_of(1);
    let inner = other.clone();
    script
        .create
        .always(move || inner.get().map(drop).map_err(|_| super::scripted::Refused("inner")));
    let inner = other.clone();
    script
        .destroy
        .always(move || inner.get().map(drop).map_err(|_| super::scripted::Refused("inner")));
    for _ in 0..10 {
        let held = lease(&pool);
        promptly(move || Lease::discard(held));
    }
    assert_eq!(other.stats().borrowed, 20);
    assert_eq!(other.stats().idle, 1);
}

#[test]
fn a_token_may_be_cancelled_from_a_hook() {
    let (script, pool) = pool_of(1);
    let held = lease(&pool);
    let token = CancelToken::new();
    let getter = {
        let token = token.clone();
        super::scripted::queue_up_with(&pool, move |pool| pool.get_with(None, &token).map(drop))
    };
    script.release.next({
        let token = token.clone();
        move || {
            token.cancel();
            fail()
        }
    });
    promptly(move || drop(held));
    let outcome = getter.finish();
    assert!(matches!(outcome, Ok(()) | Err(GetError::Cancelled)), "{outcome:?}");
    assert!(token.is_cancelled());
    until(&pool, |stats| stats.waiting == 0 && stats.creating == 0);
    drop(lease(&pool));
}

#[test]
fn a_create_may_take_the_clock_far_ahead() {
    let (script, clock) = (Scripted::default(), Clock::manual());
    let pool = builder(&script, &clock).max_open(1).max_lifetime(10 * SECOND).build();
    let pool = pool.expect("a pool");
    script.create.next(move || {
        clock.advance(20 * SECOND);
        Ok(())
    });
    // Lifetimes count from the moment in which the object was there.
    assert_eq!(lease(&pool).number, 1);
}

#[test]
fn hooks_run_on_the_threads_that_their_docs_name() {
    let (script, clock) = (Scripted::default(), Clock::manual());
    let pool = builder(&script, &clock).max_open(1).idle_timeout(10 * SECOND).build();
    let pool = pool.expect("a pool");
    let told = Arc::new(Mutex::new(Vec::new()));
    let tells = |hook: &'static str| {
        let told = Arc::clone(&told);
        move || {
            told.lock().expect("nobody panics here").push((hook, thread::current().id()));
            Ok(())
        }
    };
    script.create.always(tells("create"));
    script.check.always(tells("check"));
    script.release.always(tells("release"));
    script.destroy.always(tells("destroy"));
    let me = thread::current().id();
    drop(pool.get().expect("a new one"));
    Lease::discard(pool.get().expect("the same"));
    drop(pool.get().expect("a new one"));
    clock.advance(12 * SECOND);
    eventually(&pool, || script.alive() == 0);
    let told = std::mem::take(&mut *told.lock().expect("nobody panics here"));
    let on_mine: Vec<_> = told.iter().map(|&(hook, thread)| (hook, thread == me)).collect();
    assert_eq!(
        on_mine,
        [
            ("create", false),
            ("release", true),
            ("check", true),
            ("destroy", true),
            ("create", false),
            ("release", true),
            ("destroy", false),
        ]
    );
}
