//! Pools that users make: what they hand out, keep and count.

use std::cell::Cell;
use std::sync::{Arc, mpsc};
use std::thread;

use poolable::{Pool, PooledOwned, PooledRef};

use crate::allocations::live_bytes_here;
use crate::census::{Census, assert_conserved, burst, depot_of};
use crate::{alone, unwind, unwinds};

#[test]
fn a_pool_in_a_static_serves_all_threads() {
    static LINES: Pool<Vec<u8>> = Pool::new(|| Vec::with_capacity(300));

    let visit = || {
        let mut line = LINES.get();
        assert_eq!((line.len(), line.capacity()), (0, 300));
        line.push(1);
    };
    visit();
    LINES.flush_thread_cache();
    thread::spawn(move || (0..9).for_each(|_| visit())).join().expect("no panic");
    let stats = LINES.stats();
    assert_eq!((stats.misses, stats.hits, stats.returned, stats.idle), (1, 9, 10, 1));
}

#[test]
fn a_pool_that_moves_takes_its_objects_along() {
    let census = Census::new();
    let pool = census.pool();
    burst(&pool, 10);
    let mut pools = vec![pool];
    pools.extend((0..100).map(|_| census.pool()));
    let boxed = Box::new(pools.swap_remove(0));
    burst(&boxed, 10);
    assert_eq!((boxed.stats().misses, boxed.stats().hits), (10, 10));
    // To another thread and back: this thread still has its cache of the pool.
    let boxed = thread::spawn(move || {
        burst(&boxed, 3);
        boxed
    });
    let pool = boxed.join().expect("no panic");
    burst(&pool, 13);
    assert_eq!((pool.stats().misses, pool.stats().idle, census.living()), (13, 13, 13));
    drop((pool, pools));
    assert_eq!(census.living(), 0);
}

#[test]
fn pools_used_in_turn_on_one_thread_hit_every_time() {
    for count in [2, 10] {
        let pools: Vec<Pool<Vec<u8>>> = (0..count).map(|_| Pool::new(Vec::new)).collect();
        for _ in 0..1000 {
            for pool in &pools {
                pool.get().push(1);
            }
        }
        for pool in &pools {
            let stats = pool.stats();
            assert_eq!((stats.misses, stats.hits), (1, 999), "{count} pools");
        }
    }
}

#[test]
fn pools_in_use_at_once_never_exchange_objects() {
    let pools: Vec<Pool<Vec<u8>>> = (0..300).map(|_| Pool::new(Vec::new)).collect();
    let mark = |index: usize| 1000 + index;
    for (index, pool) in pools.iter().enumerate() {
        drop(pool.attach(Vec::with_capacity(mark(index))));
    }
    for round in 0..3 {
        for (index, pool) in pools.iter().enumerate().rev() {
            assert_eq!(pool.get().capacity(), mark(index), "round {round}");
        }
    }
    let other = thread::spawn(move || {
        for pool in &pools {
            assert!(pool.try_get().is_none(), "the objects are in the cache of the first thread");
        }
        // The table of the first thread outlives them.
        drop(pools);
    });
    other.join().expect("no panic");
}

#[test]
fn a_pool_in_the_place_of_a_dropped_one_is_empty() {
    for round in 0..200 {
        let pool = Pool::new(Vec::<u8>::new);
        assert!(pool.try_get().is_none(), "round {round}");
        drop(pool.attach(Vec::with_capacity(100)));
        assert_eq!(pool.get().capacity(), 100);
    }
}

#[test]
fn pools_made_and_dropped_on_one_thread_leave_no_memory_behind() {
    alone(|| {
        let visit = || {
            let pools: Vec<Pool<Vec<u8>>> = (0..20).map(|_| Pool::new(Vec::new)).collect();
            for pool in &pools {
                let guards: Vec<_> = (0..100).map(|_| pool.get()).collect();
                assert!(guards.iter().all(|bytes| bytes.is_empty()));
            }
        };
        visit();
        let before = live_bytes_here();
        (0..50).for_each(|_| visit());
        assert_eq!(live_bytes_here(), before);
    });
}

#[test]
fn a_pool_that_was_never_used_costs_no_heap() {
    let before = live_bytes_here();
    let pool = Pool::new(Vec::<u8>::new);
    assert_eq!(live_bytes_here(), before);
    drop(pool);
}

