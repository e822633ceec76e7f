//! `BoundedPool`: at most so many values, made by those who get them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use poolable::Reset;
use poolable::managed::{
    BoundedPool, CancelToken, Clock, Event, GetError, Lease, Order, Reason, Stage, WhenExhausted,
};

use super::scripted::{
    Diary, Gate, SECOND, Seen, assert_laws, eventually, promptly, queue_up_with, start, start_on,
    unless_within, until, until_waiting, wait_at_most,
};

#[test]
fn a_value_is_reset_on_return() {
    let pool = BoundedPool::new(2, || String::with_capacity(64));
    let mut text = pool.get().expect("a string");
    text.push_str("secret");
    drop(text);
    let text = pool.get().expect("the same string");
    assert_eq!(*text, "");
    assert!(text.capacity() >= 64);
    assert_eq!(pool.open(), 1);
    drop(text);
    assert_eq!(pool.size(), 1);
}

#[test]
fn no_more_values_exist_than_the_maximum() {
    let made = Arc::new(AtomicUsize::new(0));
    let pool = {
        let made = Arc::clone(&made);
        BoundedPool::new(3, move || made.fetch_add(1, Ordering::SeqCst))
    };
    let workers: Vec<_> = (0..8)
        .map(|_| {
            start_on(&pool, |pool| {
                for _ in 0..100 {
                    drop(pool.get().expect("a number"));
                    let stats = pool.stats();
                    assert!(stats.open <= 3, "{stats:?}");
                }
            })
        })
        .collect();
    for worker in workers {
        worker.finish();
    }
    let stats = pool.stats();
    assert!(made.load(Ordering::SeqCst) <= 3);
    assert_eq!(stats.created, made.load(Ordering::SeqCst) as u64);
    assert_eq!((stats.borrowed, stats.returned), (800, 800), "{stats:?}");
    assert_eq!(stats.max_open, Some(3));
    assert_laws(&stats);
}

#[test]
#[should_panic(expected = "BoundedPool::new")]
fn a_maximum_of_zero_is_refused() {
    drop(BoundedPool::new(0, String::new));
}

#[test]
fn a_getter_waits_until_one_comes_back_and_gets_that_very_one() {
    let pool = BoundedPool::new(1, || Box::new(7_u32));
    let held = pool.get().expect("a box");
    let address = std::ptr::from_ref::<u32>(&held).addr();
    let getters: Vec<_> = (0..3)
        .map(|_| {
            queue_up_with(&pool, |pool| {
                pool.get().map(|lease| std::ptr::from_ref::<u32>(&lease).addr())
            })
        })
        .collect();
    drop(held);
    for getter in getters {
        assert_eq!(getter.finish().expect("a box"), address);
    }
    assert_eq!(pool.stats().created, 1);
}

#[test]
fn getters_of_a_bounded_pool_are_served_in_their_order() {
    let pool = BoundedPool::new(1, || 0_u64);
    let held = pool.get().expect("a number");
    let (send, served) = std::sync::mpsc::channel();
    for turn in 0..10_u64 {
        let send = send.clone();
        let _ = queue_up_with(&pool, move |pool| {
            let lease = pool.get().expect("a number");
            send.send(turn).expect("the test listens");
            drop(lease);
        });
    }
    drop(held);
    let order: Vec<_> = (0..10).map(|_| served.recv_timeout(10 * SECOND)).collect();
    assert_eq!(order, (0..10).map(Ok).collect::<Vec<_>>());
}

#[test]
fn a_pool_that_fails_when_exhausted_says_so() {
    let pool = BoundedPool::builder(String::new)
        .max_open(1)
        .when_exhausted(WhenExhausted::Fail)
        .build()
        .expect("a pool");
    let held = pool.get().expect("a string");
    assert!(matches!(pool.get(), Err(GetError::Exhausted)));
    drop(held);
    assert!(pool.get().is_ok());
}

