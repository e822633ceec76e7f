//! Buffers that become `Bytes`: one allocation, no copy, and home in the end.

use std::sync::{Arc, Barrier, LazyLock};
use std::thread;

use bytes::{Buf, Bytes, BytesMut};
use poolable::buffer::{BufferPool, PooledBuf};

use super::{KIB, LADDER, MIB, assert_conserved, class};
use crate::allocations::{CANARY, allocations_in, live_bytes, secrets_freed_in};
use crate::alone;

/// 0 to 255, over and over. Such contents are copied and compared at once, which is fast in
/// a build for tests, too.
static CONTENTS: LazyLock<Vec<u8>> =
    LazyLock::new(|| (0..3 * MIB).map(|index| index as u8).collect());

fn filled(pool: &BufferPool, len: usize) -> PooledBuf {
    let mut buf = pool.get(len);
    buf.extend_from_slice(&CONTENTS[..len]);
    buf
}

fn is_filled(bytes: &[u8], len: usize) -> bool {
    *bytes == CONTENTS[..len]
}

#[test]
fn a_warm_pool_freezes_with_one_allocation_and_no_copy() {
    let pool = BufferPool::new();
    for size in LADDER {
        drop(pool.get(size));
        let mut bytes = Bytes::new();
        let mut address = std::ptr::null();
        let allocations = allocations_in(|| {
            let mut buf = pool.get(size);
            buf.resize(size, 1);
            address = buf.as_ptr();
            bytes = buf.freeze();
        });
        assert_eq!((allocations, bytes.as_ptr(), bytes.len()), (1, address, size));
        // Nor do clones and slices of it.
        assert_eq!(allocations_in(|| drop((bytes.clone(), bytes.slice(1..5)))), 0);
        assert_eq!(allocations_in(|| drop(bytes)), 0);
        assert_eq!((class(&pool, size).idle, class(&pool, size).created), (1, 1));
        assert_eq!(pool.get(size).as_ptr(), address, "it is home");
    }
}

#[test]
fn a_thousand_buffers_are_frozen_with_as_many_allocations() {
    let pool = BufferPool::new();
    drop(pool.get(4 * KIB));
    let round = || {
        let mut buf = pool.get(4 * KIB);
        buf.extend_from_slice(b"contents");
        assert_eq!(&Bytes::from(buf)[..], b"contents");
    };
    round();
    assert_eq!(allocations_in(|| (0..1000).for_each(|_| round())), 1000);
    assert_eq!(class(&pool, 4 * KIB).misses, 1);
}

#[test]
fn the_last_of_clones_and_slices_brings_the_buffer_home() {
    let pool = BufferPool::new();
    let bytes = filled(&pool, 5000).freeze();
    let mut slices: Vec<Bytes> = (0..100).map(|index| bytes.slice(index * 10..)).collect();
    slices.extend((0..10).map(|_| bytes.clone()));
    assert_eq!(slices[3][0], 30);
    drop(bytes);
    slices.truncate(1);
    assert_eq!((class(&pool, 16 * KIB).in_use, class(&pool, 16 * KIB).idle), (1, 0));
    assert!(is_filled(&slices[0], 5000));
    drop(slices);
    let class = class(&pool, 16 * KIB);
    assert_eq!((class.in_use, class.idle, class.returned, class.detached), (0, 1, 1, 0));
}

#[test]
fn bytes_dropped_on_other_threads_all_come_home() {
    let pool = Arc::new(BufferPool::new());
    for round in 0..50 {
        let all: Vec<Bytes> = (0..20).map(|index| filled(&pool, index * 500).freeze()).collect();
        let barrier = Arc::new(Barrier::new(4));
        let workers: Vec<_> = (0..3)
            .map(|_| {
                let (all, barrier) = (all.clone(), Arc::clone(&barrier));
                thread::spawn(move || {
                    assert!(all.iter().enumerate().all(|(index, it)| is_filled(it, index * 500)));
                    barrier.wait();
                    drop(all);
                })
            })
            .collect();
        barrier.wait();
        drop(all);
        workers.into_iter().for_each(|worker| worker.join().expect("no panic"));
        let total = pool.stats().total();
        assert_eq!((total.in_use, total.returned), (0, 20 * (round + 1)));
        assert_eq!(total.idle, total.created);
        assert_conserved(&pool.stats());
    }
    // A thread that ends hands over what came home on it.
    let total = pool.stats().total();
    assert!(total.misses < 50, "{total:?}");
}

#[test]
fn buffers_of_nothing_freeze_too() {
    let pool = BufferPool::new();
    for size in [0, 100, 5000, 3 * MIB] {
        let bytes = pool.get(size).freeze();
        assert!(bytes.is_empty() && bytes.clone().is_empty());
        drop(bytes);
    }
    drop(pool.attach(Vec::new()).freeze());
    let mut taken = pool.get(100);
    *taken = Vec::new();
    assert!(taken.freeze().is_empty());
    let total = pool.stats().total();
    assert_eq!((total.in_use, total.idle, total.discarded.invalid), (0, 2, 1));
    assert_conserved(&pool.stats());
}

