//! User code of a pool that panics, or that comes back to the pool.

use std::cell::Cell;
use std::sync::{Arc, OnceLock};

use poolable::{Pool, PooledOwned};

use crate::census::{Census, Citizen, assert_conserved, burst};
use crate::{unwind, unwinds};

thread_local! {
    /// How many calls of `trip` are left until it panics; 0 for never.
    static FUSE: Cell<u32> = const { Cell::new(0) };
}

fn trip() {
    if FUSE.get() > 0 {
        FUSE.set(FUSE.get() - 1);
        if FUSE.get() == 0 {
            unwind();
        }
    }
}

#[test]
fn a_panic_in_create_is_a_miss_and_costs_nothing() {
    let census = Census::new();
    let inside = census.clone();
    let create = move || {
        let citizen = inside.birth();
        trip();
        citizen
    };
    let pool = Pool::builder().create(create).reset(|_: &mut Citizen| ()).build();
    FUSE.set(1);
    assert!(unwinds(|| drop(pool.get())));
    let stats = pool.stats();
    assert_eq!((stats.misses, stats.created, stats.in_use, census.living()), (1, 0, 0, 0));
    FUSE.set(4);
    assert!(unwinds(|| assert_eq!(pool.prewarm(10), 0)));
    assert_eq!((pool.stats().idle, census.living()), (3, 3));
    assert_conserved(&pool.stats());
    drop(pool.get());
    assert_eq!((pool.stats().hits, pool.stats().misses), (1, 1));
}

#[test]
fn a_panic_in_reset_validate_or_measure_drops_the_object_once() {
    let census = Census::new();
    let make = || {
        let census = census.clone();
        Pool::builder().create(move || census.birth())
    };
    let keep = |_: &mut Citizen| ();
    let pools = [
        make().reset(|_: &mut Citizen| trip()).build(),
        make()
            .reset(keep)
            .measure(|_| {
                trip();
                0
            })
            .build(),
        make()
            .reset(keep)
            .validate(|_| {
                trip();
                true
            })
            .build(),
    ];
    for (index, pool) in pools.iter().enumerate() {
        let (one, two) = (pool.get(), pool.get());
        FUSE.set(1);
        assert!(unwinds(|| drop(one)), "{index}");
        drop(two);
        let stats = pool.stats();
        let (panic, invalid) = if index == 2 { (0, 1) } else { (1, 0) };
        assert_eq!((stats.discarded.panic, stats.discarded.invalid), (panic, invalid), "{index}");
        assert_eq!((stats.discarded.total(), stats.returned, stats.idle), (1, 2, 1), "{index}");
        assert_conserved(&stats);
        assert_eq!(census.living(), 1, "{index}");
        pool.clear();
    }
}

#[test]
fn a_panic_in_the_measure_of_a_new_object_drops_it_once() {
    let census = Census::new();
    let inside = census.clone();
    let pool = Pool::builder()
        .create(move || inside.birth())
        .reset(|_: &mut Citizen| ())
        .measure(|_| {
            trip();
            0
        })
        .build();
    FUSE.set(1);
    assert!(unwinds(|| drop(pool.get())));
    let stats = pool.stats();
    assert_eq!((stats.created, stats.discarded.panic, stats.in_use, stats.idle), (1, 1, 0, 0));
    assert_eq!(census.living(), 0);
}

/// Dropped, it trips.
struct Tripping {
    _citizen: Citizen,
}

impl Drop for Tripping {
    fn drop(&mut self) {
        trip();
    }
}

#[test]
fn a_panic_in_a_drop_saves_no_other_object_from_its_own() {
    let census = Census::new();
    let inside = census.clone();
    let pool = Pool::builder()
        .create(move || Tripping { _citizen: inside.birth() })
        .reset(|_: &mut Tripping| ())
        .build();
    let prepare = |count| {
        burst(&pool, count);
        pool.flush_thread_cache();
        burst(&pool, count.min(20));
        assert_eq!(census.living(), count as i64);
        FUSE.set(1);
    };

    prepare(100);
    assert!(unwinds(|| pool.clear()));
    assert_eq!((census.living(), pool.stats().discarded.explicit), (0, 100));

    prepare(100);
    pool.trim();
    assert!(unwinds(|| pool.trim()));
    assert_eq!((census.living(), pool.stats().discarded.trimmed), (0, 100));

    prepare(100);
    pool.flush_thread_cache();
    assert!(unwinds(|| pool.set_max_idle(10)));
    assert_eq!((census.living(), pool.stats().idle), (10, 10));

    pool.clear();
    prepare(5);
    let guard = pool.get();
    assert!(unwinds(|| poolable::PooledRef::discard(guard)));
    assert_eq!((census.living(), pool.stats().in_use), (4, 0));
    assert_conserved(&pool.stats());
}