#[test]
fn a_pool_that_creates_when_exhausted_frees_the_extras_on_return() {
    let pool = BoundedPool::builder(String::new)
        .max_open(2)
        .when_exhausted(WhenExhausted::Create)
        .build()
        .expect("a pool");
    let held: Vec<_> = (0..5).map(|_| pool.get().expect("a string")).collect();
    assert_eq!(pool.open(), 5);
    drop(held);
    let stats = pool.stats();
    assert_eq!((stats.idle, stats.open, stats.destroyed.full), (2, 2, 3), "{stats:?}");
    assert_eq!((stats.created, stats.borrowed, stats.returned), (5, 5, 5), "{stats:?}");
    assert_laws(&stats);
}

#[test]
fn try_get_and_timeouts_of_a_bounded_pool() {
    let clock = Clock::manual();
    let pool = BoundedPool::builder(String::new)
        .max_open(1)
        .timeouts(wait_at_most(2 * SECOND))
        .clock(&clock)
        .build()
        .expect("a pool");
    let held = pool.try_get().or_else(|_| pool.get()).expect("a string");
    assert!(matches!(pool.try_get(), Err(GetError::Exhausted)));
    assert!(matches!(pool.get_timeout(Duration::ZERO), Err(GetError::Exhausted)));
    let by_builder = queue_up_with(&pool, |pool| pool.get());
    let by_call = queue_up_with(&pool, |pool| pool.get_timeout(SECOND));
    clock.advance(SECOND);
    assert!(matches!(
        by_call.finish(),
        Err(GetError::Timeout { stage: Stage::Wait, waited, .. }) if waited == SECOND
    ));
    clock.advance(SECOND);
    assert!(matches!(
        by_builder.finish(),
        Err(GetError::Timeout { waited, .. }) if waited == 2 * SECOND
    ));
    let token = CancelToken::new();
    let cancelled = {
        let token = token.clone();
        queue_up_with(&pool, move |pool| pool.get_with(None, &token))
    };
    token.cancel();
    assert!(matches!(cancelled.finish(), Err(GetError::Cancelled)));
    drop(held);
    assert!(pool.get_timeout(Duration::ZERO).is_ok());
}

#[test]
fn create_of_a_bounded_pool_runs_on_the_getters_own_thread() {
    let pool =
        BoundedPool::builder(|| std::thread::current().id()).no_reset().build().expect("a pool");
    assert_eq!(*pool.get().expect("an id"), std::thread::current().id());
}

#[test]
fn a_slow_create_of_one_getter_holds_up_no_other() {
    let gate = Gate::default();
    let first = AtomicBool::new(true);
    let pool = {
        let gate = gate.clone();
        BoundedPool::new(2, move || {
            if first.swap(false, Ordering::SeqCst) {
                gate.pass();
            }
            0_u8
        })
    };
    let slow = start_on(&pool, |pool| pool.get());
    gate.wait_for(1);
    drop(start_on(&pool, |pool| pool.get()).finish().expect("a number"));
    assert_eq!(pool.stats().creating, 1);
    assert!(pool.try_get().is_ok());
    gate.open();
    drop(slow.finish().expect("a number"));
    assert_eq!(pool.size(), 2);
}

#[test]
fn a_panic_in_create_of_a_bounded_pool_frees_its_slot() {
    let panics = Arc::new(AtomicBool::new(true));
    let gate = Gate::default();
    let pool = {
        let (panics, gate) = (Arc::clone(&panics), gate.clone());
        BoundedPool::new(1, move || {
            if panics.swap(false, Ordering::SeqCst) {
                gate.pass();
                crate::unwind();
            }
            7_u32
        })
    };
    let first = start_on(&pool, |pool| pool.get());
    gate.wait_for(1);
    let second = queue_up_with(&pool, |pool| pool.get());
    gate.open();
    assert!(first.outcome().is_err());
    assert_eq!(*second.finish().expect("a number"), 7);
    assert_laws(&pool.stats());
}