#[test]
fn what_is_not_pooled_or_was_attached_freezes_too() {
    let pool = BufferPool::new();
    let large = filled(&pool, 3 * MIB);
    let address = large.as_ptr();
    let bytes = large.freeze();
    assert!(bytes.as_ptr() == address && is_filled(&bytes, 3 * MIB));
    drop(bytes);
    assert_eq!((pool.stats().unpooled, pool.stats().total().idle), (1, 0));
    drop(pool.attach(vec![1; 5000]).freeze().slice(3..10));
    assert_eq!((class(&pool, 4 * KIB).attached, class(&pool, 4 * KIB).idle), (1, 1));
    let mut grown = filled(&pool, 10);
    grown.resize(70_000, 0);
    drop(grown.freeze());
    assert_eq!((class(&pool, 64).detached, class(&pool, 64 * KIB).attached), (1, 1));
    assert_conserved(&pool.stats());
}

#[test]
fn bytes_outlive_their_pool() {
    alone(|| {
        let round = || {
            let pool = BufferPool::new();
            let all: Vec<Bytes> = LADDER.iter().map(|&size| filled(&pool, size).freeze()).collect();
            drop(pool);
            let clones = all.clone();
            thread::spawn(move || drop(clones)).join().expect("no panic");
            assert!(all.iter().zip(LADDER).all(|(bytes, size)| is_filled(bytes, size)));
        };
        (0..20).for_each(|_| round());
        let before = live_bytes();
        (0..100).for_each(|_| round());
        assert!(live_bytes() - before < 2000, "{} bytes left", live_bytes() - before);
    });
}

#[test]
fn a_pool_dropped_while_its_bytes_come_home_is_of_no_harm() {
    for _ in 0..300 {
        let pool = BufferPool::new();
        let all: Vec<Bytes> = LADDER.iter().map(|&size| filled(&pool, size).freeze()).collect();
        let barrier = Arc::new(Barrier::new(2));
        let inside = Arc::clone(&barrier);
        let worker = thread::spawn(move || {
            inside.wait();
            drop(all);
        });
        barrier.wait();
        drop(pool);
        worker.join().expect("no panic");
    }
}

#[test]
fn a_frozen_secret_is_wiped_when_its_last_clone_goes() {
    let pool = BufferPool::builder().zeroize(true).build();
    let secret = || {
        let mut buf = pool.get(800);
        (0..100).for_each(|_| buf.extend_from_slice(&CANARY.to_ne_bytes()));
        buf
    };
    let bytes = secret().freeze();
    let clone = bytes.clone();
    drop(bytes);
    assert!(clone.ends_with(&CANARY.to_ne_bytes()), "not before");
    let freed = secrets_freed_in(|| {
        drop(clone);
        pool.clear();
    });
    assert_eq!(freed, 0);
    assert_eq!(class(&pool, KIB).discarded.explicit, 1);
    // And as it is freed because the pool is gone.
    let bytes = secret().freeze();
    let unused = secret();
    drop(pool);
    assert_eq!(secrets_freed_in(|| drop((bytes, unused))), 0);
    // The allocator would have seen it.
    let plain = BufferPool::new();
    let freed = secrets_freed_in(|| {
        let mut buf = plain.get(800);
        buf.extend_from_slice(&CANARY.to_ne_bytes());
        drop(buf.freeze());
        plain.clear();
    });
    assert_eq!(freed, 1);
}

#[test]
fn what_else_bytes_can_become_is_of_no_harm() {
    let pool = BufferPool::new();
    let address = |bytes: &Bytes| bytes.as_ptr();
    let frozen = || filled(&pool, 1000).freeze();

    // An owner's memory is not given away: it is copied.
    let bytes = frozen();
    let before = address(&bytes);
    assert!(!bytes.is_unique() || bytes.as_ptr() == before);
    match bytes.try_into_mut() {
        Ok(mut unique) => {
            assert!(is_filled(&unique, 1000));
            unique.resize(10_000, 1);
        }
        Err(bytes) => assert!(is_filled(&bytes, 1000)),
    }
    let mut copy = BytesMut::from(frozen());
    copy.resize(100_000, 7);
    let vec = Vec::from(frozen());
    assert!(is_filled(&vec, 1000) && is_filled(&copy[..1000], 1000));
    let mut bytes = frozen();
    bytes.advance(10);
    let tail = bytes.split_off(500);
    assert_eq!((bytes[0], tail[0], bytes.len() + tail.len()), (10, 254, 990));
    drop(bytes);
    let mut taken = tail.clone();
    drop((taken.split_to(100), tail));
    taken.clear();
    drop(taken);
    let total = pool.stats().total();
    assert_eq!((total.in_use, total.idle, total.returned), (0, total.created, 4));
    drop((vec, copy));
    assert_eq!(pool.stats().total(), total);
}

#[test]
fn bytes_in_the_destructor_of_a_thread_local_come_home() {
    thread_local! {
        static KEPT: std::cell::RefCell<Vec<Bytes>> = const { std::cell::RefCell::new(Vec::new()) };
    }

    let pool = Arc::new(BufferPool::new());
    for is_registered_first in [true, false] {
        let inside = Arc::clone(&pool);
        let worker = thread::spawn(move || {
            if is_registered_first {
                KEPT.take();
            }
            let kept = (0..100).map(|index| filled(&inside, index * 100).freeze());
            KEPT.set(kept.collect());
        });
        worker.join().expect("no panic");
        assert_eq!(pool.stats().total().in_use, 0, "registered first: {is_registered_first}");
        assert_conserved(&pool.stats());
    }
    assert_eq!(pool.stats().total().returned, 200);
}
