//! Who lends buffers.

use core::hint::black_box;

use byte_pool::BytePool;
use poolable::buffer::BufferPool;
use poolable::{Pool, Poolable};
use poolshark::local::{self, LPooled};
use zeropool::ZeroPool;

use super::source::{Append, LINE, Source, Use};
use crate::contenders::mimalloc::MiVec;
use crate::contenders::poolshark_local::MAX_CAPACITY;

/// The buffer that the case is about.
pub(super) const SIZE: usize = 4096;

/// The pool that every program has.
pub(super) struct Global;

impl Source for Global {
    fn new() -> Self {
        Self
    }

    #[inline(always)]
    fn use_one<const SIZE: usize, U: Use>(&self) -> u64 {
        U::on(&mut *BufferPool::global().get(SIZE))
    }
}

static BUFFERS: BufferPool = BufferPool::new();

/// A pool in a static of the program.
pub(super) struct Static;

impl Source for Static {
    fn new() -> Self {
        Self
    }

    #[inline(always)]
    fn use_one<const SIZE: usize, U: Use>(&self) -> u64 {
        U::on(&mut *BUFFERS.get(SIZE))
    }
}

/// The same, asked for what the compiler cannot know.
pub(super) struct Unknown;

impl Source for Unknown {
    fn new() -> Self {
        Self
    }

    #[inline(always)]
    fn use_one<const SIZE: usize, U: Use>(&self) -> u64 {
        U::on(&mut *BUFFERS.get(black_box(SIZE)))
    }
}

/// The same, with every byte zero.
pub(super) struct Zeroed;

impl Source for Zeroed {
    fn new() -> Self {
        Self
    }

    #[inline(always)]
    fn use_one<const SIZE: usize, U: Use>(&self) -> u64 {
        U::on(&mut &mut BUFFERS.get_zeroed(SIZE)[..])
    }
}

/// A pool whose buffers are wiped when they come home.
pub(super) struct Wiping(BufferPool);

impl Source for Wiping {
    fn new() -> Self {
        Self(BufferPool::builder().zeroize(true).build())
    }

    #[inline(always)]
    fn use_one<const SIZE: usize, U: Use>(&self) -> u64 {
        U::on(&mut *self.0.get(SIZE))
    }
}

/// A pool that finds out by itself how large its buffers should be.
pub(super) struct Calibrating(BufferPool);

impl Source for Calibrating {
    fn new() -> Self {
        let pool = BufferPool::builder().calibrate(true).build();
        let source = Self(pool);
        // Twice what a thread keeps to itself, so that what it chose is chosen before the clock
        // runs, and changes no more: all uses are the same.
        for _ in 0..2048 {
            source.use_one::<SIZE, Append>();
        }
        source.0.calibrate_now();
        source
    }

    #[inline(always)]
    fn use_one<const SIZE: usize, U: Use>(&self) -> u64 {
        U::on(&mut *self.0.get_default())
    }
}

#[derive(Poolable)]
struct Buffer {
    #[pool(capacity = SIZE)]
    bytes: Vec<u8>,
}

/// The pool of a type with one field.
pub(super) struct Derived;

impl Source for Derived {
    fn new() -> Self {
        Self
    }

    #[inline(always)]
    fn use_one<const BYTES: usize, U: Use>(&self) -> u64 {
        const { assert!(BYTES == SIZE) };
        U::on(&mut Buffer::pooled().bytes)
    }
}

static VECS: Pool<Vec<u8>> = Pool::new(|| Vec::with_capacity(SIZE));

/// A pool of vectors.
pub(super) struct Vecs;

impl Source for Vecs {
    fn new() -> Self {
        Self
    }

    #[inline(always)]
    fn use_one<const BYTES: usize, U: Use>(&self) -> u64 {
        const { assert!(BYTES == SIZE) };
        U::on(&mut *VECS.get())
    }
}

/// No pool.
pub(super) struct Glibc;

impl Source for Glibc {
    fn new() -> Self {
        Self
    }

    #[inline(always)]
    fn use_one<const SIZE: usize, U: Use>(&self) -> u64 {
        U::on(&mut Vec::<u8>::with_capacity(SIZE))
    }
}

/// No pool, and the other allocator.
pub(super) struct Mimalloc;

impl Source for Mimalloc {
    fn new() -> Self {
        Self
    }

    #[inline(always)]
    fn use_one<const SIZE: usize, U: Use>(&self) -> u64 {
        U::on(&mut MiVec::<u8>::with_capacity(SIZE))
    }
}

