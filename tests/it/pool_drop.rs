//! Pools that are dropped: every object of theirs is dropped once, whoever holds what.

use std::cell::RefCell;
use std::mem;
use std::sync::{Arc, Barrier, mpsc};
use std::thread;

use poolable::{Pool, PooledOwned};

use crate::census::{Census, Citizen, burst};
use crate::{alone, unwind, unwinds};

#[test]
fn a_pool_dropped_while_other_threads_caches_are_full_frees_their_objects() {
    let census = Census::new();
    let pool = Arc::new(census.pool());
    let (filled, is_filled) = mpsc::channel();
    let workers: Vec<_> = (0..4)
        .map(|_| {
            let (pool, filled, census) = (Arc::clone(&pool), filled.clone(), census.clone());
            let (go_on, may_go_on) = mpsc::channel::<()>();
            let worker = thread::spawn(move || {
                burst(&pool, 64);
                drop(pool);
                filled.send(()).expect("the test waits");
                may_go_on.recv().expect("the test lives");
                // This pool gets the place of the other.
                let pool = census.pool();
                assert!(pool.try_get().is_none());
                burst(&pool, 10);
                assert_eq!(pool.stats().idle, 10);
            });
            (worker, go_on)
        })
        .collect();
    workers.iter().for_each(|_| is_filled.recv().expect("the workers live"));
    burst(&pool, 200);
    // No worker has returned objects that another took.
    assert!(census.living() >= 200 && pool.stats().idle == census.living() as u64);
    drop(Arc::into_inner(pool).expect("the workers have dropped theirs"));
    assert_eq!(census.living(), 0);
    for (worker, go_on) in workers {
        go_on.send(()).expect("the worker lives");
        worker.join().expect("no panic");
    }
    assert_eq!(census.living(), 0);
}

#[test]
fn a_pool_dropped_while_its_threads_end_frees_each_object_once() {
    let census = Census::new();
    for round in 0..300 {
        let pool = Arc::new(census.pool());
        let barrier = Arc::new(Barrier::new(3));
        let workers: Vec<_> = (0..2)
            .map(|_| {
                let (pool, barrier) = (Arc::clone(&pool), Arc::clone(&barrier));
                thread::spawn(move || {
                    burst(&pool, 100);
                    drop(pool);
                    barrier.wait();
                })
            })
            .collect();
        burst(&pool, 10);
        barrier.wait();
        drop(pool);
        for worker in workers {
            worker.join().expect("no panic");
        }
        assert_eq!(census.living(), 0, "round {round}");
    }
}

#[test]
fn a_pool_dropped_behind_a_scope_may_meet_the_ends_of_its_threads() {
    // A scope waits for the work of its threads, and not for their thread-locals.
    let census = Census::new();
    for round in 0..300 {
        let pool = census.pool();
        if round % 2 == 0 {
            burst(&pool, 10);
        }
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| burst(&pool, 100));
            }
        });
        drop(pool);
        while census.living() > 0 {
            thread::yield_now();
        }
        assert_eq!(census.living(), 0, "round {round}");
    }
}

#[test]
fn a_pool_that_its_own_idle_object_keeps_alive_dies_with_that() {
    /// Keeps the pool that it came from.
    struct Loyal {
        _citizen: Citizen,
        home: Option<Arc<Pool<Loyal>>>,
    }

    alone(|| {
        // There is no handle left to call. This ends the pool in the midst of the walk.
        let census = Census::new();
        let inside = census.clone();
        let pool = Arc::new(
            Pool::builder()
                .create(move || Loyal { _citizen: inside.birth(), home: None })
                .reset(|_: &mut Loyal| ())
                .cache(0)
                .build(),
        );
        let mut guards: Vec<_> = (0..100).map(|_| pool.get_owned()).collect();
        guards[50].home = Some(Arc::clone(&pool));
        drop((guards, pool));
        assert_eq!(census.living(), 100);
        poolable::trim_all();
        assert_eq!(census.living(), 100);
        poolable::trim_all();
        assert_eq!((census.living(), poolable::pools().len()), (0, 0));
    });
}

#[test]
fn a_pool_whose_last_handle_drops_in_an_ending_thread_frees_each_object_once() {
    thread_local! {
        static HANDLE: RefCell<Option<Arc<Pool<Citizen>>>> = const { RefCell::new(None) };
    }

    let census = Census::new();
    for is_registered_first in [true, false] {
        let pool = Arc::new(census.pool());
        burst(&pool, 100);
        let worker = thread::spawn(move || {
            if is_registered_first {
                HANDLE.set(None);
            }
            burst(&pool, 100);
            HANDLE.set(Some(pool));
        });
        worker.join().expect("no panic");
        assert_eq!(census.living(), 0, "registered first: {is_registered_first}");
    }
}

#[test]
fn a_pool_works_and_dies_inside_the_destructor_of_a_thread_local() {
    struct AtExit(Census, Pool<Citizen>);

    impl Drop for AtExit {
        fn drop(&mut self) {
            let Self(census, pool) = self;
            burst(pool, 100);
            let second = census.pool();
            burst(&second, 100);
            assert_eq!((pool.stats().idle, second.stats().idle), (100, 100));
        }
    }

    thread_local! {
        static EXIT: RefCell<Option<AtExit>> = const { RefCell::new(None) };
    }

    for meets_before in [true, false] {
        let census = Census::new();
        let inside = census.clone();
        let worker = thread::spawn(move || {
            let pool = inside.pool();
            if meets_before {
                burst(&pool, 10);
            }
            EXIT.set(Some(AtExit(inside.clone(), pool)));
            if !meets_before {
                EXIT.with_borrow(|exit| exit.iter().for_each(|AtExit(_, pool)| burst(pool, 10)));
            }
        });
        worker.join().expect("no panic");
        assert_eq!((census.living(), census.born()), (0, 200), "meets before: {meets_before}");
    }
}

