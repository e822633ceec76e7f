//! What does not grow, however long a program runs.

use std::sync::{Arc, Barrier};
use std::thread;

use poolable::{Pool, Poolable, Stats, pools};

use crate::allocations::{allocations_in, live_bytes};
use crate::alone;
use crate::census::{Census, assert_conserved};

#[derive(Poolable)]
struct Request {
    path: String,
    #[pool(capacity = 100)]
    body: Vec<u8>,
}

#[derive(Poolable)]
struct Line(Vec<u8>);

fn use_requests(count: usize) {
    let mut guards: Vec<_> = (0..count).map(|_| Request::pooled()).collect();
    for request in &mut guards {
        request.path.push_str("/path");
        request.body.push(1);
    }
}

fn use_lines(count: usize) {
    let mut guards: Vec<_> = (0..count).map(|_| Line::pooled()).collect();
    guards.iter_mut().for_each(|line| line.0.push(1));
}

#[test]
fn ten_thousand_threads_in_turn_leave_no_memory_behind() {
    static STANDING: Pool<String> = Pool::new(String::new);

    alone(|| {
        let made: [Arc<Pool<Vec<u8>>>; 2] = std::array::from_fn(|_| Arc::new(Pool::new(Vec::new)));
        let visit = |thread: usize| {
            let made = made.clone();
            let worker = thread::spawn(move || {
                use_requests(10);
                use_lines(3);
                STANDING.get().push('x');
                for pool in &made {
                    let mut guards: Vec<_> = (0..20).map(|_| pool.get_owned()).collect();
                    guards.iter_mut().for_each(|bytes| bytes.push(1));
                }
            });
            worker.join().unwrap_or_else(|_| panic!("thread {thread}"));
        };
        (0..100).for_each(visit);
        let after_hundred = live_bytes();
        (100..10_000).for_each(visit);
        assert_eq!(live_bytes(), after_hundred);
        let infos = pools();
        assert_eq!(infos.len(), 5);
        for info in infos {
            assert_eq!(info.caches, 1, "one thread at a time: {info:?}");
            assert_eq!(info.stats.in_use, 0, "{info:?}");
            assert_conserved(&info.stats);
        }
        assert_eq!((Request::pool().stats().misses, STANDING.stats().misses), (10, 1));
    });
}

#[test]
fn threads_in_turn_that_each_make_pools_leave_no_memory_behind() {
    alone(|| {
        let visit = |_| {
            let worker = thread::spawn(|| {
                let census = Census::new();
                let pools: Vec<_> = (0..5).map(|_| census.pool()).collect();
                for pool in &pools {
                    drop((0..100).map(|_| pool.get()).collect::<Vec<_>>());
                }
                drop(pools);
                census.living()
            });
            assert_eq!(worker.join().expect("no panic"), 0);
        };
        (0..100).for_each(visit);
        let after_hundred = live_bytes();
        (100..1000).for_each(visit);
        assert_eq!((live_bytes(), pools().len()), (after_hundred, 0));
    });
}

#[test]
fn several_threads_alive_at_once_need_as_many_caches_and_no_more() {
    alone(|| {
        let made = Arc::new(Pool::new(Vec::<u8>::new));
        for round in 0..100 {
            let alive = 1 + round % 7;
            let barrier = Arc::new(Barrier::new(alive));
            let workers: Vec<_> = (0..alive)
                .map(|_| {
                    let (made, barrier) = (Arc::clone(&made), Arc::clone(&barrier));
                    thread::spawn(move || {
                        use_lines(5);
                        made.get().push(1);
                        barrier.wait();
                    })
                })
                .collect();
            workers.into_iter().for_each(|worker| worker.join().expect("no panic"));
        }
        for info in pools() {
            assert_eq!(info.caches, 7, "{info:?}");
        }
    });
}

/// The allocations that `work` makes when it is repeated, the first times not counted.
fn allocations_once_warm(mut work: impl FnMut()) -> u64 {
    (0..3).for_each(|_| work());
    allocations_in(|| (0..100).for_each(|_| work()))
}

#[test]
fn steady_states_allocate_nothing() {
    let made: Pool<Vec<u8>> = Pool::builder().max_idle(16_384).build();
    let owned = Arc::new(Pool::new(Vec::<u8>::new));
    assert_eq!(allocations_once_warm(|| Line::pooled().0.push(1)), 0);
    assert_eq!(allocations_once_warm(|| made.get().push(1)), 0);
    assert_eq!(allocations_once_warm(|| owned.get_owned().push(1)), 0);
    let mut guards = Vec::with_capacity(10_000);
    for count in [100, 1000, 10_000] {
        let burst = || {
            guards.extend((0..count).map(|_| made.get()));
            guards.clear();
        };
        assert_eq!(allocations_once_warm(burst), 0, "{count}");
    }
    for size in [16, 1 << 10, 64 << 10, 300 << 10] {
        let sized: Pool<Vec<u8>> = Pool::builder().create(move || Vec::with_capacity(size)).build();
        let mut guards = Vec::with_capacity(50);
        let burst = || {
            guards.extend((0..50).map(|_| sized.get()));
            guards.clear();
        };
        assert_eq!(allocations_once_warm(burst), 0, "{size}");
        assert_eq!(allocations_once_warm(|| sized.get().resize(size, 1)), 0, "{size}");
    }
}

#[test]
fn two_threads_at_work_allocate_nothing() {
    let pool = Pool::new(Vec::<u8>::new);
    let barrier = Barrier::new(2);
    let work = || {
        let mut guards = Vec::with_capacity(500);
        let mut round = || {
            guards.extend((0..500).map(|_| pool.get()));
            guards.iter_mut().for_each(|bytes| bytes.push(1));
            guards.clear();
            use_one_line();
        };
        // Both have all out at once, so that there are enough for both.
        let mut both = || {
            round();
            barrier.wait();
        };
        (0..20).for_each(|_| both());
        barrier.wait();
        allocations_in(|| (0..100).for_each(|_| round()))
    };
    let hold_all = || {
        let mut guards: Vec<_> = (0..500).map(|_| pool.get()).collect();
        guards.iter_mut().for_each(|bytes| bytes.push(1));
        let mut lines: Vec<_> = (0..40).map(|_| Line::pooled()).collect();
        lines.iter_mut().for_each(|line| line.0.push(1));
        barrier.wait();
    };
    let both = || {
        hold_all();
        work()
    };
    let allocations = thread::scope(|scope| {
        let workers = [scope.spawn(both), scope.spawn(both)];
        workers.map(|worker| worker.join().expect("no panic"))
    });
    // Either may be short of what the other holds back in its cache, until there are as
    // many more: less than two caches.
    assert!(allocations.iter().sum::<u64>() <= 2 * 2 * 64, "{allocations:?}");
    let Stats { created, in_use: 0, .. } = pool.stats() else { panic!("{:?}", pool.stats()) };
    assert!(created <= 1000 + 2 * 64, "{created}");
}

fn use_one_line() {
    Line::pooled().0.push(1);
}