/// zeropool without its zeroes.
pub(super) struct ZeropoolUninit(ZeroPool);

impl Source for ZeropoolUninit {
    fn new() -> Self {
        Self(ZeroPool::new())
    }

    #[inline(always)]
    fn use_one<const SIZE: usize, U: Use>(&self) -> u64 {
        U::on(&mut self.0.alloc_uninit(SIZE).as_uninit_mut())
    }
}

/// zeropool as its documentation has it for the fastest path: what is asked for is what is
/// written, and a buffer of its smallest class is what comes.
pub(super) struct ZeropoolWritten(ZeroPool);

impl Source for ZeropoolWritten {
    fn new() -> Self {
        Self(ZeroPool::new())
    }

    #[inline(always)]
    fn use_one<const BYTES: usize, U: Use>(&self) -> u64 {
        const { assert!(BYTES == SIZE && U::SEEN == Append::SEEN) };
        let line = black_box(LINE);
        let bytes = self.0.alloc_uninit(line.len()).write_from_slice(line);
        black_box(bytes.as_ptr());
        bytes.len() as u64
    }
}

/// zeropool by default.
pub(super) struct ZeropoolZeroed(ZeroPool);

impl Source for ZeropoolZeroed {
    fn new() -> Self {
        Self(ZeroPool::new())
    }

    #[inline(always)]
    fn use_one<const SIZE: usize, U: Use>(&self) -> u64 {
        U::on(&mut &mut self.0.alloc(SIZE)[..])
    }
}

/// byte-pool. It wants the type said: there is a default, but not for `new`.
pub(super) struct BytePools(BytePool<Vec<u8>>);

impl Source for BytePools {
    fn new() -> Self {
        Self(BytePool::new())
    }

    #[inline(always)]
    fn use_one<const SIZE: usize, U: Use>(&self) -> u64 {
        U::on(&mut &mut self.0.alloc(SIZE)[..])
    }
}

pub(super) struct Opool(opool::Pool<Allocator, Vec<u8>>);

pub(super) struct Allocator;

impl opool::PoolAllocator<Vec<u8>> for Allocator {
    #[inline]
    fn allocate(&self) -> Vec<u8> {
        Vec::with_capacity(SIZE)
    }

    #[inline]
    fn reset(&self, bytes: &mut Vec<u8>) {
        bytes.clear();
    }
}

impl Source for Opool {
    fn new() -> Self {
        Self(opool::Pool::new(1024, Allocator))
    }

    #[inline(always)]
    fn use_one<const BYTES: usize, U: Use>(&self) -> u64 {
        const { assert!(BYTES == SIZE) };
        U::on(&mut *self.0.get())
    }
}

pub(super) struct ObjectPool(object_pool::Pool<Vec<u8>>);

impl Source for ObjectPool {
    fn new() -> Self {
        Self(object_pool::Pool::new(32, || Vec::with_capacity(SIZE)))
    }

    #[inline(always)]
    fn use_one<const SIZE: usize, U: Use>(&self) -> u64 {
        let mut bytes = self.0.pull(|| Vec::with_capacity(SIZE));
        bytes.clear();
        U::on(&mut *bytes)
    }
}

/// poolshark's pools of threads, which hand out vectors with whatever room they have.
pub(super) struct Poolshark;

impl Source for Poolshark {
    fn new() -> Self {
        // Else it keeps none that are so large. It asks when a thread comes to it first.
        local::set_size::<Vec<u8>>(1024, MAX_CAPACITY);
        Self
    }

    #[inline(always)]
    fn use_one<const SIZE: usize, U: Use>(&self) -> u64 {
        let mut bytes = LPooled::<Vec<u8>>::take();
        bytes.reserve(SIZE);
        U::on(&mut *bytes)
    }
}

/// One `BytesMut` for each thread, which lends its front and takes it back with `reserve`.
pub(super) fn split(bytes: &mut bytes::BytesMut) -> u64 {
    bytes.reserve(SIZE);
    bytes.extend_from_slice(black_box(LINE));
    let frame = bytes.split();
    black_box(frame.as_ptr());
    frame.len() as u64
}

/// The same without a byte in it: nothing is split off.
pub(super) fn reserved(bytes: &mut bytes::BytesMut) -> u64 {
    bytes.reserve(SIZE);
    black_box(bytes.as_ptr());
    bytes.clear();
    1
}
