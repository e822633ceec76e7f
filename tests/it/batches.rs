//! How objects travel between the threads' caches and the depot.

use std::mem;
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::thread;

use poolable::{Pool, Poolable, PooledRef};

use crate::allocations::allocations_in;
use crate::census::{Census, assert_conserved, burst, depot_of};

#[test]
fn the_object_that_was_returned_last_is_taken_first() {
    let pool = Census::new().pool();
    let guards: Vec<_> = (0..10).map(|_| pool.get()).collect();
    drop(guards);
    let taken: Vec<u64> = (0..10).map(|_| pool.get()).map(|guard| guard.number).collect();
    assert_eq!(taken, [9; 10], "each was returned before the next get");
    let held: Vec<_> = (0..10).map(|_| pool.get()).collect();
    assert!(held.iter().map(|guard| guard.number).eq((0..10).rev()));
}

#[test]
fn a_get_that_finds_its_cache_empty_takes_half_a_cache() {
    let pool = Census::new().pool();
    assert_eq!(pool.prewarm(100), 100);
    drop(pool.get());
    assert_eq!(depot_of(&pool), 100 - 32);
    assert_eq!((pool.stats().idle, pool.stats().misses), (32, 0));
}

#[test]
fn a_full_cache_hands_over_half_if_its_thread_gets_too_and_all_if_it_does_not() {
    let pool = Census::new().pool();
    burst(&pool, 64);
    assert_eq!(pool.stats().idle, 64);
    assert_eq!(depot_of(&pool), 0, "a cache has room for as many");
    // One more than there is room for; the 64 were taken out since the cache was full.
    burst(&pool, 65);
    assert_eq!(depot_of(&pool), 32);
    // Now it only returns.
    drop((0..31).map(|_| pool.attach(Census::new().birth())).collect::<Vec<_>>());
    assert_eq!(depot_of(&pool), 0, "full again");
    drop(pool.attach(Census::new().birth()));
    assert_eq!(depot_of(&pool), 64);
    assert_eq!(pool.stats().idle, 1);
}

/// Objects of which each claims a heap of its own size, so that every exchange shows in
/// `bytes_idle`: that is brought up to date at exchanges alone.
fn exchanges_in(
    pool: &Pool<crate::census::Citizen>,
    rounds: usize,
    mut round: impl FnMut(),
) -> usize {
    let mut last = pool.stats().bytes_idle;
    let mut exchanges = 0;
    for _ in 0..rounds {
        round();
        let now = pool.stats().bytes_idle;
        exchanges += usize::from(now != last);
        last = now;
    }
    exchanges
}

#[test]
fn at_the_edge_of_a_cache_gets_and_returns_do_not_go_to_the_depot_each_time() {
    let census = Census::new();
    let pool = census.pool();
    // Each return brings an object that weighs other than before.
    let mut weight = 0;
    let mut fickle = |guard: &mut PooledRef<'_, crate::census::Citizen>| {
        weight = (weight + 7) % 1000;
        guard.weigh(weight);
    };
    // Full: one return more than there is room for, again and again.
    let mut held: Vec<_> = (0..200).map(|_| pool.get()).collect();
    held.iter_mut().for_each(&mut fickle);
    held.truncate(200 - 64);
    let mut held = Some(held);
    let exchanges = exchanges_in(&pool, 1000, || {
        let guards = held.as_mut().expect("held");
        let mut returned = guards.pop().expect("one is taken below");
        fickle(&mut returned);
        drop(returned);
        guards.push(pool.get());
    });
    assert!(exchanges <= 1, "{exchanges} exchanges of a full cache in 1000 rounds");

    // Empty: with objects in the depot, and without.
    drop(held.take());
    pool.flush_thread_cache();
    for in_depot in [true, false] {
        if !in_depot {
            pool.clear();
        }
        let exchanges = exchanges_in(&pool, 1000, || fickle(&mut pool.get()));
        assert!(exchanges <= 2, "{exchanges} exchanges of an empty cache in 1000 rounds");
    }

    // Across both edges: as many as a cache holds and one, out and back.
    let exchanges = exchanges_in(&pool, 1000, || {
        let mut guards: Vec<_> = (0..65).map(|_| pool.get()).collect();
        guards.iter_mut().for_each(&mut fickle);
    });
    assert!(exchanges <= 1000, "the measure sees one at most in each round");
    assert!(exchanges > 500, "the measure sees exchanges");
    assert_conserved(&pool.stats());
}

#[test]
fn a_thread_that_only_drops_keeps_at_most_its_cache_and_others_find_the_rest() {
    let census = Census::new();
    let pool = Arc::new(census.pool_with(|builder| builder.max_idle(100_000)));
    let (send, receive) = mpsc::sync_channel(16);
    let (done, is_done) = mpsc::channel();
    let (end, may_end) = mpsc::channel::<()>();
    let dropper = thread::spawn(move || {
        receive.iter().for_each(|guards: Vec<poolable::PooledOwned<_>>| drop(guards));
        done.send(()).expect("the test waits");
        may_end.recv().expect_err("nothing is sent");
    });
    for _ in 0..10 {
        send.send((0..1000).map(|_| pool.get_owned()).collect()).expect("the dropper lives");
    }
    drop(send);
    is_done.recv().expect("the dropper lives");
    let stats = pool.stats();
    assert_eq!(stats.returned, 10_000);
    assert!(stats.created < 10_000 || stats.misses == 10_000, "{stats:?}");
    let idle = stats.idle;
    let found = std::iter::from_fn(|| pool.try_get()).collect::<Vec<_>>();
    assert!(found.len() as u64 + 64 >= idle, "{} of {idle}", found.len());
    drop(end);
    dropper.join().expect("no panic");
    let rest = std::iter::from_fn(|| pool.try_get()).collect::<Vec<_>>();
    let rest_count = rest.len();
    drop((found, rest));
    assert!(rest_count <= 64 && pool.stats().idle == idle);
}

