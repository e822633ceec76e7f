//! Memory that a load needs no longer is given back, and what it needs is not.
//!
//! `maintain` concerns all pools of the process, so each test runs alone.

use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;

use poolable::{Pool, Poolable, maintain};

use crate::alone;
use crate::census::{Census, Citizen, assert_conserved, burst, depot_of};

#[test]
fn thirty_percent_of_a_first_burst_are_left_after_three_windows() {
    alone(|| {
        let census = Census::new();
        let pool = census.pool_with(|builder| builder.max_idle(16_384));
        burst(&pool, 10_000);
        assert_eq!(pool.stats().idle, 10_000);
        (0..3).for_each(|_| maintain());
        let stats = pool.stats();
        assert!(stats.idle <= 3000, "{stats:?}");
        assert_eq!(stats.discarded.trimmed, 10_000 - stats.idle);
        assert_conserved(&stats);
        (0..20).for_each(|_| maintain());
        // What this thread keeps it keeps until it comes again.
        drop(pool.get());
        (0..20).for_each(|_| maintain());
        assert!(census.living() <= 1, "{}", census.living());
    });
}

#[test]
fn thirty_percent_of_any_burst_are_left_three_windows_after_its_own() {
    alone(|| {
        let census = Census::new();
        let pool = census.pool_with(|builder| builder.max_idle(16_384));
        for _ in 0..5 {
            burst(&pool, 100);
            maintain();
        }
        for round in 0..3 {
            burst(&pool, 10_000);
            burst(&pool, 10_000);
            // The end of the window that the bursts were in.
            maintain();
            (0..3).for_each(|_| maintain());
            let idle = pool.stats().idle;
            assert!(idle <= 3000, "round {round}: {idle}");
        }
    });
}

#[test]
fn a_burst_on_several_threads_is_given_back_too() {
    alone(|| {
        let census = Census::new();
        let pool = Arc::new(census.pool_with(|builder| builder.max_idle(16_384)));
        let (barrier, done) = (Arc::new(Barrier::new(4)), Arc::new(Barrier::new(5)));
        let workers: Vec<_> = (0..4)
            .map(|_| {
                let (pool, barrier) = (Arc::clone(&pool), Arc::clone(&barrier));
                let done = Arc::clone(&done);
                thread::spawn(move || {
                    let guards: Vec<_> = (0..2500).map(|_| pool.get()).collect();
                    barrier.wait();
                    drop(guards);
                    done.wait();
                    done.wait();
                    // Back for one object, as a thread with little to do.
                    drop(pool.get());
                })
            })
            .collect();
        done.wait();
        assert_eq!(pool.stats().idle, 10_000);
        (0..3).for_each(|_| maintain());
        let stats = pool.stats();
        assert!(stats.idle <= 3000 + 4 * 64, "{stats:?}");
        done.wait();
        workers.into_iter().for_each(|worker| worker.join().expect("no panic"));
        (0..20).for_each(|_| maintain());
        assert!(census.living() < 64, "{}", census.living());
        assert_conserved(&pool.stats());
    });
}

#[test]
fn large_objects_are_given_back_in_the_same_way() {
    alone(|| {
        let pool: Pool<Vec<u8>> =
            Pool::builder().create(|| Vec::with_capacity(200 << 10)).max_bytes(1 << 30).build();
        burst(&pool, 100);
        assert_eq!(pool.stats().idle, 100);
        (0..3).for_each(|_| maintain());
        assert!(pool.stats().idle <= 30, "{:?}", pool.stats());
    });
}

#[test]
fn a_steady_load_on_one_thread_creates_nothing_anew() {
    alone(|| {
        for in_use in [1, 10, 32, 33, 64, 65, 100, 1000] {
            let pool = Census::new().pool();
            burst(&pool, in_use);
            for _ in 0..20 {
                (0..3).for_each(|_| burst(&pool, in_use));
                maintain();
            }
            burst(&pool, in_use);
            assert_eq!(pool.stats().misses, in_use as u64, "{in_use} in use");
            assert_eq!(pool.stats().idle, in_use as u64, "and none is freed");
        }
    });
}

#[test]
fn a_steady_load_of_a_type_creates_nothing_anew() {
    #[derive(Poolable)]
    struct Line(Vec<u8>);

    alone(|| {
        for _ in 0..20 {
            let guards: Vec<_> = (0..100).map(|_| Line::pooled()).collect();
            assert!(guards.iter().all(|line| line.0.is_empty()));
            drop(guards);
            maintain();
        }
        assert_eq!(Line::pool().stats().misses, 100);
    });
}

#[test]
fn a_load_that_is_idle_in_every_other_window_creates_nothing_anew() {
    alone(|| {
        let pool = Census::new().pool();
        burst(&pool, 500);
        for _ in 0..10 {
            burst(&pool, 500);
            maintain();
            maintain();
        }
        assert_eq!(pool.stats().misses, 500);
    });
}

/// The misses after each of twenty windows, in which two threads do `work`, with a barrier
/// between them, and its number for each.
fn misses_of_two(pool: &Arc<Pool<Citizen>>, work: fn(usize, &Pool<Citizen>, &Barrier)) -> Vec<u64> {
    let (between, window) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(3)));
    let workers: Vec<_> = (0..2)
        .map(|number| {
            let (pool, between) = (Arc::clone(pool), Arc::clone(&between));
            let window = Arc::clone(&window);
            thread::spawn(move || {
                for _ in 0..20 {
                    work(number, &pool, &between);
                    window.wait();
                    window.wait();
                }
            })
        })
        .collect();
    let end_window = |_| {
        window.wait();
        maintain();
        let misses = pool.stats().misses;
        window.wait();
        misses
    };
    let misses = (0..20).map(end_window).collect();
    workers.into_iter().for_each(|worker| worker.join().expect("no panic"));
    misses
}