#[test]
fn try_get_is_a_hit_or_nothing() {
    let census = Census::new();
    let pool = census.pool();
    assert!(pool.try_get().is_none());
    let stats = pool.stats();
    assert_eq!((stats.hits, stats.misses, stats.created, census.born()), (0, 0, 0, 0));
    assert_eq!(stats.hit_rate(), 0.0);
    drop(pool.get());
    assert!(pool.try_get().is_some());
    pool.flush_thread_cache();
    let found = pool.try_get();
    assert!(found.is_some() && pool.try_get().is_none());
    assert_eq!((pool.stats().hits, pool.stats().misses), (2, 1));
}

#[test]
fn a_guard_that_owns_its_pool_goes_where_it_wants() {
    let census = Census::new();
    let pool = Arc::new(census.pool());
    let (send, receive) = mpsc::channel::<PooledOwned<_>>();
    let consumer = thread::spawn(move || receive.iter().map(drop).count());
    for _ in 0..100 {
        send.send(pool.get_owned()).expect("the consumer lives");
    }
    let last = pool.get_owned();
    drop(send);
    assert_eq!(consumer.join().expect("no panic"), 100);
    assert_eq!((pool.stats().returned, pool.stats().in_use), (100, 1));
    assert!(pool.stats().idle > 0);
    drop(pool);
    let living = census.living();
    assert!(living > 1, "the guard keeps the pool alive");
    thread::spawn(move || drop(last)).join().expect("no panic");
    assert_eq!(census.living(), 0);
}

#[test]
fn both_guards_take_out_discard_leak_and_attach() {
    let census = Census::new();
    let pool = Arc::new(census.pool());
    let inner = PooledRef::into_inner(pool.get());
    let owned = PooledOwned::into_inner(pool.get_owned());
    assert_eq!((inner.number, owned.number), (0, 1));
    PooledRef::discard(pool.get());
    PooledOwned::discard(pool.get_owned());
    assert_eq!(census.died(), 2);
    assert_eq!(PooledRef::leak(pool.get()).number, 4);
    assert_eq!(PooledOwned::leak(pool.get_owned()).number, 5);
    drop((pool.attach(inner), pool.attach_owned(owned)));
    let stats = pool.stats();
    assert_eq!((stats.created, stats.detached, stats.attached), (6, 4, 2));
    assert_eq!((stats.discarded.explicit, stats.discarded.total()), (2, 2));
    assert_eq!((stats.idle, stats.in_use, stats.returned), (2, 0, 2));
    assert_conserved(&stats);
    assert_eq!(Arc::strong_count(&pool), 1, "no guard kept its share of the pool");
    drop(pool);
    assert_eq!(census.living(), 2, "those that the test leaked");
}

#[test]
fn a_builder_without_create_and_reset_asks_the_type() {
    let pool: Pool<Vec<u8>> = Pool::builder().build();
    pool.get().extend([1, 2, 3]);
    assert_eq!((pool.get().len(), pool.stats().misses), (0, 1));
    assert_eq!(pool.name(), std::any::type_name::<Vec<u8>>());
}

#[test]
fn the_functions_of_a_builder_capture_what_they_need() {
    struct Plain(Vec<u32>);

    let (create_calls, resets) = (Arc::new(Census::new()), Arc::new(Census::new()));
    let pool = Pool::builder()
        .create({
            let calls = Arc::clone(&create_calls);
            move || {
                drop(calls.birth());
                Plain(Vec::with_capacity(7))
            }
        })
        .reset({
            let resets = Arc::clone(&resets);
            move |plain: &mut Plain| {
                drop(resets.birth());
                plain.0.clear();
            }
        })
        .name(format!("pool {}", 7))
        .build();
    for _ in 0..10 {
        let mut plain = pool.get();
        assert_eq!((plain.0.len(), plain.0.capacity()), (0, 7));
        plain.0.push(1);
    }
    assert_eq!((create_calls.born(), resets.born(), pool.name()), (1, 10, "pool 7"));
    drop(pool);
    assert_eq!(Arc::strong_count(&resets), 1, "the pool drops its functions");
}

#[test]
fn validate_sees_the_object_as_its_user_left_it() {
    let pool: Pool<String> = Pool::builder().validate(|line: &String| line != "bad").build();
    for text in ["good", "bad", ""] {
        pool.get().push_str(text);
    }
    let stats = pool.stats();
    assert_eq!((stats.discarded.invalid, stats.returned, stats.misses), (1, 3, 2));
    assert_eq!(*pool.get(), "");
}