#[test]
fn an_object_whose_guard_was_forgotten_is_all_that_a_dropped_pool_leaves() {
    let census = Census::new();
    let pool = census.pool();
    burst(&pool, 80);
    mem::forget(pool.get());
    mem::forget(pool.get());
    assert_eq!(pool.stats().in_use, 2);
    drop(pool);
    assert_eq!(census.living(), 2);
}

#[test]
fn the_last_of_the_owning_guards_frees_the_pool_wherever_it_drops() {
    let census = Census::new();
    for round in 0..100 {
        let pool = Arc::new(census.pool());
        let workers: Vec<_> = (0..3)
            .map(|_| {
                let guards: Vec<PooledOwned<_>> = (0..40).map(|_| pool.get_owned()).collect();
                thread::spawn(move || drop(guards))
            })
            .collect();
        drop(pool);
        for worker in workers {
            worker.join().expect("no panic");
        }
        assert_eq!(census.living(), 0, "round {round}");
    }
}

#[test]
fn a_pool_may_be_dropped_with_an_object_of_another() {
    let census = Census::new();
    let inner_census = census.clone();
    let outer: Pool<Pool<Citizen>> =
        Pool::builder().create(move || inner_census.pool()).reset(|_: &mut Pool<_>| ()).build();
    for _ in 0..3 {
        let guards: Vec<_> = (0..100).map(|_| outer.get()).collect();
        guards.iter().for_each(|pool| burst(pool, 3));
    }
    assert_eq!(census.living(), 300);
    outer.clear();
    assert_eq!(census.living(), 0);
    burst(&outer.get(), 5);
    drop(outer);
    assert_eq!(census.living(), 0);
}

/// Counts its drops, and panics at each.
struct Failing {
    _citizen: Citizen,
}

impl Drop for Failing {
    fn drop(&mut self) {
        unwind();
    }
}

fn failing(census: &Census) -> Pool<Failing> {
    let census = census.clone();
    Pool::builder()
        .create(move || Failing { _citizen: census.birth() })
        .reset(|_: &mut Failing| ())
        .build()
}

#[test]
fn objects_whose_drops_panic_are_all_dropped_with_their_pool() {
    let census = Census::new();
    let pool = failing(&census);
    burst(&pool, 100);
    assert!(unwinds(|| drop(pool)), "the panic is not hidden");
    assert_eq!((census.born(), census.living()), (100, 0));
}

#[test]
fn a_pool_dropped_while_unwinding_contains_the_panics_of_its_objects() {
    let census = Census::new();
    let pool = failing(&census);
    burst(&pool, 100);
    assert!(unwinds(|| {
        let _pool = pool;
        unwind();
    }));
    assert_eq!((census.born(), census.living()), (100, 0));
}

#[test]
fn an_ending_thread_contains_the_panics_of_a_pool_that_dies_with_it() {
    let census = Census::new();
    let pool = failing(&census);
    let worker = thread::spawn(move || {
        burst(&pool, 100);
        // Its objects are freed here, and the panic is the thread's result.
        drop(pool);
    });
    assert!(worker.join().is_err());
    assert_eq!((census.born(), census.living()), (100, 0));
}

#[test]
fn a_pool_that_others_look_at_frees_its_objects_before_its_drop_returns() {
    let (go_on, may_go_on) = mpsc::channel::<()>();
    let (has_looked, looked) = mpsc::sync_channel(0);
    thread::scope(|scope| {
        scope.spawn(move || {
            drop(poolable::pools());
            has_looked.send(()).expect("the test waits");
            while may_go_on.try_recv() == Err(mpsc::TryRecvError::Empty) {
                drop(poolable::pools());
            }
        });
        looked.recv().expect("the looker lives");
        // It looks until this is gone, be it by a panic.
        let _go_on = go_on;
        for _ in 0..5_000 {
            let census = Census::new();
            let pool = census.pool().shared();
            burst(&pool, 3);
            drop(pool);
            assert_eq!(census.living(), 0);
        }
    });
}

/// Panics in its drop, unless a panic is under way already.
struct Bomb(Citizen);

impl Drop for Bomb {
    fn drop(&mut self) {
        if !thread::panicking() {
            unwind();
        }
    }
}

#[test]
fn a_value_taken_out_by_the_last_guard_is_dropped_though_the_pools_drop_panics() {
    let census = Census::new();
    let pool = {
        let census = census.clone();
        Arc::new(Pool::builder().create(move || Bomb(census.birth())).reset(|_| ()).build())
    };
    let (kept, taken) = (pool.get_owned(), pool.get_owned());
    assert_eq!(kept.0.weight(), 0);
    drop(kept);
    drop(pool);
    assert!(unwinds(|| drop(PooledOwned::into_inner(taken))));
    assert_eq!((census.born(), census.living()), (2, 0));
}
