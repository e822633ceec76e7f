//! What pools hold in bytes, and in numbers while the limits change.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;

use poolable::{Pool, PoolBuilder, Poolable, PooledRef, trim_all};

use crate::allocations::live_bytes_here;
use crate::alone;
use crate::census::{Census, Citizen, assert_conserved, burst, depot_of};
use crate::conservation::Random;

const EACH: usize = size_of::<Citizen>();
const MIB: usize = 1 << 20;

/// Objects that weigh that much, returned one after the other.
fn give(pool: &Pool<Citizen>, census: &Census, weights: impl IntoIterator<Item = usize>) {
    let guards: Vec<_> = weights
        .into_iter()
        .map(|weight| {
            let mut citizen = census.birth();
            citizen.weigh(weight);
            pool.attach(citizen)
        })
        .collect();
    drop(guards);
}

#[test]
fn max_bytes_is_exact_where_every_return_is_an_exchange() {
    for (room, kept) in [(0, 0), (999, 0), (1000, 1), (1999, 1), (10_000, 10), (10_001, 10)] {
        let census = Census::new();
        let pool = census.pool_with(|builder| builder.cache(0).max_bytes(room));
        give(&pool, &census, [1000 - EACH; 50]);
        let stats = pool.stats();
        assert_eq!((stats.idle, stats.bytes_idle), (kept, kept * 1000), "{room}");
        assert_eq!((stats.discarded.bytes, stats.discarded.total()), (50 - kept, 50 - kept));
        assert_conserved(&stats);
    }
}

#[test]
fn max_bytes_of_a_type_is_as_exact() {
    const ROOM: usize = 10 * (100 + size_of::<Vec<u8>>()) + 1;

    #[derive(Poolable)]
    #[pool(cache = 0, max_bytes = ROOM)]
    struct Line {
        #[pool(capacity = 100)]
        bytes: Vec<u8>,
    }

    let guards: Vec<_> = (0..50).map(|_| Line::pooled()).collect();
    assert!(guards.iter().all(|line| line.bytes.is_empty()));
    drop(guards);
    let stats = Line::pool().stats();
    assert_eq!((stats.idle, stats.bytes_idle, stats.discarded.bytes), (10, ROOM as u64 - 1, 40));
}

#[test]
fn max_bytes_is_exact_after_an_exchange_of_every_cache() {
    let census = Census::new();
    let pool = census.pool_with(|builder| builder.max_bytes(100_000));
    thread::scope(|scope| {
        let workers: Vec<_> = (1..=4)
            .map(|seed| {
                let (pool, census) = (&pool, &census);
                scope.spawn(move || {
                    let mut random = Random(seed);
                    give(pool, census, (0..3000).map(|_| random.below(5000) as usize));
                })
            })
            .collect();
        workers.into_iter().for_each(|worker| worker.join().expect("no panic"));
    });
    // The threads have handed all over.
    let stats = pool.stats();
    assert!(stats.bytes_idle <= 100_000, "{stats:?}");
    assert_eq!(census.weight() as u64 + stats.idle * EACH as u64, stats.bytes_idle);
    assert!(stats.bytes_idle > 90_000 && stats.discarded.bytes > 0, "{stats:?}");
    assert_conserved(&stats);
}

#[test]
fn a_pool_that_may_hold_no_bytes_holds_no_object_that_has_any() {
    let census = Census::new();
    let pool = census.pool_with(|builder| builder.max_bytes(0));
    burst(&pool, 100);
    assert_eq!((pool.prewarm(5), pool.stats().idle, census.living()), (0, 0, 0));
    assert_eq!(pool.stats().discarded.bytes, 101);
    // One of no size is within any limit.
    let nothings: Pool<()> = Pool::builder().max_bytes(0).build();
    burst(&nothings, 100);
    assert_eq!(nothings.stats().idle, 100);
}

#[test]
fn limits_of_zero_keep_nothing_each_on_its_own_and_together() {
    type Limit = fn(PoolBuilder<Citizen>) -> PoolBuilder<Citizen>;
    let kept = |limit: Limit| {
        let census = Census::new();
        let pool = census.pool_with(limit);
        burst(&pool, 1000);
        let stats = pool.stats();
        assert_eq!(census.living() as u64, stats.idle);
        assert_conserved(&stats);
        (stats.idle, stats.discarded.full, stats.discarded.oversize, stats.discarded.bytes)
    };
    assert_eq!(kept(|builder| builder), (1000, 0, 0, 0));
    assert_eq!(kept(|builder| builder.max_idle(0)), (64, 936, 0, 0));
    assert_eq!(kept(|builder| builder.cache(0)), (1000, 0, 0, 0));
    assert_eq!(kept(|builder| builder.cache(0).max_idle(0)), (0, 1000, 0, 0));
    assert_eq!(kept(|builder| builder.max_object_bytes(0)), (0, 0, 1000, 0));
    assert_eq!(kept(|builder| builder.max_bytes(0)), (0, 0, 0, 1000));
    let all =
        |builder: PoolBuilder<_>| builder.cache(0).max_idle(0).max_object_bytes(0).max_bytes(0);
    assert_eq!(kept(all), (0, 0, 1000, 0));
}

