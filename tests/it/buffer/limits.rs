//! How much a pool of buffers keeps, and the calls that have it keep more or less.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;

use poolable::buffer::{BufferPool, PooledBuf};
use poolable::{maintain, pools, report, trim_all};

use super::{KIB, LADDER, MIB, Random, assert_conserved, class};
use crate::allocations::{allocations_in, live_bytes};
use crate::alone;

/// Takes as many buffers at once, and returns them.
fn burst(pool: &BufferPool, capacity: usize, count: usize) {
    let bufs: Vec<_> = (0..count).map(|_| pool.get(capacity)).collect();
    drop(bufs);
}

#[test]
fn a_warm_pool_gets_without_allocating() {
    let pool = BufferPool::new();
    let round = || {
        for size in LADDER {
            let mut buf = pool.get(size - 1);
            buf.extend_from_slice(b"contents");
            assert_eq!(pool.get_zeroed(10).len(), 10);
        }
        assert!(pool.get_default().is_empty());
    };
    round();
    assert_eq!(allocations_in(|| (0..1000).for_each(|_| round())), 0);
}

#[test]
fn a_get_that_misses_makes_one_block_of_the_classs_size() {
    let pool = BufferPool::new();
    burst(&pool, 10, 200);
    let held: Vec<_> = (0..200).map(|_| pool.get(10)).collect();
    let mut buf = None;
    // The block, and what holds it.
    assert!(allocations_in(|| buf = Some(pool.get(10))) <= 2);
    assert_eq!(buf.map(|buf| buf.capacity()), Some(64));
    drop(held);
}

#[test]
fn the_cache_and_the_depot_are_limited_in_each_class_on_its_own() {
    for (cache, max_idle, kept) in [(0, 0, 0), (0, 10, 10), (5, 0, 5), (8, 20, 28)] {
        let pool = BufferPool::builder().cache(cache).max_idle(max_idle).build();
        for size in [64, KIB, 4 * KIB] {
            burst(&pool, size, 100);
            let stats = class(&pool, size);
            // A cache that is full hands half of it over, and so may keep less.
            assert!(stats.idle <= kept, "{cache} {max_idle} {size}: {stats:?}");
            assert!(stats.idle >= kept.saturating_sub(cache as u64), "{stats:?}");
            assert_eq!(stats.discarded.full, 100 - stats.idle);
        }
        assert_conserved(&pool.stats());
    }
}

#[test]
fn the_limit_in_bytes_is_split_evenly_among_the_classes() {
    let pool = BufferPool::builder().sizes([KIB, 4 * KIB]).cache(0).max_bytes(100 * KIB).build();
    burst(&pool, KIB, 200);
    burst(&pool, 4 * KIB, 200);
    let (small, large) = (class(&pool, KIB), class(&pool, 4 * KIB));
    // What an idle buffer is beside its bytes is counted, too.
    assert!((45..=50).contains(&small.idle), "{small:?}");
    assert!((11..=12).contains(&large.idle), "{large:?}");
    assert_eq!(
        (small.discarded.bytes, large.discarded.bytes),
        (200 - small.idle, 200 - large.idle)
    );
    assert!(pool.stats().total().bytes_idle <= 100 * KIB as u64);

    let none = BufferPool::builder().max_bytes(0).build();
    burst(&none, 100, 50);
    assert_eq!((none.stats().total().idle, class(&none, 256).discarded.bytes), (0, 50));
}

#[test]
fn by_default_eight_mebibytes_of_each_class_are_kept() {
    let pool = BufferPool::new();
    for size in LADDER {
        burst(&pool, size, 40);
        let stats = class(&pool, size);
        let expected = (8 * MIB / size).min(40) as u64;
        assert!((expected - 1..=expected).contains(&stats.idle), "{size}: {stats:?}");
    }
    assert!(pool.stats().total().bytes_idle <= 64 * MIB as u64);
    assert_conserved(&pool.stats());
}

