//! `--cfg poolable_passthrough` and `--cfg poolable_chaos`: what they do to pools.

use std::sync::Arc;
use std::thread;

use poolable::Poolable;

use crate::census::{Census, assert_conserved, burst, depot_of};
use crate::unwind;

#[derive(Poolable)]
#[pool(cache = 8)]
struct Line(Vec<u8>);

/// What a program sees of its pools but for their reuse, with the switches and without.
#[test]
fn a_program_sees_blank_objects_and_counters_that_add_up() {
    let census = Census::new();
    let pool = Arc::new(census.pool());
    for round in 0..100 {
        let mut line = Line::pooled();
        assert!(line.0.is_empty());
        line.0.push(1);
        burst(&pool, round);
        let owned = pool.get_owned();
        thread::spawn(move || drop(owned)).join().expect("no panic");
        drop(pool.attach(census.birth()));
        pool.trim();
        pool.flush_thread_cache();
    }
    let stats = pool.stats();
    assert_eq!((stats.in_use, stats.hits + stats.misses), (0, 99 * 50 + 100));
    assert_eq!(stats.idle, census.living() as u64);
    assert_conserved(&stats);
    assert_conserved(&Line::pool().stats());
    let caught = std::panic::catch_unwind(|| {
        let _line = Line::pooled();
        unwind();
    });
    assert!(caught.is_err());
    drop(pool);
    assert_eq!(census.living(), 0);
}

#[cfg(poolable_passthrough)]
#[test]
fn a_passthrough_pool_allocates_at_each_get_and_frees_at_each_return() {
    let census = Census::new();
    let pool = census.pool_with(|builder| builder.cache(100).max_idle(usize::MAX));
    for round in 0..100 {
        let citizen = pool.get();
        assert_eq!((citizen.number, census.living()), (round, 1));
    }
    let stats = pool.stats();
    assert_eq!((stats.misses, stats.hits, stats.discarded.full), (100, 0, 100));
    assert_eq!((stats.idle, stats.returned, stats.bytes_idle), (0, 100, 0));
    assert_conserved(&stats);

    (0..10).for_each(|_| assert!(Line::pooled().0.is_empty()));
    assert_eq!((Line::pool().stats().hits, Line::pool().stats().idle), (0, 0));
}

#[cfg(poolable_passthrough)]
#[test]
fn a_passthrough_pool_keeps_nothing_by_any_call() {
    let census = Census::new();
    let pool = census.pool();
    assert_eq!((pool.prewarm(10), Line::pool().prewarm(10)), (0, 0));
    pool.set_max_idle(100);
    burst(&pool, 10);
    drop(pool.attach(census.birth()));
    assert_eq!((pool.prewarm(10), pool.stats().idle, census.living()), (0, 0, 0));
    assert!(pool.try_get().is_none());
    assert_eq!(depot_of(&pool), 0);
}

#[cfg(poolable_chaos)]
#[test]
fn a_chaotic_pool_drops_one_return_in_four() {
    let census = Census::new();
    let pool = census.pool();
    for _ in 0..10_000 {
        drop(pool.get());
    }
    let stats = pool.stats();
    assert!((2200..2800).contains(&stats.discarded.full), "{stats:?}");
    assert_eq!(stats.discarded.full, stats.discarded.total());
    assert_eq!(stats.misses, stats.discarded.full + stats.idle);
    assert_conserved(&stats);

    for _ in 0..10_000 {
        Line::pooled().0.push(1);
    }
    let stats = Line::pool().stats();
    assert!((2200..2800).contains(&stats.discarded.full), "{stats:?}");
}

#[cfg(poolable_chaos)]
#[test]
fn a_chaotic_pool_hands_objects_out_in_an_order_of_its_own() {
    let census = Census::new();
    let pool = census.pool();
    burst(&pool, 200);
    let orders: Vec<Vec<u64>> = (0..2)
        .map(|_| {
            let held: Vec<_> = std::iter::from_fn(|| pool.try_get()).collect();
            held.iter().map(|citizen| citizen.number).collect()
        })
        .collect();
    for order in &orders {
        assert!(order.len() > 20, "{orders:?}");
        let is_stack = order.is_sorted_by(|before, after| before > after);
        let is_queue = order.is_sorted();
        assert!(!is_stack && !is_queue, "{order:?}");
    }
    // Two pools in one state differ.
    let other = Census::new().pool();
    burst(&other, 200);
    let held: Vec<_> = std::iter::from_fn(|| other.try_get()).collect();
    assert!(!held.iter().map(|citizen| citizen.number).eq(orders[0].iter().copied()));
}

#[cfg(poolable_chaos)]
#[test]
fn a_chaotic_pool_keeps_what_is_made_ahead() {
    let census = Census::new();
    let pool = census.pool();
    assert_eq!((pool.prewarm(100), pool.stats().idle), (100, 100));
    let held: Vec<_> = (0..100).map(|_| pool.get()).collect();
    assert_eq!((held.len(), pool.stats().misses), (100, 0));
}

#[cfg(poolable_chaos)]
#[test]
fn a_chaotic_pool_keeps_to_its_limits() {
    let census = Census::new();
    let pool = census.pool_with(|builder| builder.max_idle(10));
    burst(&pool, 1000);
    assert_eq!(pool.stats().idle, 10);
    pool.clear();
    assert_eq!((pool.stats().idle, census.living()), (0, 0));
    assert!(depot_of(&pool) == 0 && pool.prewarm(5) <= 5);
}

/// Nothing of what a pool locks stays so, though its objects come and go otherwise.
#[cfg(all(feature = "mlock", target_os = "linux"))]
#[test]
fn memory_is_locked_while_there_are_objects_and_not_longer() {
    use poolable::{MemoryLock, Pool, Wipe};

    // No other test locks memory.
    let locked = || {
        let status = std::fs::read_to_string("/proc/self/status").expect("Linux has it");
        let line = status.lines().find_map(|line| line.strip_prefix("VmLck:")).expect("a line");
        line.trim() != "0 kB"
    };
    let create = || Vec::with_capacity(100);
    let reset = |words: &mut Vec<String>| words.wipe();
    let pool = Arc::new(Pool::builder().create(create).reset(reset).lock_memory().build());
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for round in 0..100 {
                    let mut words: [_; 3] = std::array::from_fn(|_| pool.get());
                    assert!(words.iter().all(|words| words.is_empty()) && locked());
                    words[0].resize(round, "s3cr3t".to_owned());
                    words[1].reserve(round * 10);
                }
            });
        }
    });
    let MemoryLock::Locked { objects, .. } = pool.memory_lock() else {
        panic!("{}", pool.memory_lock());
    };
    assert_eq!(objects as u64, pool.stats().idle);
    drop(pool);
    assert!(!locked());
}