#[test]
fn a_limit_on_the_object_counts_it_inline_and_on_the_heap() {
    let census = Census::new();
    for limit in [EACH, 5000, 200_000, 3 * MIB] {
        let pool = census.pool_with(|builder| builder.max_object_bytes(limit));
        give(&pool, &census, [limit - EACH]);
        assert_eq!((pool.stats().idle, pool.stats().discarded.oversize), (1, 0), "{limit}");
        give(&pool, &census, [limit - EACH + 1]);
        assert_eq!((pool.stats().idle, pool.stats().discarded.oversize), (1, 1), "{limit}");
    }
    let pool = census.pool();
    give(&pool, &census, [MIB - EACH, MIB - EACH + 1]);
    assert_eq!((pool.stats().idle, pool.stats().discarded.oversize), (1, 1), "by default");
}

#[test]
fn an_object_may_hold_four_times_what_one_held_at_birth() {
    let census = Census::new();
    let inside = census.clone();
    let create = move || {
        let mut citizen = inside.birth();
        citizen.weigh(MIB - EACH);
        citizen
    };
    let keep = |_: &mut Citizen| ();
    let pool = Pool::builder().create(create).reset(keep).measure(|it| it.weight()).build();
    drop(pool.get());
    give(&pool, &census, [4 * MIB - EACH, 4 * MIB - EACH + 1]);
    assert_eq!((pool.stats().idle, pool.stats().discarded.oversize), (2, 1));
    let limited = census.pool_with(|builder| builder.max_object_bytes(2 * MIB));
    give(&limited, &census, [2 * MIB - EACH, 2 * MIB - EACH + 1]);
    assert_eq!(limited.stats().discarded.oversize, 1, "the user's limit stands alone");
}

#[test]
fn a_spike_of_256_mib_in_one_object_is_gone_after_its_return() {
    let pool = Pool::new(Vec::<u8>::new);
    drop(pool.get());
    let before = live_bytes_here();
    let mut spike = pool.get();
    spike.reserve(256 << 20);
    assert!(live_bytes_here() - before >= 256 << 20);
    drop(spike);
    assert!(live_bytes_here() <= before, "{} bytes more", live_bytes_here() - before);
    assert_eq!(pool.stats().discarded.oversize, 1);
}

/// What a thread holds after `work`, when it is idle and the depot has been emptied.
fn held_by_an_idle_thread(
    pool: &Pool<Citizen>,
    census: &Census,
    work: impl FnOnce() + Send,
) -> (i64, i64) {
    let barrier = Barrier::new(2);
    thread::scope(|scope| {
        let worker = scope.spawn(|| {
            work();
            barrier.wait();
            barrier.wait();
        });
        barrier.wait();
        // `clear` tells the thread, but it is not coming back.
        pool.clear();
        let held = (census.weight() + census.living() * EACH as i64, census.living());
        barrier.wait();
        worker.join().expect("no panic");
        held
    })
}

/// Gets, and returns objects of other sizes than before: sizes of up to 128 KiB, of one
/// order of magnitude for a while.
fn work_at_random(pool: &Pool<Citizen>, random: &mut Random, phases: usize) {
    let mut held = Vec::new();
    for _ in 0..phases {
        let most = 1 << (7 + random.below(11));
        let least = if random.below(2) == 0 { 0 } else { most / 2 };
        let weight = |random: &mut Random| {
            ((least + random.below(most - least)) as usize).min((128 << 10) - EACH)
        };
        for _ in 0..random.below(300) {
            if random.below(5) < 2 {
                held.push(pool.get());
            } else if !held.is_empty() {
                let index = random.below(held.len() as u64) as usize;
                let mut guard = held.swap_remove(index);
                guard.weigh(weight(random));
            }
        }
        match random.below(8) {
            0 => pool.flush_thread_cache(),
            1 => held.clear(),
            _ => {}
        }
        for _ in 0..random.below(100) {
            held.push(pool.get());
        }
    }
    let weight = 1 << (7 + random.below(11));
    for mut guard in held {
        guard.weigh(((weight - 1 - random.below(weight / 4)) as usize).min((128 << 10) - EACH));
    }
}