#[test]
fn a_panic_in_the_reset_of_a_bounded_pool_frees_its_slot() {
    let pool = BoundedPool::builder(|| 0_u32)
        .max_open(1)
        .reset(|number: &mut u32| {
            if *number == 13 {
                crate::unwind();
            }
            *number = 0;
        })
        .build()
        .expect("a pool");
    let mut held = pool.get().expect("a number");
    *held = 13;
    let waiter = queue_up_with(&pool, |pool| pool.get());
    assert!(catch_unwind(AssertUnwindSafe(|| drop(held))).is_err());
    assert_eq!(*waiter.finish().expect("another number"), 0);
    let stats = pool.stats();
    assert_eq!((stats.created, stats.destroyed.panicked), (2, 1), "{stats:?}");
    assert_laws(&stats);
}

#[test]
fn a_reset_of_ones_own_takes_the_place_of_the_types() {
    struct NoReset(u32);

    let pool = BoundedPool::builder(|| NoReset(1))
        .reset(|value: &mut NoReset| value.0 += 10)
        .build()
        .expect("a pool");
    drop(pool.get().expect("a value"));
    assert_eq!(pool.get().expect("the same value").0, 11);

    let kept = BoundedPool::builder(|| NoReset(1)).no_reset().build().expect("a pool");
    kept.get().expect("a value").0 = 5;
    assert_eq!(kept.get().expect("the same value").0, 5);
}

#[test]
fn a_handed_over_value_has_been_reset() {
    let pool = BoundedPool::new(1, String::new);
    let mut held = pool.get().expect("a string");
    held.push_str("secret");
    let waiter = queue_up_with(&pool, |pool| pool.get().map(|lease| lease.clone()));
    drop(held);
    assert_eq!(waiter.finish().expect("a string"), "");
}

#[test]
fn order_and_idle_limit_of_a_bounded_pool() {
    let numbers = |order| {
        let next = AtomicUsize::new(0);
        BoundedPool::builder(move || next.fetch_add(1, Ordering::SeqCst))
            .max_open(4)
            .max_idle(3)
            .order(order)
            .no_reset()
            .build()
            .expect("a pool")
    };
    for (order, expected) in [(Order::Lifo, [2, 1, 0]), (Order::Fifo, [0, 1, 2])] {
        let pool = numbers(order);
        let held: Vec<_> = (0..4).map(|_| pool.get().expect("a number")).collect();
        for lease in held {
            drop(lease);
        }
        assert_eq!(pool.size(), 3);
        assert_eq!(pool.stats().destroyed.full, 1);
        let again: Vec<_> = (0..3).map(|_| pool.get().expect("a number")).collect();
        assert_eq!(again.iter().map(|lease| **lease).collect::<Vec<_>>(), expected);
    }
}

#[test]
fn prewarm_retain_and_resize_of_a_bounded_pool() {
    let next = AtomicUsize::new(0);
    let pool = BoundedPool::builder(move || next.fetch_add(1, Ordering::SeqCst))
        .max_open(4)
        .no_reset()
        .build()
        .expect("a pool");
    assert_eq!(pool.prewarm(3), 3);
    assert_eq!(pool.prewarm(100), 1);
    assert_eq!(pool.size(), 4);
    assert_eq!(pool.retain(|number, _| *number != 2), 1);
    assert_eq!(pool.open(), 3);
    pool.resize(1);
    assert_eq!(pool.open(), 1);
    assert_eq!(pool.stats().destroyed.resized, 2);
    let held = pool.get().expect("a number");
    let waiter = queue_up_with(&pool, |pool| pool.get());
    pool.resize(2);
    drop(waiter.finish().expect("growth wakes the waiter"));
    drop(held);
    assert_laws(&pool.stats());
}

#[test]
fn what_retain_leaves_in_a_value_is_found_by_the_next_getter() {
    let pool = BoundedPool::new(1, String::new);
    pool.get().expect("a value").push_str("reset on return");
    let refused = pool.retain(|line, _| {
        assert_eq!(line, "");
        line.push_str("left");
        true
    });
    assert_eq!((refused, pool.get().expect("the value").as_str()), (0, "left"));
}

