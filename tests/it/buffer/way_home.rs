//! Where a buffer goes when it is dropped: where its capacity belongs, whatever it was.

use std::mem;

use poolable::buffer::{BufferPool, BufferStats, PooledBuf};

use super::{KIB, LADDER, MIB, Random, assert_conserved, class};

/// The class that a buffer of that capacity is kept in.
fn home(sizes: &[usize], capacity: usize) -> Option<usize> {
    if capacity > *sizes.last()? {
        return None;
    }
    sizes.iter().copied().rfind(|&size| size <= capacity)
}

fn smallest_above(sizes: &[usize], capacity: usize) -> Option<usize> {
    sizes.iter().copied().find(|&size| size >= capacity)
}

/// A vector of that capacity and no other.
fn vec_of(capacity: usize) -> Vec<u8> {
    let vec = Vec::with_capacity(capacity);
    assert_eq!(vec.capacity(), capacity, "the standard library gives what it is asked for");
    vec
}

/// The capacities around each border of a ladder.
fn borders(sizes: &[usize]) -> Vec<usize> {
    let around = |&size: &usize| [size - 1, size, size + 1];
    let mut all: Vec<usize> = sizes.iter().flat_map(around).collect();
    all.extend(sizes.windows(2).map(|pair| pair[0].midpoint(pair[1])));
    all.extend([0, 2 * sizes[sizes.len() - 1]]);
    all
}

const LADDERS: [&[usize]; 5] =
    [&LADDER, &[KIB, 8 * KIB, 64 * KIB], &[100], &[65, 100, 127], &[1, 2, 3, 1000]];

fn pool_of(sizes: &[usize]) -> BufferPool {
    BufferPool::builder().sizes(sizes.iter().copied()).build()
}

/// Of all classes but one, the sum of what is idle.
fn idle_elsewhere(stats: &BufferStats, size: Option<usize>) -> u64 {
    let others = stats.classes.iter().filter(|class| Some(class.size) != size);
    others.map(|class| class.stats.idle).sum()
}

/// What a capacity that is fit for no class is discarded for, and nothing else.
#[track_caller]
fn assert_unfit(pool: &BufferPool, capacity: usize) {
    let discarded = pool.stats().total().discarded;
    let is_small = capacity < pool.sizes().next().expect("there is one");
    let expected = if is_small { (1, 0) } else { (0, 1) };
    assert_eq!((discarded.invalid, discarded.oversize), expected, "{capacity}: {discarded:?}");
    assert_eq!(discarded.total(), 1, "{capacity}: {discarded:?}");
}

#[test]
fn an_attached_buffer_goes_where_its_capacity_belongs() {
    for sizes in LADDERS {
        for capacity in borders(sizes) {
            let pool = pool_of(sizes);
            let mut vec = vec_of(capacity);
            vec.extend(b"contents".iter().take(capacity));
            let (contents, address) = (vec.clone(), vec.as_ptr());
            let buf = pool.attach(vec);
            assert_eq!((&*buf, buf.as_ptr(), buf.capacity()), (&contents, address, capacity));
            drop(buf);
            let stats = pool.stats();
            assert_conserved(&stats);
            assert_eq!((stats.unpooled, stats.total().created, stats.total().in_use), (0, 0, 0));
            let home = home(sizes, capacity);
            assert_eq!(idle_elsewhere(&stats, home), 0, "{capacity}");
            let Some(home) = home else {
                assert_eq!(stats.total().idle, 0, "{capacity}");
                continue;
            };
            let class = class(&pool, home);
            assert_eq!((class.attached, class.idle), (1, 1), "{capacity}");
            // And it is there for whom it covers.
            let buf = pool.get(home);
            assert_eq!((buf.len(), buf.as_ptr(), buf.capacity()), (0, address, capacity));
        }
    }
}