#[test]
fn an_idle_thread_holds_one_mebibyte_at_most_of_objects_of_any_sizes() {
    let mut most = 0;
    for seed in 1..=100 {
        let census = Census::new();
        let pool = census.pool();
        let work = || work_at_random(&pool, &mut Random(seed), 30);
        let (held, _) = held_by_an_idle_thread(&pool, &census, work);
        assert!(held <= MIB as i64, "seed {seed}: {held} bytes");
        most = most.max(held);
    }
    assert!(most > MIB as i64 / 2, "the mix reached too little: {most}");
}

#[test]
fn an_idle_thread_holds_one_mebibyte_at_most_though_the_depot_is_full() {
    let mut most = 0;
    for seed in 1..=100 {
        let census = Census::new();
        let pool = census.pool_with(|builder| builder.max_idle((seed % 3) as usize * 10));
        let work = || work_at_random(&pool, &mut Random(seed), 30);
        let (held, _) = held_by_an_idle_thread(&pool, &census, work);
        assert!(held <= MIB as i64, "seed {seed}: {held} bytes");
        most = most.max(held);
    }
    assert!(most > MIB as i64 / 2, "the mix reached too little: {most}");
}

#[test]
fn a_cache_that_the_user_sized_stands_alone() {
    for count in [1, 8, 100] {
        let census = Census::new();
        let pool = census.pool_with(|builder| builder.cache(count));
        let work = || give(&pool, &census, vec![(128 << 10) - EACH; count]);
        let (held, objects) = held_by_an_idle_thread(&pool, &census, work);
        assert_eq!((held, objects), ((count * (128 << 10)) as i64, count as i64));
    }
}

#[test]
fn no_thread_holds_an_object_above_128_kib() {
    let census = Census::new();
    for cache in [1, 64, 1000] {
        let pool = census.pool_with(|builder| builder.cache(cache));
        let too_big = (128 << 10) - EACH + 1;
        let work = || give(&pool, &census, [too_big, 500 << 10, too_big, 900 << 10]);
        assert_eq!(held_by_an_idle_thread(&pool, &census, work), (0, 0), "{cache}");
    }
}

#[test]
fn small_objects_are_taken_before_large_ones() {
    let census = Census::new();
    let pool = census.pool();
    give(&pool, &census, [500 << 10, 10, 600 << 10, 20]);
    pool.flush_thread_cache();
    let taken: Vec<_> = std::iter::from_fn(|| pool.try_get()).collect();
    let is_large: Vec<bool> = taken.iter().map(|guard| guard.weight() > 1000).collect();
    assert_eq!(is_large, [false, false, true, true]);
}

#[test]
fn a_cache_that_has_seen_large_objects_goes_back_to_many_small_ones() {
    let census = Census::new();
    let pool = census.pool();
    give(&pool, &census, vec![120 << 10; 500]);
    let idle = pool.stats().idle;
    let in_depot = depot_of(&pool) as u64;
    assert!((1..=8).contains(&(idle - in_depot)), "{idle} of which {in_depot} in the depot");
    // Small ones push the large ones out.
    (0..10).for_each(|_| give(&pool, &census, [100; 100]));
    let all: Vec<_> = std::iter::from_fn(|| pool.try_get()).collect();
    let mut found = Vec::new();
    for guard in all {
        if guard.weight() == 100 && found.len() < 64 {
            found.push(guard);
        } else {
            PooledRef::discard(guard);
        }
    }
    assert_eq!((found.len(), pool.stats().idle), (64, 0));
    drop(found);
    assert_eq!(depot_of(&pool), 0, "all 64 are in the cache");
}

#[test]
fn fewer_idle_objects_are_allowed_while_threads_run() {
    let census = Census::new();
    let pool = Arc::new(census.pool());
    let is_over = Arc::new(AtomicBool::new(false));
    let workers: Vec<_> = (1..=3)
        .map(|seed| {
            let (pool, is_over) = (Arc::clone(&pool), Arc::clone(&is_over));
            thread::spawn(move || {
                let mut random = Random(seed);
                while !is_over.load(Ordering::Relaxed) {
                    burst(&pool, 1 + random.below(300) as usize);
                }
            })
        })
        .collect();
    for round in 0..2000 {
        pool.set_max_idle([0, 1000, 7, 50, usize::MAX][round % 5]);
        assert!(pool.stats().hit_rate() <= 1.0);
    }
    pool.set_max_idle(50);
    is_over.store(true, Ordering::Relaxed);
    workers.into_iter().for_each(|worker| worker.join().expect("no panic"));
    let stats = pool.stats();
    assert!(stats.idle <= 50, "{stats:?}");
    assert_eq!(census.living() as u64, stats.idle);
    assert_conserved(&stats);
    pool.set_max_idle(2000);
    assert_eq!(pool.prewarm(5000) as u64, 2000 - stats.idle);
}