#[test]
fn a_bounded_pool_closes_and_drains() {
    let clock = Clock::manual();
    let pool = BoundedPool::builder(String::new).max_open(2).clock(&clock).build();
    let pool = pool.expect("a pool");
    let (held, idle) = (pool.get().expect("a string"), pool.get().expect("a string"));
    drop(idle);
    pool.close();
    pool.close();
    assert!(pool.is_closed());
    assert!(matches!(pool.get(), Err(GetError::Closed)));
    assert!(matches!(pool.try_get(), Err(GetError::Closed)));
    assert_eq!((pool.size(), pool.open()), (0, 1));
    let deadline = clock.now() + SECOND;
    let draining = start_on(&pool, move |pool| pool.drain(deadline).is_ok());
    drop(held);
    assert!(draining.finish());
    assert_eq!(pool.stats().destroyed.closed, 2);
}

#[test]
fn close_of_a_bounded_pool_ends_all_waits() {
    let pool = BoundedPool::new(1, || 0_u8);
    let held = pool.get().expect("a number");
    let waiters: Vec<_> = (0..5).map(|_| queue_up_with(&pool, |pool| pool.get())).collect();
    pool.close();
    for waiter in waiters {
        assert!(matches!(waiter.finish(), Err(GetError::Closed)));
    }
    drop(held);
    assert_eq!(pool.open(), 0);
}

#[test]
fn detached_and_discarded_values_make_room() {
    let pool = BoundedPool::new(1, String::new);
    let first = queue_after(&pool, Lease::detach);
    assert_eq!(first, "");
    queue_after(&pool, Lease::discard);
    let stats = pool.stats();
    assert_eq!((stats.detached, stats.destroyed.released, stats.open), (1, 1, 1), "{stats:?}");
    assert_laws(&stats);
}

/// Ends a lease in this way while somebody waits for it.
#[track_caller]
fn queue_after<R>(pool: &BoundedPool<String>, end: impl FnOnce(Lease<String>) -> R) -> R {
    let held = pool.get().expect("a string");
    let waiter = queue_up_with(pool, |pool| pool.get());
    let ended = end(held);
    drop(waiter.finish().expect("a string"));
    ended
}

#[test]
fn a_borrower_that_panics_gives_a_bounded_pool_its_value_back_reset() {
    let pool = BoundedPool::new(1, String::new);
    assert!(crate::unwinds({
        let pool = pool.clone();
        move || {
            let mut text = pool.get().expect("a string");
            text.push_str("half done");
            crate::unwind()
        }
    }));
    assert_eq!(*pool.get().expect("a string"), "");
    assert_laws(&pool.stats());
}

/// Calls back into its pool when it is made, reset and dropped.
struct Caller(Arc<std::sync::OnceLock<BoundedPool<Caller>>>);

impl Caller {
    fn call(&self) {
        unless_within(|| {
            let Some(pool) = self.0.get() else { return };
            assert_laws(&pool.stats());
            drop(pool.try_get());
            let _ = pool.retain(|_, _| true);
            let _ = (pool.size(), pool.open(), pool.is_closed());
            pool.resize(4);
        });
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        self.call();
    }
}

#[test]
fn reset_and_drop_that_call_back_into_a_bounded_pool_do_not_hang() {
    let home = Arc::new(std::sync::OnceLock::new());
    let pool = {
        let home = Arc::clone(&home);
        BoundedPool::builder(move || {
            let value = Caller(Arc::clone(&home));
            value.call();
            value
        })
        .max_open(4)
        .reset(|value: &mut Caller| value.call())
        .build()
        .expect("a pool")
    };
    assert!(home.set(pool.clone()).is_ok());
    for _ in 0..3 {
        let held = start_on(&pool, |pool| pool.get()).finish().expect("a value");
        promptly(move || drop(held));
        let held = start_on(&pool, |pool| pool.get()).finish().expect("a value");
        promptly(move || Lease::discard(held));
    }
    start_on(&pool, |pool| pool.close()).finish();
    assert_laws(&pool.stats());
    assert_eq!(pool.size(), 0);
}