/// Has a buffer come home with another capacity than it went out with.
fn assert_lands(
    sizes: &[usize],
    asked: usize,
    capacity: usize,
    change: impl FnOnce(&mut PooledBuf),
) {
    let pool = pool_of(sizes);
    let Some(from) = smallest_above(sizes, asked) else { return };
    let mut buf = pool.get(asked);
    change(&mut buf);
    assert_eq!(buf.capacity(), capacity);
    drop(buf);
    let (stats, home) = (pool.stats(), home(sizes, capacity));
    assert_conserved(&stats);
    assert_eq!(stats.total().in_use, 0);
    assert_eq!(idle_elsewhere(&stats, home), 0, "{asked} -> {capacity}: {stats:?}");
    assert_eq!((class(&pool, from).created, class(&pool, from).misses), (1, 1));
    match home {
        None => assert_unfit(&pool, capacity),
        Some(home) => {
            let moved = u64::from(home != from);
            assert_eq!(class(&pool, home).idle, 1, "{asked} -> {capacity}: {stats:?}");
            assert_eq!((class(&pool, from).detached, class(&pool, home).attached), (moved, moved));
            assert_eq!(stats.total().discarded.total(), 0);
        }
    }
}

#[test]
fn a_buffer_that_grew_or_shrank_goes_where_it_belongs_now() {
    for sizes in LADDERS {
        for asked in [0, 65, 100, 5000, 200_000] {
            for capacity in borders(sizes) {
                assert_lands(sizes, asked, capacity, |buf| {
                    if capacity > buf.capacity() {
                        buf.reserve_exact(capacity);
                    } else {
                        buf.shrink_to(capacity);
                    }
                });
            }
        }
    }
}

#[cfg(not(any(poolable_passthrough, poolable_chaos)))]
#[test]
fn an_attached_buffer_whose_vec_was_taken_is_not_kept() {
    let pool = BufferPool::new();
    drop(pool.get(4096));
    // The thread's cache has room in its first place.
    let held = pool.get(4096);
    let mut attached = pool.attach(Vec::with_capacity(5000));
    drop(mem::take(&mut *attached));
    drop(attached);
    assert!(pool.get(4096).capacity() >= 4096);
    assert_eq!(pool.stats().total().discarded.invalid, 1);
    drop(held);
    assert_conserved(&pool.stats());
}

#[test]
fn a_buffer_whose_vec_was_replaced_goes_where_the_other_belongs() {
    for sizes in LADDERS {
        for capacity in borders(sizes) {
            assert_lands(sizes, 1, capacity, |buf| **buf = vec_of(capacity));
            assert_lands(sizes, 100, capacity, |buf| {
                drop(mem::replace(&mut **buf, vec_of(capacity)));
            });
        }
        assert_lands(sizes, 100, 0, |buf| drop(mem::take(&mut **buf)));
    }
}

#[test]
fn buffers_whose_vecs_were_swapped_go_each_where_the_other_came_from() {
    let pool = BufferPool::new();
    let (mut small, mut large) = (pool.get(10), pool.get(5000));
    small.push(1);
    large.push(2);
    let addresses = (small.as_ptr(), large.as_ptr());
    mem::swap(&mut *small, &mut *large);
    assert_eq!((small[0], large[0]), (2, 1));
    drop((small, large));
    for size in [64, 16 * KIB] {
        let class = class(&pool, size);
        assert_eq!((class.detached, class.attached, class.idle), (1, 1, 1), "{size}");
    }
    assert_eq!((pool.get(10).as_ptr(), pool.get(5000).as_ptr()), addresses);
    assert_conserved(&pool.stats());
}