#[test]
fn prewarmed_buffers_are_hits_for_any_thread() {
    let pool = BufferPool::new();
    assert_eq!((pool.prewarm(5000, 20), pool.prewarm(10, 100)), (20, 100));
    assert_eq!((class(&pool, 16 * KIB).idle, class(&pool, 64).idle), (20, 100));
    thread::scope(|scope| {
        let worker = scope.spawn(|| {
            let large: Vec<_> = (0..20).map(|_| pool.get(5000)).collect();
            let small: Vec<_> = (0..100).map(|_| pool.get(64)).collect();
            assert!(large.iter().chain(&small).all(|buf| buf.is_empty()));
        });
        worker.join().expect("no panic");
    });
    let total = pool.stats().total();
    assert_eq!((total.misses, total.hits, total.created), (0, 120, 120));

    assert_eq!(pool.prewarm(2 * MIB, 10), 0, "no class is that large");
    assert_eq!(BufferPool::builder().max_idle(7).build().prewarm(100, 10), 7);
    assert_eq!(BufferPool::builder().max_bytes(0).build().prewarm(100, 10), 0);
    assert!(BufferPool::new().prewarm(MIB, 100) <= 8);
    assert_eq!(pool.prewarm(100, 0), 0);
}

#[test]
fn clear_frees_what_is_idle_in_all_classes() {
    let pool = BufferPool::new();
    let held: Vec<_> = LADDER.iter().map(|&size| pool.get(size)).collect();
    LADDER.iter().for_each(|&size| burst(&pool, size, 3));
    assert_eq!(pool.prewarm(100, 5), 5);
    pool.clear();
    let stats = pool.stats();
    for class in &stats.classes {
        assert_eq!((class.stats.idle, class.stats.in_use, class.stats.bytes_idle), (0, 1, 0));
        assert_eq!(class.stats.discarded.total(), class.stats.discarded.explicit);
    }
    drop(held);
    assert_eq!(pool.stats().total().idle, 8);
}

#[test]
fn trim_frees_in_all_classes_what_was_idle_through_two_calls() {
    let pool = BufferPool::new();
    LADDER.iter().for_each(|&size| burst(&pool, size, 4));
    pool.flush_thread_cache();
    let idle = pool.stats().total().idle;
    pool.trim();
    assert_eq!(pool.stats().total().idle, idle);
    pool.trim();
    let total = pool.stats().total();
    assert_eq!((total.idle, total.discarded.trimmed), (0, idle));
    assert_conserved(&pool.stats());
}

#[test]
fn a_flushed_cache_of_buffers_is_there_for_other_threads() {
    let pool = BufferPool::new();
    let small = &LADDER[..6];
    small.iter().for_each(|&size| burst(&pool, size, 3));
    pool.flush_thread_cache();
    let bytes: usize = small.iter().map(|size| 3 * size).sum();
    assert!(pool.stats().total().bytes_idle >= bytes as u64);
    thread::scope(|scope| {
        let worker = scope.spawn(|| small.iter().for_each(|&size| burst(&pool, size, 3)));
        worker.join().expect("no panic");
    });
    assert_eq!(pool.stats().total().misses, 18);
}

