//! Buffers that go from thread to thread, threads that end, and pools that are dropped.

use std::cell::RefCell;
use std::sync::{Arc, Barrier, mpsc};
use std::thread;

use poolable::buffer::{BufferPool, PooledBuf};

use super::{LADDER, Random, assert_conserved};
#[cfg(not(any(poolable_passthrough, poolable_chaos)))]
use crate::{allocations::live_bytes, alone};

/// Gets buffers of all classes, dirties them, and returns them.
fn visit(pool: &BufferPool) {
    let mut bufs: Vec<_> = LADDER.iter().map(|&size| pool.get(size)).collect();
    bufs.iter_mut().for_each(|buf| buf.extend_from_slice(b"contents"));
}

#[test]
fn buffers_got_here_and_dropped_there_are_counted() {
    let pool = Arc::new(BufferPool::new());
    let (send, receive) = mpsc::channel::<PooledBuf>();
    let inside = Arc::clone(&pool);
    let worker = thread::spawn(move || {
        for (buf, round) in receive.into_iter().zip(0_usize..) {
            assert_eq!(buf, round.to_ne_bytes());
            // And some go the other way.
            if round % 3 == 0 {
                drop(inside.get(round));
            }
        }
    });
    for round in 0_usize..10_000 {
        let mut buf = pool.get(LADDER[round % LADDER.len()].min(70_000));
        buf.extend_from_slice(&round.to_ne_bytes());
        send.send(buf).expect("the worker lives");
    }
    drop(send);
    worker.join().expect("no panic");
    let total = pool.stats().total();
    let gets = total.hits + total.misses;
    assert_eq!((total.in_use, gets, total.returned), (0, 10_000 + 3334, 10_000 + 3334));
    assert_conserved(&pool.stats());
}

#[test]
fn threads_that_all_use_one_static_pool_get_buffers_of_their_own() {
    static POOL: BufferPool = BufferPool::new();

    let workers: Vec<_> = (1..=4_u64)
        .map(|seed| {
            thread::spawn(move || {
                let mut random = Random(seed);
                let mut held: Vec<PooledBuf> = Vec::new();
                for _ in 0..5000 {
                    let mut buf = POOL.get(random.log_uniform(18));
                    buf.resize(8 + random.below(50), seed as u8);
                    held.push(buf);
                    if held.len() > 10 {
                        let buf = held.swap_remove(random.below(held.len()));
                        assert!(buf.iter().all(|&byte| byte == seed as u8));
                    }
                }
            })
        })
        .collect();
    workers.into_iter().for_each(|worker| worker.join().expect("no panic"));
    let stats = POOL.stats();
    assert_eq!((stats.total().in_use, stats.total().returned), (0, 20_000 - stats.unpooled));
    assert_conserved(&stats);
}

#[test]
fn buffers_are_got_and_dropped_in_destructors_of_thread_locals() {
    struct AtExit(Vec<PooledBuf>, Arc<BufferPool>);

    impl Drop for AtExit {
        fn drop(&mut self) {
            let Self(bufs, pool) = self;
            assert!(bufs.iter().all(|buf| buf == b"kept"));
            bufs.clear();
            visit(pool);
            visit(BufferPool::global());
            bufs.extend(LADDER.map(|size| pool.get(size)));
        }
    }

    thread_local! {
        static AT_EXIT: RefCell<Option<AtExit>> = const { RefCell::new(None) };
    }

    // What a thread learns is in a thread-local, too.
    let learns = BufferPool::builder().calibrate(true).zeroize(true).build();
    let (plain, learns) = (Arc::new(BufferPool::new()), Arc::new(learns));
    for (pool, is_registered_first) in
        [(&plain, true), (&plain, false), (&learns, true), (&learns, false)]
    {
        let inside = Arc::clone(pool);
        let worker = thread::spawn(move || {
            if is_registered_first {
                AT_EXIT.set(None);
            }
            visit(&inside);
            let mut bufs: Vec<_> = LADDER.iter().map(|&size| inside.get(size)).collect();
            bufs.iter_mut().for_each(|buf| buf.extend_from_slice(b"kept"));
            AT_EXIT.set(Some(AtExit(bufs, inside)));
        });
        worker.join().expect("no panic");
        let total = pool.stats().total();
        assert_eq!(total.in_use, 0, "registered first: {is_registered_first}");
        assert_eq!(total.returned, total.hits + total.misses);
        assert_conserved(&pool.stats());
    }
}