#[test]
fn a_thread_that_only_gets_is_not_starved() {
    let census = Census::new();
    let pool = Arc::new(census.pool());
    assert_eq!(pool.prewarm(500), 500);
    let (send, receive) = mpsc::sync_channel(100);
    let dropper = thread::spawn(move || receive.iter().for_each(drop));
    for _ in 0..50_000 {
        send.send(pool.get_owned()).expect("the dropper lives");
    }
    drop(send);
    dropper.join().expect("no panic");
    // At most 102 under way, a cache of 64 there, and a batch of 32 here.
    assert_eq!((pool.stats().misses, pool.stats().hits), (0, 50_000));
}

/// One thread takes batches of objects and another one drops them, in step, and so that
/// nothing but the pool can allocate. Returns the allocations of both, a round each.
fn ship<T: Send>(rounds: usize, count: usize, take: impl Fn() -> T + Sync) -> Vec<u64> {
    let (barrier, ship) = (Barrier::new(2), Mutex::new(Vec::with_capacity(count)));
    let land = || {
        let mut landed = Vec::with_capacity(count);
        let unload = |_| {
            allocations_in(|| {
                barrier.wait();
                mem::swap(&mut landed, &mut *ship.lock().expect("no panic"));
                landed.clear();
                barrier.wait();
            })
        };
        (0..rounds).map(unload).collect::<Vec<_>>()
    };
    thread::scope(|scope| {
        let consumer = scope.spawn(land);
        let mut load = Vec::with_capacity(count);
        let loaded: Vec<u64> = (0..rounds)
            .map(|_| {
                allocations_in(|| {
                    load.extend((0..count).map(|_| take()));
                    mem::swap(&mut load, &mut *ship.lock().expect("no panic"));
                    barrier.wait();
                    barrier.wait();
                })
            })
            .collect();
        let landed = consumer.join().expect("no panic");
        loaded.iter().zip(landed).map(|(loaded, landed)| loaded + landed).collect()
    })
}

#[test]
fn objects_taken_here_and_dropped_there_allocate_nothing_once_warm() {
    #[derive(Poolable)]
    struct Message(Vec<u8>);

    let made = Arc::new(Pool::new(Vec::<u8>::new));
    for count in [1, 33, 64, 200, 900] {
        // By then the two caches have met in each of the states that they can be in.
        let warm = 500;
        let typed = ship(warm + 100, count, || {
            let mut message = Message::pooled();
            message.0.extend([1; 10]);
            message
        });
        let owned = ship(warm + 100, count, || {
            let mut bytes = made.get_owned();
            bytes.extend([1; 10]);
            bytes
        });
        for allocations in [typed, owned] {
            let steady = &allocations[warm..];
            assert!(steady.iter().all(|&round| round == 0), "{count}: {allocations:?}");
        }
    }
}

#[test]
fn as_many_gets_as_were_prewarmed_are_hits_on_any_one_thread() {
    for count in [1, 2, 31, 32, 33, 63, 64, 65, 100, 1023, 1024] {
        for is_cached in [true, false] {
            let census = Census::new();
            let limit = |builder: poolable::PoolBuilder<_>| {
                if is_cached { builder } else { builder.cache(0) }
            };
            let pool = census.pool_with(limit);
            if is_cached {
                // Something is in the cache already.
                drop(pool.get());
            }
            let misses = pool.stats().misses;
            assert_eq!(pool.prewarm(count), count);
            let hits = thread::scope(|scope| {
                let taken = scope.spawn(|| {
                    let guards: Vec<_> = (0..count).map(|_| pool.get()).collect();
                    guards.len()
                });
                taken.join().expect("no panic")
            });
            assert_eq!((hits, pool.stats().misses), (count, misses), "{count}");
            let guards: Vec<_> = (0..count).map(|_| pool.get()).collect();
            assert_eq!(pool.stats().misses, misses, "{count}");
            drop(guards);
        }
    }
}

#[test]
fn prewarm_stops_at_each_of_the_limits_and_counts_what_it_kept() {
    let census = Census::new();
    let few = census.pool_with(|builder| builder.max_idle(10));
    assert_eq!((few.prewarm(7), few.prewarm(7), few.prewarm(7)), (7, 3, 0));
    assert_eq!(few.stats().created, 10, "none is created in vain");
    let each = size_of::<crate::census::Citizen>();
    let tight = census.pool_with(|builder| builder.max_bytes(5 * each + 1));
    assert_eq!(tight.prewarm(100), 5);
    assert_eq!(tight.stats().discarded.bytes, 1);
    let big = census.pool_with(|builder| builder.max_object_bytes(each - 1));
    assert_eq!((big.prewarm(100), big.stats().discarded.oversize), (0, 1));
    for pool in [few, tight, big] {
        assert_conserved(&pool.stats());
    }
    assert_eq!(census.living(), 0);
}