#[test]
fn the_calls_for_all_pools_reach_those_of_buffers() {
    alone(|| {
        let pool = BufferPool::builder().name("packets").build();
        LADDER.iter().for_each(|&size| burst(&pool, size, 3));
        burst(BufferPool::global(), 5000, 2);
        let shown = report().to_string();
        assert!(shown.contains("packets") && shown.contains("buffers"), "{shown}");
        let listed = pools().into_iter().filter(|info| info.name.contains("packets"));
        assert_eq!(listed.map(|info| info.stats.idle).sum::<u64>(), 24);
        assert!(!shown.contains("above"), "nothing was: {shown}");
        drop(pool.get(2 << 20));
        let listed = pools();
        let above = listed.iter().find(|info| info.name == "packets above 1 MiB");
        let above = above.expect("one was").stats;
        assert_eq!((above.misses, above.idle, above.discarded.total()), (1, 0, 1));

        let all_idle = || pool.stats().total().idle + BufferPool::global().stats().total().idle;
        assert_eq!(all_idle(), 26);
        (0..3).for_each(|_| trim_all());
        // What is in this thread's caches meets its fate when it next comes.
        LADDER.iter().for_each(|&size| drop(pool.get(size)));
        drop(BufferPool::global().get(5000));
        assert!(all_idle() <= 9, "{}", all_idle());

        pool.clear();
        burst(&pool, 5000, 100);
        (0..20).for_each(|_| maintain());
        drop(pool.get(5000));
        (0..20).for_each(|_| maintain());
        assert!(class(&pool, 16 * KIB).idle <= 1, "{:?}", class(&pool, 16 * KIB));
        drop(pool);
        assert!(!report().to_string().contains("packets"));
        assert!(pools().iter().all(|info| !info.name.contains("packets")));
    });
}

#[test]
fn the_total_is_the_sum_of_the_classes() {
    let pool = BufferPool::new();
    LADDER.iter().enumerate().for_each(|(index, &size)| burst(&pool, size, index + 1));
    PooledBuf::discard(pool.get(10));
    drop((pool.get(3 * MIB), pool.attach(vec![0; 5000])));
    assert_eq!(PooledBuf::into_inner(pool.get(100)).len(), 0);
    let (stats, held) = (pool.stats(), pool.get(10));
    let total = stats.total();
    let sum = |count: fn(&poolable::Stats) -> u64| -> u64 {
        stats.classes.iter().map(|class| count(&class.stats)).sum()
    };
    assert_eq!((total.hits, total.misses), (sum(|it| it.hits), sum(|it| it.misses)));
    assert_eq!((total.created, total.returned), (sum(|it| it.created), sum(|it| it.returned)));
    assert_eq!((total.attached, total.detached), (sum(|it| it.attached), sum(|it| it.detached)));
    assert_eq!((total.idle, total.in_use), (sum(|it| it.idle), sum(|it| it.in_use)));
    assert_eq!(total.bytes_idle, sum(|it| it.bytes_idle));
    assert_eq!(total.discarded.total(), sum(|it| it.discarded.total()));
    assert_eq!((total.created, total.misses, stats.unpooled), (36, 36, 1));
    assert!(total.hits == 2 && held.is_empty());
}

/// What a thread of the mix does, and how much is in the hands of all.
struct Mix<'a> {
    pool: &'a BufferPool,
    /// Bytes in the hands of users, those in `passing` included.
    in_use: &'a AtomicI64,
    passing: &'a Mutex<Vec<PooledBuf>>,
    random: Random,
    held: Vec<PooledBuf>,
}

impl Mix<'_> {
    fn get(&mut self) {
        let mut buf = self.pool.get(self.random.log_uniform(21));
        buf.push(1);
        self.in_use.fetch_add(buf.capacity() as i64, Ordering::Relaxed);
        self.held.push(buf);
    }

    fn give(&mut self, buf: PooledBuf) {
        self.in_use.fetch_sub(buf.capacity() as i64, Ordering::Relaxed);
        drop(buf);
    }

    fn step(&mut self) {
        match self.random.below(16) {
            0 => {
                let mut passing = self.passing.lock().expect("no panic");
                if passing.len() < 32 {
                    passing.extend(self.held.pop());
                }
            }
            1 => {
                let passed = self.passing.lock().expect("no panic").pop();
                if let Some(buf) = passed {
                    self.give(buf);
                }
            }
            _ => {}
        }
        if self.held.len() == 32 || !self.held.is_empty() && self.random.below(2) == 0 {
            let buf = self.held.swap_remove(self.random.below(self.held.len()));
            self.give(buf);
        } else {
            self.get();
        }
    }
}

