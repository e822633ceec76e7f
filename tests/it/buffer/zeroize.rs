//! Pools that wipe: what was written is nowhere when the buffer has left its user.

use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::LazyLock;

use poolable::Poolable;
use poolable::buffer::{BufferPool, BufferPoolBuilder, PooledBuf};

#[cfg(not(poolable_asan))]
use super::KIB;
use super::{LADDER, MIB, assert_conserved, class};
use crate::allocations::{CANARY, secrets_freed_in};
use crate::unwind;

fn wiping() -> BufferPoolBuilder {
    BufferPool::builder().zeroize(true)
}

/// Fills all of a buffer's capacity with the canary, and leaves it with no length.
fn dirty(buf: &mut PooledBuf) {
    let words = CANARY.to_ne_bytes();
    while buf.capacity() - buf.len() >= words.len() {
        buf.extend_from_slice(&words);
    }
    assert!(buf.len() >= words.len());
    buf.clear();
}

fn dirtied(pool: &BufferPool, capacity: usize) -> PooledBuf {
    let mut buf = pool.get(capacity);
    dirty(&mut buf);
    buf
}

/// Where a buffer lies, to be looked at while it is idle.
#[cfg(not(poolable_asan))]
struct Place {
    start: *const u8,
    capacity: usize,
}

// What is idle is poisoned for that sanitizer.
#[cfg(not(poolable_asan))]
impl Place {
    fn of(buf: &mut PooledBuf) -> Self {
        Self { start: buf.as_mut_ptr(), capacity: buf.capacity() }
    }

    /// How many of its bytes are not zero.
    fn residue(&self) -> usize {
        let byte = |index| {
            // SAFETY: the offset is within the block.
            let byte = unsafe { self.start.add(index) };
            // SAFETY: the pool of this test still holds the block, which is idle, so that
            // nobody writes to it; and the allocator of the tests initialises all memory.
            unsafe { byte.read_volatile() }
        };
        (0..self.capacity).filter(|&index| byte(index) != 0).count()
    }
}

#[cfg(not(poolable_asan))]
#[test]
fn every_byte_of_an_idle_buffer_is_zero_over_its_whole_capacity() {
    let pool = wiping().build();
    for capacity in LADDER {
        let mut buf = pool.get(capacity);
        let place = Place::of(&mut buf);
        dirty(&mut buf);
        assert!(place.residue() > capacity / 2, "there was something to be wiped");
        drop(buf);
        assert_eq!(place.residue(), 0, "{capacity}");
        // And of those that came with other capacities.
        let mut buf = pool.attach(Vec::with_capacity(capacity + 17));
        let place = Place::of(&mut buf);
        dirty(&mut buf);
        drop(buf);
        assert_eq!(class(&pool, capacity).idle, if capacity == MIB { 1 } else { 2 });
        if capacity != MIB {
            assert_eq!(place.residue(), 0, "{capacity}");
        }
    }
}

#[cfg(not(poolable_asan))]
#[test]
fn a_buffer_is_wiped_when_a_panic_passes_it() {
    let pool = wiping().build();
    let mut buf = pool.get(1000);
    let place = Place::of(&mut buf);
    let unwound = catch_unwind(AssertUnwindSafe(|| {
        let mut buf = buf;
        dirty(&mut buf);
        unwind();
    }));
    assert!(unwound.is_err());
    assert_eq!((class(&pool, KIB).idle, place.residue()), (1, 0));
}

#[cfg(not(poolable_asan))]
#[test]
fn a_pool_that_does_not_wipe_keeps_what_was_written() {
    // Or the tests above would prove nothing.
    let pool = BufferPool::new();
    let mut buf = pool.get(1000);
    let place = Place::of(&mut buf);
    dirty(&mut buf);
    drop(buf);
    assert!(place.residue() > 500);
}

#[cfg(all(feature = "bytes", not(poolable_asan)))]
#[test]
fn a_frozen_buffer_is_wiped_over_its_whole_capacity_when_the_last_clone_goes() {
    let pool = wiping().build();
    let mut buf = pool.get(1000);
    let place = Place::of(&mut buf);
    dirty(&mut buf);
    buf.push(1);
    let bytes = buf.freeze();
    let slice = bytes.slice(..);
    drop(bytes);
    assert!(place.residue() > 500 && slice[0] == 1);
    drop(slice);
    assert_eq!((class(&pool, KIB).idle, place.residue()), (1, 0));
}

#[test]
fn what_comes_back_in_zeroes_is_zero_over_its_whole_capacity() {
    let pool = wiping().build();
    for _ in 0..3 {
        for capacity in LADDER {
            drop(dirtied(&pool, capacity));
            let buf = pool.get_zeroed(capacity);
            assert!(buf.len() == capacity && buf.iter().all(|&byte| byte == 0), "{capacity}");
            assert!(class(&pool, capacity).hits > 0);
        }
    }
}

type Way = fn(BufferPool);