#[test]
fn buffers_outlive_their_pool_here_and_on_other_threads() {
    let pool = BufferPool::builder().zeroize(true).build();
    visit(&pool);
    let mut bufs: Vec<_> = [0, 100, 5000, 1 << 20, 3 << 20].map(|size| pool.get(size)).into();
    bufs.push(pool.attach(b"attached".to_vec()));
    bufs.iter_mut().for_each(|buf| buf.extend_from_slice(b"contents"));
    drop(pool);
    let others = bufs.clone();
    thread::spawn(move || {
        let mut others = others;
        others.iter_mut().for_each(|buf| buf.extend_from_slice(&[0; 5000]));
    })
    .join()
    .expect("no panic");
    assert!(bufs.iter().all(|buf| buf.ends_with(b"contents")));
    bufs.iter_mut().for_each(|buf| buf.resize(10_000, 1));
    let taken = PooledBuf::into_inner(bufs.swap_remove(1));
    assert_eq!(taken.len(), 10_000);
    PooledBuf::discard(bufs.swap_remove(1));
    // The place that the pool had goes to another, which gets none of them.
    let other = BufferPool::new();
    visit(&other);
    let before = other.stats();
    drop(bufs);
    assert_eq!(other.stats().total(), before.total());
}

/// Drops a pool while two other threads drop its buffers.
fn race(round: usize) {
    let pool = Arc::new(BufferPool::builder().cache(round % 3 * 4).build());
    let barrier = Arc::new(Barrier::new(3));
    let workers: Vec<_> = (0..2)
        .map(|worker| {
            let (pool, barrier) = (Arc::clone(&pool), Arc::clone(&barrier));
            thread::spawn(move || {
                visit(&pool);
                let mut bufs: Vec<_> = LADDER.iter().map(|&size| pool.get(size)).collect();
                // What was attached needs the pool when it is dropped, and so does what grew.
                bufs.push(pool.attach(vec![0; 300]));
                bufs[0].resize(100_000, 1);
                if worker == 0 {
                    drop(pool);
                    barrier.wait();
                } else {
                    barrier.wait();
                    drop(pool);
                }
                bufs.into_iter().for_each(drop);
            })
        })
        .collect();
    visit(&pool);
    barrier.wait();
    drop(pool);
    workers.into_iter().for_each(|worker| worker.join().expect("no panic"));
}

#[test]
fn a_pool_dropped_while_its_buffers_come_home_on_other_threads_is_of_no_harm() {
    (0..300).for_each(race);
}

#[cfg(not(any(poolable_passthrough, poolable_chaos)))]
#[test]
fn a_pool_dropped_while_its_buffers_come_home_leaves_none_behind() {
    alone(|| {
        // If a worker is the last to drop the pool, what this thread has in its cache is left
        // until it looks.
        let race_and_look = |round: usize| {
            race(round);
            poolable::maintain();
        };
        (0..30).for_each(race_and_look);
        let before = live_bytes();
        (0..300).for_each(race_and_look);
        let left = live_bytes() - before;
        assert!(left < 2000, "{left} bytes of 300 pools");
    });
}

#[cfg(not(any(poolable_passthrough, poolable_chaos)))]
#[test]
fn a_buffer_dropped_behind_its_pool_is_freed_at_once() {
    alone(|| {
        // So many that a thread cannot have a short way to each.
        let round = |_: usize| {
            let pool = BufferPool::new();
            // The ways home are trodden, and there is room at their ends.
            (0..3).for_each(|_| visit(&pool));
            let mut bufs: Vec<_> = LADDER.iter().map(|&size| pool.get(size)).collect();
            bufs.extend(LADDER.iter().map(|&size| pool.get(size)));
            drop(pool);
            drop(bufs);
        };
        round(0);
        let before = live_bytes();
        for number in 1..100 {
            round(number);
            let left = live_bytes() - before;
            assert!(left < 5000, "{left} bytes of {number} pools");
        }
    });
}

#[test]
fn a_pool_whose_last_handle_is_dropped_in_an_ending_thread_is_of_no_harm() {
    thread_local! {
        static HANDLE: RefCell<Option<Arc<BufferPool>>> = const { RefCell::new(None) };
    }

    for is_registered_first in [true, false] {
        let pool = Arc::new(BufferPool::new());
        visit(&pool);
        let buf = pool.get(100);
        let worker = thread::spawn(move || {
            if is_registered_first {
                HANDLE.set(None);
            }
            visit(&pool);
            HANDLE.set(Some(pool));
        });
        worker.join().expect("no panic");
        assert!(buf.is_empty());
    }
}

#[cfg(not(any(poolable_passthrough, poolable_chaos)))]
#[test]
fn a_dropped_pool_frees_what_is_idle_here_and_then_what_other_threads_keep() {
    alone(|| {
        // The thread's own structures, and those of the process, are made.
        visit(&BufferPool::new());
        let before = live_bytes();
        let pool = Arc::new(BufferPool::new());
        let (ready, is_ready) = mpsc::channel();
        let (go_on, may_go_on) = mpsc::channel::<()>();
        let inside = Arc::clone(&pool);
        let worker = thread::spawn(move || {
            visit(&inside);
            drop(inside);
            ready.send(()).expect("the test waits");
            may_go_on.recv().expect("the test lives");
        });
        is_ready.recv().expect("the worker lives");
        visit(&pool);
        // The large ones once, and the others in each of two caches.
        assert!(live_bytes() - before > 5 << 18, "{}", live_bytes() - before);
        drop(Arc::into_inner(pool).expect("the worker has dropped its own"));
        // The worker's cache, which has none above 128 KiB.
        assert!(live_bytes() - before < 200_000, "{}", live_bytes() - before);
        go_on.send(()).expect("the worker lives");
        worker.join().expect("no panic");
        drop((go_on, is_ready));
        assert!(live_bytes() - before < 20_000, "{}", live_bytes() - before);
    });
}

