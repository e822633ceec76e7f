//! Gets of all sizes, by threads that hold some of them for a while.
//!
//! Part of two programs: one keeps the time, and the other has an allocator that counts bytes,
//! which would cost those the time who allocate.

use core::mem::MaybeUninit;

use poolable::buffer::{BufferPool, PooledBuf};
use zeropool::{BufUninit, ZeroPool};

pub(crate) const THREADS: usize = 4;

/// How many buffers each thread holds.
pub(crate) const HELD: usize = 32;

const PAGE: usize = 4096;

/// Who lends the buffers.
pub(crate) trait Lender: Sync {
    type Buffer<'a>
    where
        Self: 'a;

    fn new() -> Self;

    fn get(&self, size: usize) -> Self::Buffer<'_>;

    /// The bytes that were asked for, whether there is something in them or not.
    fn bytes<'b>(buffer: &'b mut Self::Buffer<'_>, size: usize) -> &'b mut [MaybeUninit<u8>];

    fn capacity(buffer: &Self::Buffer<'_>) -> usize;
}

/// Buffers from poolable.
pub(crate) struct Poolable(BufferPool);

impl Lender for Poolable {
    type Buffer<'a> = PooledBuf;

    fn new() -> Self {
        Self(BufferPool::new())
    }

    #[inline(always)]
    fn get(&self, size: usize) -> PooledBuf {
        self.0.get(size)
    }

    #[inline(always)]
    fn bytes(buffer: &mut PooledBuf, size: usize) -> &mut [MaybeUninit<u8>] {
        &mut buffer.spare_capacity_mut()[..size]
    }

    fn capacity(buffer: &PooledBuf) -> usize {
        buffer.capacity()
    }
}

/// Buffers from zeropool.
pub(crate) struct Zeropool(ZeroPool);

impl Lender for Zeropool {
    type Buffer<'a> = BufUninit<'a>;

    fn new() -> Self {
        Self(ZeroPool::new())
    }

    #[inline(always)]
    fn get(&self, size: usize) -> BufUninit<'_> {
        self.0.alloc_uninit(size)
    }

    #[inline(always)]
    fn bytes<'b>(buffer: &'b mut BufUninit<'_>, _: usize) -> &'b mut [MaybeUninit<u8>] {
        buffer.as_uninit_mut()
    }

    fn capacity(buffer: &BufUninit<'_>) -> usize {
        buffer.capacity()
    }
}

/// Buffers from the system's malloc.
pub(crate) struct System;

impl Lender for System {
    type Buffer<'a> = Vec<u8>;

    fn new() -> Self {
        Self
    }

    #[inline(always)]
    fn get(&self, size: usize) -> Vec<u8> {
        Vec::with_capacity(size)
    }

    #[inline(always)]
    fn bytes(buffer: &mut Vec<u8>, size: usize) -> &mut [MaybeUninit<u8>] {
        &mut buffer.spare_capacity_mut()[..size]
    }

    fn capacity(buffer: &Vec<u8>) -> usize {
        buffer.capacity()
    }
}

/// One of the threads.
pub(crate) struct Holder<'a, L: Lender> {
    lender: &'a L,
    random: Random,
    held: [Option<L::Buffer<'a>>; HELD],
}

impl<'a, L: Lender> Holder<'a, L> {
    /// Every thread has a number, and gets the same sizes each time.
    pub(crate) fn new(lender: &'a L, number: usize) -> Self {
        let random = Random(0x9E37_79B9_7F4A_7C15 ^ (number as u64 + 1));
        Self { lender, random, held: [const { None }; HELD] }
    }

    /// Gets so many, each in the place of another, and writes to every page of what it gets.
    /// Returns how many pages that were.
    #[inline(never)]
    pub(crate) fn get(&mut self, count: u64) -> u64 {
        let mut written = 0;
        for _ in 0..count {
            let size = self.random.size();
            let place = &mut self.held[self.random.next() as usize % HELD];
            // Nobody has two buffers for one place.
            *place = None;
            let buffer = place.insert(self.lender.get(size));
            for byte in L::bytes(buffer, size).iter_mut().step_by(PAGE) {
                byte.write(1);
                written += 1;
            }
        }
        written
    }

    /// What is held, as large as it is.
    #[allow(dead_code, reason = "one of the two programs counts bytes")]
    pub(crate) fn bytes(&self) -> usize {
        self.held.iter().flatten().map(L::capacity).sum()
    }

    /// Returns everything.
    #[allow(dead_code, reason = "one of the two programs counts bytes")]
    pub(crate) fn release(&mut self) {
        self.held.fill_with(|| None);
    }
}

/// Marsaglia's xorshift of 64 bits.
struct Random(u64);

impl Random {
    #[inline(always)]
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        // The lowest bits are its worst.
        self.0 >> 8
    }

    /// From 0 to 1 MiB: every power of two is as likely as any other.
    #[inline(always)]
    fn size(&mut self) -> usize {
        let bits = self.next() % 21;
        (self.next() & ((1 << bits) - 1)) as usize
    }
}