#[test]
fn each_reason_to_free_an_object_is_counted_as_what_it_is() {
    let pool: Pool<Vec<u8>> = Pool::builder()
        .create(|| Vec::with_capacity(100))
        .reset(|bytes: &mut Vec<u8>| {
            if bytes.len() == 3 {
                unwind();
            }
            bytes.clear();
        })
        .measure(|bytes| bytes.capacity())
        .validate(|bytes: &Vec<u8>| bytes.len() != 2)
        .cache(0)
        .max_idle(2)
        .max_object_bytes(5000)
        .max_bytes(5000)
        .build();
    let reasons = |pool: &Pool<_>| {
        let it = pool.stats().discarded;
        [it.full, it.oversize, it.bytes, it.invalid, it.panic, it.explicit, it.trimmed]
    };
    pool.get().resize(6000, 0);
    assert_eq!(reasons(&pool), [0, 1, 0, 0, 0, 0, 0]);
    pool.get().resize(2, 0);
    assert_eq!(reasons(&pool), [0, 1, 0, 1, 0, 0, 0]);
    let mut bytes = pool.get();
    bytes.resize(3, 0);
    assert!(unwinds(|| drop(bytes)));
    assert_eq!(reasons(&pool), [0, 1, 0, 1, 1, 0, 0]);
    PooledRef::discard(pool.get());
    assert_eq!(reasons(&pool), [0, 1, 0, 1, 1, 1, 0]);
    drop(pool.get());
    drop(pool.attach(Vec::with_capacity(4900)));
    assert_eq!(reasons(&pool), [0, 1, 1, 1, 1, 1, 0]);
    burst(&pool, 3);
    assert_eq!(reasons(&pool), [1, 1, 1, 1, 1, 1, 0]);
    pool.set_max_idle(1);
    assert_eq!(reasons(&pool), [1, 1, 1, 1, 1, 1, 1]);
    let stats = pool.stats();
    assert_eq!((stats.discarded.total(), stats.idle), (7, 1));
    assert_conserved(&stats);
}

#[test]
fn objects_of_any_size_and_alignment_are_pooled() {
    #[derive(poolable::Reset)]
    struct Nothing;

    #[derive(poolable::Reset)]
    #[repr(align(4096))]
    struct Page([u8; 4096]);

    #[derive(poolable::Reset)]
    struct Large([u64; 20_000]);

    let nothings: Pool<Nothing> = Pool::builder().build();
    burst(&nothings, 200);
    burst(&nothings, 200);
    let Nothing = *nothings.get();
    assert_eq!((nothings.stats().misses, nothings.stats().bytes_idle), (200, 0));

    let pages: Pool<Page> = Pool::builder().build();
    for _ in 0..3 {
        let mut guards: Vec<_> = (0..100).map(|_| pages.get()).collect();
        for page in &mut guards {
            assert_eq!(std::ptr::from_ref(&**page).addr() % 4096, 0);
            assert_eq!(page.0, [0; 4096]);
            page.0.fill(1);
        }
    }
    assert_eq!(pages.stats().misses, 100);

    let large: Pool<Large> = Pool::builder().build();
    for _ in 0..3 {
        let mut object = large.get();
        assert_eq!(object.0[19_999], 0);
        object.0[19_999] = 1;
    }
    assert_eq!(large.stats().misses, 1);
    assert_eq!(depot_of(&large), 1, "no thread keeps one");
}

#[test]
fn guards_and_pools_are_send_and_sync_as_their_objects_allow() {
    fn is_send<T: Send>() {}
    fn is_sync<T: Sync>() {}

    is_send::<Pool<Cell<u8>>>();
    is_sync::<Pool<Cell<u8>>>();
    is_send::<PooledRef<'static, Cell<u8>>>();
    is_send::<PooledOwned<Cell<u8>>>();
    is_sync::<PooledRef<'static, u8>>();
    is_sync::<PooledOwned<u8>>();
    // Of an object that is `Sync` alone, too.
    is_sync::<PooledRef<'static, std::sync::MutexGuard<'static, u8>>>();
    assert_eq!(size_of::<Option<PooledOwned<u8>>>(), 2 * size_of::<usize>());
}

#[test]
fn guards_forward_what_their_object_can_do() {
    let pool = Arc::new(Pool::new(String::new));
    let (mut one, mut two) = (pool.get(), pool.get_owned());
    one.push('a');
    two.push('b');
    assert_eq!(
        (format!("{one} {one:?}"), format!("{two} {two:?}")),
        (String::from("a \"a\""), String::from("b \"b\""))
    );
    let text: &str = one.as_ref();
    assert_eq!((text, one.cmp(&pool.attach(String::from("b")))), ("a", std::cmp::Ordering::Less));
    assert!(two == pool.attach_owned(String::from("b")));
}

#[test]
fn a_pool_shows_its_name_and_what_it_counted() {
    let pool: Pool<String> = Pool::builder().name("lines").build();
    let shown = format!("{pool:?}");
    assert!(shown.contains("\"lines\"") && shown.contains("misses: 0"), "{shown}");
}