/// Ways of a secret to the allocator, each with a pool of its own.
const WAYS: [(&str, Way); 13] = [
    ("the buffer is discarded", |pool| PooledBuf::discard(dirtied(&pool, 1000))),
    ("the pool is cleared", |pool| {
        drop(dirtied(&pool, 1000));
        pool.clear();
    }),
    ("the pool is dropped", |pool| {
        drop(dirtied(&pool, 1000));
        drop(pool);
    }),
    ("the pool is dropped before", |pool| {
        let buf = dirtied(&pool, 1000);
        drop(pool);
        drop(buf);
    }),
    ("idle for too long", |pool| {
        drop(dirtied(&pool, 1000));
        pool.flush_thread_cache();
        (0..3).for_each(|_| pool.trim());
    }),
    ("more than the pool may keep", |pool| {
        let bufs: Vec<_> = (0..200).map(|_| dirtied(&pool, 200_000)).collect();
        drop(bufs);
        assert!(pool.stats().total().discarded.bytes > 0);
    }),
    ("never pooled", |pool| drop(dirtied(&pool, 2 * MIB))),
    ("attached and too small", |pool| {
        let mut buf = pool.attach(Vec::with_capacity(32));
        dirty(&mut buf);
    }),
    ("attached and too large", |pool| {
        let mut buf = pool.attach(Vec::with_capacity(2 * MIB));
        dirty(&mut buf);
    }),
    ("got and gone to another class", |pool| {
        let mut buf = pool.get(10);
        *buf = Vec::with_capacity(5000);
        dirty(&mut buf);
        drop(buf);
        pool.clear();
    }),
    ("unwinding", |pool| {
        let unwound = catch_unwind(AssertUnwindSafe(|| {
            let _buf = dirtied(&pool, 2 * MIB);
            let _second = dirtied(&pool, 10);
            unwind();
        }));
        assert!(unwound.is_err());
        pool.clear();
    }),
    ("swapped", |pool| {
        let (mut first, mut second) = (dirtied(&pool, 10), dirtied(&pool, 5000));
        mem::swap(&mut *first, &mut *second);
        PooledBuf::discard(first);
        drop(second);
        pool.clear();
    }),
    ("a clone", |pool| {
        let mut buf = pool.get(64);
        buf.extend_from_slice(&CANARY.to_ne_bytes());
        drop(buf.clone());
        drop(buf);
        pool.clear();
    }),
];

#[test]
fn no_block_is_freed_with_a_secret_in_it_whatever_becomes_of_the_buffer() {
    for (way, go) in WAYS {
        let freed = secrets_freed_in(|| go(wiping().build()));
        assert_eq!(freed, 0, "{way}");
        // Without the wipe, each of these ways gives it away.
        let freed = secrets_freed_in(|| go(BufferPool::builder().build()));
        assert!(freed > 0, "{way}");
    }
}

#[test]
fn what_the_user_takes_out_or_has_grow_is_the_users_to_wipe() {
    let pool = wiping().build();
    // A vector that grows moves, and the block it leaves is freed as it is.
    let grown = secrets_freed_in(|| {
        let mut buf = pool.get(64);
        buf.extend_from_slice(&CANARY.to_ne_bytes());
        buf.resize(5000, 0);
    });
    assert_eq!(grown, 1);
    let taken = secrets_freed_in(|| {
        let mut buf = pool.get(64);
        buf.extend_from_slice(&CANARY.to_ne_bytes());
        drop(PooledBuf::into_inner(buf));
    });
    assert_eq!(taken, 1);
    let replaced = secrets_freed_in(|| {
        let mut buf = pool.get(64);
        buf.extend_from_slice(&CANARY.to_ne_bytes());
        *buf = Vec::new();
    });
    assert_eq!(replaced, 1);
    assert_conserved(&pool.stats());
}

#[test]
fn a_buffer_that_is_a_field_is_wiped_with_its_object() {
    static WIPING: LazyLock<BufferPool> = LazyLock::new(|| wiping().build());

    #[derive(Poolable)]
    struct Session {
        #[pool(init = WIPING.get(256))]
        token: PooledBuf,
    }

    let mut session = Session::pooled();
    dirty(&mut session.token);
    let before = session.token.as_ptr();
    drop(session);
    let mut session = Session::pooled();
    assert_eq!(session.token.as_ptr(), before, "it is the same one");
    // SAFETY: it is the capacity, and `dirty` wrote all of it but a few bytes, which the
    // pool made as zeros.
    unsafe { session.token.set_len(256) };
    assert_eq!(*session.token, [0; 256]);
}

#[test]
fn a_buffer_that_is_wiped_does_not_show_its_content() {
    let mut buf = wiping().build().get(64);
    buf.extend_from_slice(b"abc");
    assert_eq!(format!("{buf:?}"), "PooledBuf { len: 3, .. }");
    let mut plain = BufferPool::new().get(64);
    plain.extend_from_slice(b"abc");
    assert_eq!(format!("{plain:?}"), format!("{:?}", b"abc"));
}