/// Plays a mix of sizes on four threads, and returns the most that was idle, by the
/// allocator's word and by the pool's.
fn play(pool: &BufferPool, phases: usize, gets_of_each: usize) -> (i64, i64) {
    let (in_use, barrier) = (AtomicI64::new(0), Barrier::new(5));
    let passing = Mutex::new(Vec::with_capacity(64));
    let before = live_bytes();
    let (mut most_live, mut most_counted) = (0, 0);
    thread::scope(|scope| {
        for seed in 1..=4 {
            let (in_use, passing, barrier) = (&in_use, &passing, &barrier);
            scope.spawn(move || {
                let held = Vec::with_capacity(64);
                let mut mix = Mix { pool, in_use, passing, random: Random(seed), held };
                for phase in 0..phases {
                    let mut gets = 0;
                    while gets < gets_of_each {
                        let held = mix.held.len();
                        mix.step();
                        gets += usize::from(mix.held.len() > held);
                    }
                    if phase % 4 == 3 {
                        // At the end of a peak there is the most to be kept.
                        while let Some(buf) = mix.held.pop() {
                            mix.give(buf);
                        }
                    }
                    barrier.wait();
                    barrier.wait();
                }
                while let Some(buf) = mix.held.pop() {
                    mix.give(buf);
                }
            });
        }
        for _ in 0..phases {
            // All threads are between two steps.
            barrier.wait();
            most_live = most_live.max(live_bytes() - before - in_use.load(Ordering::Relaxed));
            most_counted = most_counted.max(pool.stats().total().bytes_idle as i64);
            barrier.wait();
        }
    });
    (most_live, most_counted)
}

/// What four threads may keep in their caches of a ladder: 1 MiB for each class whose
/// buffers they cache.
const CACHES: i64 = 4 * 6 * MIB as i64;
/// The pool's own structures, and what holds each buffer.
const STRUCTURES: i64 = MIB as i64;

#[test]
fn a_million_mixed_sizes_on_four_threads_stay_within_the_bound() {
    alone(|| {
        let pool = BufferPool::new();
        let (live, counted) = play(&pool, 100, 2500);
        assert!(counted <= 64 * MIB as i64, "{counted} bytes by the pool's count");
        assert!(live <= 64 * MIB as i64 + CACHES + STRUCTURES, "{live} bytes idle");
        assert!(live > 10 * MIB as i64, "the mix reached too little: {live}");
        let stats = pool.stats();
        let total = stats.total();
        assert!(total.hits + total.misses + stats.unpooled >= 1_000_000);
        assert!(stats.unpooled > 10_000 && total.hits > 500_000, "{stats:?}");
    });
}

#[test]
fn a_pool_of_small_bounds_stays_within_those() {
    alone(|| {
        let pool = BufferPool::builder().max_bytes(4 * MIB).cache(4).build();
        // Four of each size up to 64 KiB, on four threads.
        let cached: usize = LADDER[..6].iter().map(|size| 4 * 4 * 4 * size).sum();
        let (live, counted) = play(&pool, 30, 500);
        assert!(counted <= 4 * MIB as i64, "{counted} bytes by the pool's count");
        assert!(live <= (4 * MIB + cached) as i64 + STRUCTURES, "{live} bytes idle");
        assert!(live > MIB as i64, "the mix reached too little: {live}");
    });
}

#[test]
fn buffers_above_128_kib_are_never_cached_by_a_thread() {
    let pool = Arc::new(BufferPool::new());
    burst(&pool, 200_000, 3);
    burst(&pool, MIB, 3);
    let inside = Arc::clone(&pool);
    thread::spawn(move || {
        burst(&inside, 200_000, 3);
        burst(&inside, MIB, 3);
    })
    .join()
    .expect("no panic");
    let total = pool.stats().total();
    assert_eq!((total.misses, total.hits), (6, 6));
    assert!(total.bytes_idle >= 3 * (MIB + 256 * KIB) as u64);
}