#[test]
fn buffers_of_two_pools_whose_vecs_were_swapped_stay_where_they_were_swapped_to() {
    let (one, other) = (BufferPool::new(), BufferPool::tiered());
    let (mut first, mut second) = (one.get(5000), other.get(5000));
    mem::swap(&mut *first, &mut *second);
    drop((first, second));
    // 8 KiB, which the one keeps as 4, and 16, which the other keeps as 8.
    let (four, sixteen) = (class(&one, 4 * KIB), class(&one, 16 * KIB));
    assert_eq!((four.attached, four.idle, sixteen.detached, sixteen.idle), (1, 1, 1, 0));
    let eight = class(&other, 8 * KIB);
    assert_eq!((eight.created, eight.idle, eight.attached, eight.detached), (1, 1, 0, 0));
    assert_conserved(&one.stats());
    assert_conserved(&other.stats());
}

#[test]
fn guards_that_were_swapped_whole_go_home_each_to_its_own() {
    let (one, other) = (BufferPool::new(), BufferPool::tiered());
    let (mut first, mut second) = (one.get(5000), other.get(5000));
    mem::swap(&mut first, &mut second);
    drop(first);
    assert_eq!((one.stats().total().idle, other.stats().total().idle), (0, 1));
    drop(second);
    assert_eq!((one.stats().total().idle, other.stats().total().idle), (1, 1));
    assert_eq!(one.stats().total().detached + other.stats().total().detached, 0);
}

#[test]
fn a_request_above_the_ladder_touches_no_class() {
    let pool = BufferPool::new();
    let untouched = pool.stats();
    for (round, capacity) in [MIB + 1, 2 * MIB, 3 * MIB].into_iter().enumerate() {
        let mut buf = pool.get(capacity);
        buf.push(1);
        drop(buf);
        assert_eq!(pool.get_zeroed(capacity).len(), capacity);
        let stats = pool.stats();
        assert_eq!(stats.unpooled, 2 * (round as u64 + 1));
        assert_eq!(stats.total(), untouched.total(), "{capacity}");
    }
}

#[test]
fn what_was_too_large_and_shrank_is_kept() {
    let pool = BufferPool::new();
    let mut buf = pool.get(2 * MIB);
    buf.push(1);
    buf.shrink_to(5000);
    drop(buf);
    let class = class(&pool, 4 * KIB);
    assert_eq!((class.attached, class.idle, pool.stats().unpooled), (1, 1, 1));
    assert_conserved(&pool.stats());
    let mut buf = pool.get(2 * MIB);
    *buf = Vec::new();
    drop(buf);
    assert_eq!(pool.stats().total().idle, 1);
    assert_conserved(&pool.stats());
}

#[test]
fn an_attached_buffer_may_grow_too() {
    for (before, after) in [(10, 100), (100, 10), (100, 5000), (5000, 2 * MIB), (2 * MIB, 70)] {
        let pool = BufferPool::new();
        let mut buf = pool.attach(vec_of(before));
        if before < after {
            buf.reserve_exact(after)
        } else {
            buf.shrink_to(after)
        }
        assert_eq!(buf.capacity(), after);
        drop(buf);
        let stats = pool.stats();
        assert_conserved(&stats);
        let home = home(&LADDER, after);
        assert_eq!(stats.total().idle, u64::from(home.is_some()), "{before} -> {after}");
        assert_eq!(idle_elsewhere(&stats, home), 0, "{before} -> {after}: {stats:?}");
        assert_eq!(stats.total().in_use, 0);
    }
}