#[test]
fn a_lowered_max_idle_frees_what_is_above_it_and_leaves_the_caches_alone() {
    let census = Census::new();
    let pool = census.pool();
    burst(&pool, 64);
    assert_eq!(pool.prewarm(100), 100);
    pool.set_max_idle(30);
    assert_eq!((pool.stats().idle, pool.stats().discarded.trimmed), (94, 70));
    pool.set_max_idle(0);
    assert_eq!((pool.stats().idle, census.living()), (64, 64));
    assert_conserved(&pool.stats());
}

#[test]
fn a_cache_holds_one_mebibyte_at_most_after_a_trim_of_all_pools() {
    alone(|| {
        let census = Census::new();
        let pool = census.pool_with(|builder| builder.max_idle(0));
        let work = || {
            for seed in 1..50 {
                work_at_random(&pool, &mut Random(seed), 3);
                trim_all();
            }
        };
        let (held, _) = held_by_an_idle_thread(&pool, &census, work);
        assert!(held <= MIB as i64, "{held} bytes");
    });
}
#[test]
fn a_trim_lets_no_thread_hold_more_than_one_mebibyte() {
    let census = Census::new();
    // The depot takes nothing, so what is in the cache stays there.
    let pool = census.pool_with(|builder| builder.max_idle(0));
    let work = || {
        give(&pool, &census, [(128 << 10) - EACH; 8]);
        pool.trim();
        give(&pool, &census, [(16 << 10) - EACH; 100]);
    };
    let (held, _) = held_by_an_idle_thread(&pool, &census, work);
    assert!(held <= MIB as i64, "{held} bytes");
}

#[test]
fn a_large_object_that_finds_no_room_lets_no_thread_hold_more_than_one_mebibyte() {
    let census = Census::new();
    let pool = census.pool_with(|builder| builder.max_idle(0));
    let work = || {
        give(&pool, &census, [(16 << 10) - EACH; 64]);
        let first = pool.get();
        give(&pool, &census, [(128 << 10) - EACH]);
        let second = pool.get();
        give(&pool, &census, [(128 << 10) - EACH]);
        PooledRef::discard(first);
        PooledRef::discard(second);
    };
    let (held, _) = held_by_an_idle_thread(&pool, &census, work);
    assert!(held <= MIB as i64, "{held} bytes");
}

#[test]
fn objects_that_have_grown_elsewhere_do_not_gather_at_the_first_get() {
    let census = Census::new();
    let pool = census.pool();
    // Another thread leaves 200 of them to the depot.
    thread::scope(|scope| {
        let other = scope.spawn(|| give(&pool, &census, vec![127 << 10; 200]));
        other.join().expect("no panic");
    });
    let (held, objects) = held_by_an_idle_thread(&pool, &census, || drop(pool.get()));
    assert!(held as usize <= MIB, "{held} bytes in {objects} objects");
}

#[test]
fn what_a_cache_took_counts_when_the_depot_is_filled_again() {
    let pool: Pool<Vec<u8>> =
        Pool::builder().create(|| Vec::with_capacity(10_000)).max_bytes(100_000).build();
    assert_eq!(pool.prewarm(100), 9);
    // A batch comes with it, and stays in this thread's cache.
    let taken = pool.get();
    assert_eq!(pool.prewarm(100), 1, "for the one that was taken");
    assert_eq!((pool.stats().idle, taken.len()), (9, 0));
    assert!(pool.stats().bytes_idle <= 100_000);
}

#[test]
fn a_figure_beyond_all_memory_is_taken_for_a_large_one() {
    let pool: Pool<Vec<u8>> =
        Pool::builder().measure(|_| 1 << (usize::BITS - 1)).max_object_bytes(1000).build();
    drop(pool.get());
    assert_eq!((pool.stats().idle, pool.stats().discarded.oversize), (0, 1));

    let pool: Pool<Vec<u8>> = Pool::builder()
        .measure(|_| usize::MAX)
        .max_object_bytes(usize::MAX)
        .max_bytes(usize::MAX)
        .build();
    drop(pool.get());
    pool.trim();
    assert_eq!(pool.stats().idle, 1, "it has been idle through one trim alone");
    pool.trim();
    assert_eq!((pool.stats().idle, pool.stats().discarded.trimmed), (0, 1));
}