#[test]
fn a_create_of_a_bounded_pool_beside_a_return_is_each_getters_own() {
    // What comes back while a getter makes its own is for the next one.
    let gate = Gate::default();
    let count = AtomicUsize::new(0);
    let pool = {
        let gate = gate.clone();
        BoundedPool::builder(move || {
            let number = count.fetch_add(1, Ordering::SeqCst);
            if number == 1 {
                gate.pass();
            }
            number
        })
        .max_open(2)
        .no_reset()
        .build()
        .expect("a pool")
    };
    let held = pool.get().expect("a number");
    let making = start_on(&pool, |pool| pool.get());
    gate.wait_for(1);
    let waiter = queue_up_with(&pool, |pool| pool.get());
    drop(held);
    assert_eq!(*waiter.finish().expect("what came back"), 0);
    gate.open();
    assert_eq!(*making.finish().expect("its own"), 1);
}

#[test]
fn a_handle_is_cheap_to_clone_and_the_last_one_closes() {
    struct Counted(Arc<AtomicUsize>);

    impl Drop for Counted {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    impl Reset for Counted {
        fn blank() -> Self {
            Self(Arc::default())
        }

        fn reset(&mut self) {}
    }

    let gone = Arc::new(AtomicUsize::new(0));
    let pool = {
        let gone = Arc::clone(&gone);
        BoundedPool::new(4, move || Counted(Arc::clone(&gone)))
    };
    let other = pool.clone();
    let held = other.get().expect("a value");
    drop(pool.get().expect("a value"));
    drop(pool);
    assert_eq!(gone.load(Ordering::SeqCst), 0);
    drop(other);
    assert_eq!(gone.load(Ordering::SeqCst), 1);
    drop(held);
    assert_eq!(gone.load(Ordering::SeqCst), 2);
}

#[test]
fn a_waiting_getter_does_not_depend_on_the_handle_that_others_hold() {
    let pool = BoundedPool::new(1, || 0_u8);
    let held = pool.get().expect("a number");
    let getter = start({
        let pool = pool.clone();
        move || pool.get().map(|lease| *lease)
    });
    until_waiting(&pool, 1);
    drop(pool);
    drop(held);
    assert_eq!(getter.finish().expect("a number"), 0);
}

#[test]
fn stats_of_a_bounded_pool_at_rest() {
    let pool = BoundedPool::new(3, || 0_u8);
    let held: Vec<_> = (0..3).map(|_| pool.get().expect("a number")).collect();
    assert_eq!((pool.size(), pool.open()), (0, 3));
    drop(held);
    until(&pool, |stats| stats.idle == 3);
    let stats = pool.stats();
    assert_eq!((stats.created, stats.borrowed, stats.returned), (3, 3, 3));
    assert_eq!((stats.in_use, stats.checking, stats.creating, stats.waiting), (0, 0, 0, 0));
}

#[test]
fn a_lease_reads_as_its_value_does() {
    let pool = BoundedPool::builder(|| String::from("text")).no_reset().build().expect("a pool");
    let (one, other) = (pool.get().expect("a string"), pool.get().expect("a string"));
    assert_eq!(one.to_string(), "text");
    assert_eq!(format!("{one:?}"), "\"text\"");
    assert!(one == other);
    assert_eq!(one.cmp(&other), std::cmp::Ordering::Equal);
    let bytes: &[u8] = one.as_ref();
    assert_eq!(bytes, b"text");
}

#[test]
fn a_bounded_lease_that_is_held_too_long_is_told_once() {
    let (clock, diary) = (Clock::manual(), Diary::default());
    let pool = BoundedPool::builder(String::new)
        .max_open(2)
        .hold_warn_after(5 * SECOND)
        .observer(diary.observer())
        .no_reset() // which keeps what was set before
        .clock(&clock)
        .build()
        .expect("a pool");
    let warnings = || {
        let is_warning = |seen: &Seen| matches!(seen, Seen::HeldTooLong { .. });
        diary.entries().into_iter().filter(is_warning).collect::<Vec<_>>()
    };
    drop(pool.get().expect("a string"));
    let (long, short) = (pool.get().expect("the first"), pool.get().expect("another"));
    clock.advance(4 * SECOND);
    drop(short);
    clock.advance(2 * SECOND);
    eventually(&pool, || !warnings().is_empty());
    clock.advance(60 * SECOND);
    drop(long);
    // The next one is told of, which shows that those before have been.
    let next = pool.get().expect("a string");
    let id = Lease::meta(&next).id;
    clock.advance(5 * SECOND);
    eventually(&pool, || warnings().len() > 1);
    let expected = [(1, 6 * SECOND), (id, 5 * SECOND)];
    assert_eq!(warnings(), expected.map(|(id, held)| Seen::HeldTooLong { id, held }));
    drop(next);
}

#[test]
fn who_observes_a_bounded_pool_sees_what_happens_in_it() {
    let (clock, diary) = (Clock::manual(), Diary::default());
    let pool = BoundedPool::builder(|| 0_u8)
        .max_open(1)
        .timeouts(wait_at_most(10 * SECOND))
        .observer(diary.observer())
        .clock(&clock)
        .build()
        .expect("a pool");
    (0..100).for_each(|_| drop(pool.get().expect("a number")));
    let held = pool.get().expect("a number");
    assert!(pool.try_get().is_err() && pool.get_timeout(Duration::ZERO).is_err());
    assert_eq!(diary.entries(), [Seen::Created { id: 1 }], "neither hits nor who does not wait");
    let late = queue_up_with(&pool, BoundedPool::get);
    clock.advance(10 * SECOND);
    assert!(late.finish().is_err());
    let patient = queue_up_with(&pool, BoundedPool::get);
    clock.advance(3 * SECOND);
    drop(held);
    Lease::discard(patient.finish().expect("a number"));
    assert_eq!(
        diary.entries(),
        [
            Seen::Created { id: 1 },
            Seen::TimedOut { waited: 10 * SECOND },
            Seen::Waited { waited: 3 * SECOND },
            Seen::Destroyed { id: 1, reason: Reason::Released },
        ]
    );
    assert_laws(&pool.stats());
}

#[test]
fn an_observer_may_use_the_bounded_pool_that_it_observes_and_panic() {
    let cell: Arc<OnceLock<BoundedPool<String>>> = Arc::default();
    let calls = Arc::new(AtomicUsize::new(0));
    let observer = {
        let (cell, calls) = (Arc::downgrade(&cell), Arc::clone(&calls));
        move |_: &Event<'_>| {
            calls.fetch_add(1, Ordering::SeqCst);
            let Some(cell) = cell.upgrade() else { return };
            unless_within(|| {
                let pool = cell.get().expect("it is built");
                let one = pool.get().expect("there is room");
                Lease::discard(pool.get().expect("there is room"));
                drop(one);
                pool.retain(|_, _| false);
            });
            crate::unwind();
        }
    };
    let pool = BoundedPool::builder(String::new).max_open(4).observer(observer);
    let pool = pool.build().expect("a pool");
    cell.set(pool.clone()).expect("once");
    let stats = promptly(move || {
        drop(pool.get().expect("a string"));
        pool.close();
        pool.stats()
    });
    assert_eq!((stats.open, stats.created), (0, stats.destroyed.total()), "{stats:?}");
    assert_eq!(calls.load(Ordering::SeqCst) as u64, stats.created + stats.destroyed.total());
    assert!(stats.created >= 3, "{stats:?}");
    assert_laws(&stats);
}

#[test]
fn a_create_that_panics_in_its_getter_is_told() {
    let diary = Diary::default();
    let is_broken = Arc::new(AtomicBool::new(true));
    let create = {
        let is_broken = Arc::clone(&is_broken);
        move || {
            if is_broken.load(Ordering::SeqCst) {
                crate::unwind();
            }
        }
    };
    let pool = BoundedPool::builder(create).max_open(1).observer(diary.observer());
    let pool = pool.no_reset().build().expect("a pool");
    assert!(catch_unwind(AssertUnwindSafe(|| pool.get())).is_err());
    let failed = Seen::CreateFailed { error: "the create panicked".to_owned(), attempt: 1 };
    assert_eq!(diary.entries(), std::slice::from_ref(&failed));
    is_broken.store(false, Ordering::SeqCst);
    drop(pool.get().expect("its place is free"));
    assert_eq!(diary.entries(), [failed, Seen::Created { id: 1 }]);
}