#[test]
fn a_buffer_that_is_taken_out_or_discarded_comes_home_to_no_class() {
    let pool = BufferPool::new();
    let mut buf = pool.get(100);
    buf.extend_from_slice(b"kept");
    let address = buf.as_ptr();
    let vec = PooledBuf::into_inner(buf);
    assert_eq!((&vec[..], vec.as_ptr()), (&b"kept"[..], address));
    assert_eq!((class(&pool, 256).detached, class(&pool, 256).idle), (1, 0));
    let vec: Vec<u8> = pool.attach(vec).into();
    assert_eq!((&vec[..], vec.as_ptr()), (&b"kept"[..], address));
    assert_eq!((class(&pool, 256).idle, class(&pool, 256).in_use), (0, 0));
    assert_conserved(&pool.stats());

    PooledBuf::discard(pool.get(100));
    PooledBuf::discard(pool.attach(vec));
    let total = pool.stats().total();
    assert_eq!((total.discarded.explicit, total.discarded.total(), total.idle), (2, 2, 0));
    assert_conserved(&pool.stats());

    let before = pool.stats().total();
    assert!(PooledBuf::into_inner(pool.get(3 * MIB)).capacity() >= 3 * MIB);
    PooledBuf::discard(pool.get(3 * MIB));
    assert_eq!(pool.stats().total(), before, "what is not pooled");
}

#[test]
fn a_buffer_that_grew_and_is_taken_out_leaves_the_class_it_came_from() {
    let pool = BufferPool::new();
    let mut buf = pool.get(100);
    buf.resize(5000, 1);
    assert_eq!(PooledBuf::into_inner(buf).len(), 5000);
    let mut buf = pool.get(100);
    buf.resize(5000, 1);
    PooledBuf::discard(buf);
    let class = class(&pool, 256);
    assert_eq!((class.created, class.detached, class.in_use), (2, 1, 0));
    assert_eq!(pool.stats().total().discarded.explicit, 1);
    assert_conserved(&pool.stats());
}

#[test]
fn a_forgotten_buffer_counts_as_in_use_for_ever() {
    let pool = BufferPool::new();
    // Not leaked: what the guard kept is handed back to a guard below.
    let buf = mem::ManuallyDrop::new(pool.get(100));
    assert_eq!((class(&pool, 256).in_use, class(&pool, 256).idle), (1, 0));
    pool.clear();
    assert_eq!(class(&pool, 256).in_use, 1);
    drop(mem::ManuallyDrop::into_inner(buf));
    assert_eq!((class(&pool, 256).in_use, class(&pool, 256).idle), (0, 1));
}

#[test]
fn whatever_is_done_to_buffers_the_classes_add_up() {
    for seed in 1..=20 {
        let (pool, mut random) = (BufferPool::new(), Random(seed));
        let mut held: Vec<PooledBuf> = Vec::new();
        for _ in 0..2000 {
            let size = random.log_uniform(21);
            let index = random.below(held.len().max(1));
            match random.below(12) {
                0..=3 if held.len() < 20 => held.push(pool.get(size)),
                4 if held.len() < 20 => held.push(pool.attach(vec_of(size))),
                _ if held.is_empty() => {}
                0..=7 => drop(held.swap_remove(index)),
                8 => held[index].reserve_exact(size),
                9 => held[index].shrink_to(size),
                10 => {
                    let mut taken = held.swap_remove(index);
                    held.iter_mut().for_each(|other| mem::swap(&mut **other, &mut *taken));
                }
                _ if random.below(2) == 0 => PooledBuf::discard(held.swap_remove(index)),
                _ => drop(PooledBuf::into_inner(held.swap_remove(index))),
            }
        }
        drop(held);
        let stats = pool.stats();
        assert_conserved(&stats);
        assert_eq!(stats.classes.iter().map(|class| class.stats.in_use).sum::<u64>(), 0);
        assert!(stats.total().hits > 100 && stats.total().discarded.oversize > 0, "{stats:?}");
        // What is idle is fit for the class it is in.
        for size in LADDER {
            let idle = class(&pool, size).idle;
            let taken: Vec<_> = (0..idle).map(|_| pool.get(size)).collect();
            let next = LADDER.into_iter().find(|&next| next > size).unwrap_or(MIB + 1);
            let is_fit = |buf: &PooledBuf| (size..next).contains(&buf.capacity());
            assert!(taken.iter().all(is_fit), "seed {seed}, {size}");
            assert_eq!(class(&pool, size).idle, 0, "seed {seed}, {size}");
        }
    }
}