#[test]
fn a_steady_load_on_two_threads_creates_nothing_anew() {
    fn in_turn<const IN_USE: usize>(number: usize, pool: &Pool<Citizen>, between: &Barrier) {
        let mut guards = Vec::new();
        // Each step by one of them at a time, so that all windows are alike.
        for turn in 0..2 {
            if turn == number {
                guards.extend((0..IN_USE).map(|_| pool.get()));
            }
            between.wait();
        }
        for turn in 0..2 {
            if turn == number {
                guards.clear();
            }
            between.wait();
        }
    }

    alone(|| {
        for work in [in_turn::<1>, in_turn::<10>, in_turn::<64>, in_turn::<100>, in_turn::<400>] {
            let misses = misses_of_two(&Arc::new(Census::new().pool()), work);
            assert_eq!(misses[1], misses[19], "{misses:?}");
        }
    });
}

#[test]
fn a_load_on_two_threads_at_once_creates_what_they_can_hold_back_and_no_more() {
    const IN_USE: usize = 200;

    fn at_once(_: usize, pool: &Pool<Citizen>, between: &Barrier) {
        let guards: Vec<_> = (0..IN_USE).map(|_| pool.get()).collect();
        between.wait();
        drop(guards);
        (0..10).for_each(|_| burst(pool, IN_USE));
    }

    alone(|| {
        let pool = Arc::new(Census::new().pool());
        let misses = misses_of_two(&pool, at_once);
        // Besides what they use, each may hold back a cache.
        assert!(misses[19] <= 2 * IN_USE as u64 + 2 * 64, "{misses:?}");
        assert_conserved(&pool.stats());
    });
}

#[test]
fn a_steady_flow_from_one_thread_to_another_creates_nothing_anew() {
    alone(|| {
        for count in [1, 10, 64, 100, 500] {
            let pool = Arc::new(Census::new().pool());
            let (barrier, ship) = (Arc::new(Barrier::new(2)), Arc::new(Mutex::new(Vec::new())));
            let (inside, dock) = (Arc::clone(&barrier), Arc::clone(&ship));
            let dropper = thread::spawn(move || {
                for _ in 0..20 * 3 {
                    inside.wait();
                    drop(mem::take(&mut *dock.lock().expect("no panic")));
                    inside.wait();
                }
            });
            let mut misses = Vec::new();
            for _ in 0..20 {
                for _ in 0..3 {
                    let load: Vec<_> = (0..count).map(|_| pool.get_owned()).collect();
                    *ship.lock().expect("no panic") = load;
                    barrier.wait();
                    barrier.wait();
                }
                maintain();
                misses.push(pool.stats().misses);
            }
            dropper.join().expect("no panic");
            assert_eq!(misses[1], misses[19], "{count}: {misses:?}");
            assert!(misses[1] <= count as u64 + 64 + 64, "{count}: {misses:?}");
        }
    });
}

#[test]
fn a_thread_that_was_idle_finds_its_cache_empty_at_its_first_visit() {
    fn visit(visit_is_get: bool) {
        let pool = Arc::new(Census::new().pool());
        let guard = pool.get_owned();
        let (barrier, inside) = (Arc::new(Barrier::new(2)), Arc::clone(&pool));
        let is_met = Arc::clone(&barrier);
        let idler = thread::spawn(move || {
            burst(&inside, 40);
            is_met.wait();
            is_met.wait();
            if visit_is_get {
                let taken = inside.get();
                is_met.wait();
                is_met.wait();
                drop(taken);
            } else {
                drop(guard);
                is_met.wait();
                is_met.wait();
            }
        });
        barrier.wait();
        assert_eq!(depot_of(&pool), 0, "all are in the thread's cache");
        maintain();
        barrier.wait();
        barrier.wait();
        let found = depot_of(&pool);
        assert_eq!(found, if visit_is_get { 39 } else { 41 });
        assert_eq!(pool.stats().idle, 0);
        barrier.wait();
        idler.join().expect("no panic");
    }

    alone(|| [true, false].into_iter().for_each(visit));
}

#[test]
fn maintaining_while_threads_work_frees_nothing_twice() {
    alone(|| {
        let census = Census::new();
        let pool = Arc::new(census.pool_with(|builder| builder.cache(8)));
        let is_over = Arc::new(AtomicBool::new(false));
        let workers: Vec<_> = (0..3)
            .map(|_| {
                let (pool, is_over) = (Arc::clone(&pool), Arc::clone(&is_over));
                thread::spawn(move || {
                    let mut count = 1;
                    while !is_over.load(Ordering::Relaxed) {
                        burst(&pool, count);
                        count = count * 7 % 101;
                    }
                })
            })
            .collect();
        (0..3000).for_each(|_| maintain());
        is_over.store(true, Ordering::Relaxed);
        workers.into_iter().for_each(|worker| worker.join().expect("no panic"));
        let stats = pool.stats();
        assert_conserved(&stats);
        assert_eq!((stats.in_use, stats.idle), (0, census.living() as u64));
        drop(pool);
        assert_eq!(census.living(), 0);
    });
}
#[test]
fn a_window_costs_no_object_though_the_depot_has_no_room() {
    alone(|| {
        let pool = Census::new().pool_with(|builder| builder.max_idle(0));
        for _ in 0..20 {
            let guards: Vec<_> = (0..20).map(|_| pool.get()).collect();
            // The first visit after it is a return.
            maintain();
            drop(guards);
        }
        assert_eq!((pool.stats().misses, pool.stats().discarded.full), (20, 0));
    });
}