#[test]
fn the_panic_of_a_surplus_drop_does_not_cost_a_get_its_object() {
    let census = Census::new();
    let inside = census.clone();
    let pool = Arc::new(
        Pool::builder()
            .create(move || Tripping { _citizen: inside.birth() })
            .reset(|_: &mut Tripping| ())
            .build(),
    );
    burst(&pool, 50);
    let clearing = Arc::clone(&pool);
    std::thread::spawn(move || clearing.clear()).join().expect("no panic");
    FUSE.set(1);
    // Frees what the clear left in this thread's cache on the way.
    let guard = pool.get();
    assert_eq!((census.living(), pool.stats().in_use), (1, 1));
    drop(guard);
}

#[test]
fn a_create_may_get_from_the_same_pool() {
    static NESTED: Pool<(u32, Vec<u8>)> = Pool::new(create);

    thread_local! {
        static DEPTH: Cell<u32> = const { Cell::new(0) };
    }

    fn create() -> (u32, Vec<u8>) {
        let depth = DEPTH.get();
        if depth < 5 {
            DEPTH.set(depth + 1);
            assert_eq!(NESTED.get().0, depth + 1);
            assert!(NESTED.try_get().is_some());
        }
        (depth, Vec::new())
    }

    assert_eq!(NESTED.get().0, 0);
    let stats = NESTED.stats();
    assert_eq!((stats.created, stats.misses, stats.idle), (6, 6, 6));
    assert_conserved(&stats);
}

#[test]
fn a_drop_may_return_objects_to_the_pool_that_frees_it() {
    /// Holds another of its kind, which goes home when this is freed.
    struct Chained {
        _citizen: Citizen,
        next: Option<PooledOwned<Chained>>,
    }

    let census = Census::new();
    let inside = census.clone();
    let pool = Arc::new(
        Pool::builder()
            .create(move || Chained { _citizen: inside.birth(), next: None })
            .reset(|_: &mut Chained| ())
            .cache(4)
            .max_idle(8)
            .build(),
    );
    let chains: Vec<_> = (0..100)
        .map(|_| {
            let mut chain = pool.get_owned();
            for _ in 0..5 {
                let mut link = pool.get_owned();
                link.next = Some(chain);
                chain = link;
            }
            chain
        })
        .collect();
    drop(chains);
    for _ in 0..10 {
        pool.trim();
        pool.clear();
    }
    let stats = pool.stats();
    assert_eq!((stats.in_use, stats.idle, census.living()), (0, 0, 0));
    assert_eq!((stats.created, stats.returned), (600, 600));
    assert_conserved(&stats);
}

#[test]
fn the_functions_of_a_pool_may_use_another_pool_and_their_own() {
    static SELF: OnceLock<Pool<Vec<u8>>> = OnceLock::new();
    static OTHER: Pool<String> = Pool::new(String::new);

    fn visit() {
        thread_local! {
            static BUSY: Cell<bool> = const { Cell::new(false) };
        }

        if !BUSY.replace(true) {
            let made = SELF.get().expect("set below");
            let guards: Vec<_> = (0..100).map(|_| (made.get(), OTHER.get())).collect();
            drop(guards);
            made.flush_thread_cache();
            made.trim();
            OTHER.trim();
            let short_lived = Pool::new(Vec::<u8>::new);
            burst(&short_lived, 100);
            BUSY.set(false);
        }
    }

    let made = SELF.get_or_init(|| {
        Pool::builder()
            .create(|| {
                visit();
                Vec::new()
            })
            .reset(|bytes: &mut Vec<u8>| {
                visit();
                bytes.clear();
            })
            .measure(|bytes| {
                visit();
                bytes.capacity()
            })
            .validate(|bytes: &Vec<u8>| {
                visit();
                bytes.len() < 5
            })
            .build()
    });
    for round in 0..50_usize {
        let mut bytes = made.get();
        assert!(bytes.is_empty());
        bytes.resize(round % 7, 0);
    }
    assert_eq!((made.stats().in_use, OTHER.stats().in_use), (0, 0));
    assert_eq!(made.stats().discarded.invalid, 14);
    assert_conserved(&made.stats());
    assert_conserved(&OTHER.stats());
}