#[cfg(not(any(poolable_passthrough, poolable_chaos)))]
#[test]
fn buffers_that_come_home_after_their_pool_has_gone_are_freed_at_once() {
    alone(|| {
        let round = || {
            let pool = BufferPool::builder().sizes([65_536]).build();
            let (idle, out) = (pool.get(1), pool.get(1));
            drop(idle);
            drop(pool);
            // The sweep opens what is open to it.
            poolable::maintain();
            drop(out);
        };
        round();
        let before = live_bytes();
        (0..10).for_each(|_| round());
        assert!(live_bytes() - before < 2000, "{}", live_bytes() - before);

        // On a thread that has one idle, too.
        let (send, receive) = mpsc::channel::<PooledBuf>();
        let (done, is_done) = mpsc::channel();
        let worker = thread::spawn(move || {
            for buf in receive {
                drop(buf);
                done.send(()).expect("the test waits");
            }
        });
        let give = |buf| {
            send.send(buf).expect("the worker lives");
            is_done.recv().expect("the worker lives");
        };
        let round = || {
            let pool = BufferPool::builder().sizes([65_536]).build();
            let (idle, out) = (pool.get(1), pool.get(1));
            give(idle);
            drop(pool);
            give(out);
        };
        round();
        let before = live_bytes();
        (0..10).for_each(|_| round());
        assert!(live_bytes() - before < 2000, "{}", live_bytes() - before);
        drop(send);
        worker.join().expect("no panic");
    });
}

#[test]
fn a_thread_may_end_after_a_pool_that_it_used_has_gone() {
    for _ in 0..20 {
        // Its caches are large enough to be given back to the system.
        let pool = Arc::new(BufferPool::builder().sizes([64]).cache(1 << 16).build());
        let (send, receive) = mpsc::channel();
        let (go_on, may_go_on) = mpsc::channel::<()>();
        let inside = Arc::clone(&pool);
        let worker = thread::spawn(move || {
            drop(inside.get(1));
            let last = inside.get(1);
            drop(inside);
            send.send(last).expect("the test waits");
            may_go_on.recv().expect("the test lives");
        });
        drop(receive.recv().expect("the worker lives"));
        drop(Arc::into_inner(pool).expect("the worker has dropped its own"));
        go_on.send(()).expect("the worker lives");
        worker.join().expect("no panic");
    }
}

#[cfg(not(any(poolable_passthrough, poolable_chaos)))]
#[test]
fn pools_that_come_and_go_leave_nothing_behind() {
    alone(|| {
        let round = |round: usize| {
            // What was counted by a name stays, for the metrics.
            let number = if cfg!(feature = "metrics") { 0 } else { round };
            let pool = Arc::new(
                BufferPool::builder()
                    .calibrate(round % 2 == 0)
                    .zeroize(round % 3 == 0)
                    .name(format!("number {number}"))
                    .build(),
            );
            let mut kept = Vec::new();
            let workers: Vec<_> = (0..3)
                .map(|_| {
                    let pool = Arc::clone(&pool);
                    let mut buf = pool.get(100);
                    thread::spawn(move || {
                        visit(&pool);
                        buf.resize(10_000, 0);
                        pool.get(5000)
                    })
                })
                .collect();
            for worker in workers {
                kept.push(worker.join().expect("no panic"));
            }
            kept.push(pool.attach(vec![1; 100]));
            visit(&pool);
            drop(pool);
        };
        (0..20).for_each(round);
        let before = live_bytes();
        (20..220).for_each(round);
        let left = live_bytes() - before;
        // What of the process grows by doubling may have done so once.
        assert!(left < 2000, "{left} bytes of 200 pools");
    });
}

#[cfg(not(any(poolable_passthrough, poolable_chaos)))]
#[test]
fn threads_that_come_and_go_hand_their_buffers_over() {
    let pool = Arc::new(BufferPool::new());
    for _ in 0..50 {
        let inside = Arc::clone(&pool);
        thread::spawn(move || visit(&inside)).join().expect("no panic");
    }
    for class in pool.stats().classes {
        let stats = class.stats;
        assert_eq!((stats.created, stats.hits, stats.idle), (1, 49, 1), "{}", class.size);
    }
}
