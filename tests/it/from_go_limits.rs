//! What pools on a channel or under a mutex lose, as Go programs write them, is not lost here.
//!
//! The programs themselves are doctests of `guide::from_go::limits`.

use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use poolable::managed::{BoundedPool, Clock};

/// Spins until so many wait.
fn until_waiting(pool: &BoundedPool<String>, count: u64) {
    while pool.stats().waiting != count {
        thread::yield_now();
    }
}

#[test]
fn no_wake_up_is_lost_beyond_a_hundred() {
    const MANY: usize = 150;
    // The clock stands still, so that one who is not woken hangs and is not saved by its timeout.
    let pool = BoundedPool::builder(String::new)
        .max_open(MANY)
        .clock(&Clock::manual())
        .build()
        .expect("a pool");
    let held: Vec<_> = (0..MANY).map(|_| pool.get().expect("a string")).collect();
    let all = Barrier::new(MANY);
    thread::scope(|scope| {
        for _ in 0..MANY {
            scope.spawn(|| {
                let _line = pool.get().expect("the clock stands still");
                all.wait(); // nobody returns what another could take
            });
        }
        until_waiting(&pool, MANY as u64);
        drop(held);
    });
    let stats = pool.stats();
    assert_eq!((stats.created, stats.idle, stats.waiting), (150, 150, 0), "{stats:?}");
    assert_eq!(stats.waited, 150, "{stats:?}");
}

#[test]
fn getters_whose_time_is_up_leave_no_room_for_more_idle_ones() {
    let clock = Clock::manual();
    let pool = BoundedPool::builder(String::new)
        .max_open(3)
        .max_idle(1)
        .clock(&clock)
        .build()
        .expect("a pool");
    let held: Vec<_> = (0..3).map(|_| pool.get().expect("a string")).collect();
    thread::scope(|scope| {
        let late: Vec<_> =
            (0..3).map(|_| scope.spawn(|| pool.get_timeout(Duration::from_secs(5)))).collect();
        until_waiting(&pool, 3);
        clock.advance(Duration::from_secs(5));
        for getter in late {
            assert!(getter.join().expect("no panic").is_err());
        }
    });
    assert_eq!(pool.stats().waiting, 0);
    drop(held);
    let stats = pool.stats();
    assert_eq!((stats.idle, stats.open, stats.destroyed.full), (1, 1, 2), "{stats:?}");
}
