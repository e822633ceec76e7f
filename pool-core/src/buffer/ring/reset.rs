//! Rings in pools: made blank, governed and wiped.

use super::RingBuffer;
use crate::wipe::WipeOnHeap;
use crate::{Capacity, ReleaseBorrows, Reset, Wipe};

/// Emptied, with no byte lost so far. Memory, capacity and kind are kept, as they were given
/// at birth; whoever puts another ring into a pooled object hands it on.
///
/// `blank` overwrites, has a capacity of 4096 bytes, and allocates them at its first write.
/// Another one is made by `#[pool(capacity = N)]` or `#[pool(init = RingBuffer::bounded(N))]`.
impl Reset for RingBuffer {
    #[inline]
    fn blank() -> Self {
        Self::lazy(Self::BLANK, false)
    }

    #[inline]
    fn reset(&mut self) {
        self.clear();
        self.overwritten = 0;
    }

    #[inline]
    fn retained_bytes(&mut self) -> usize {
        self.storage.len()
    }
}

/// The capacity of a ring is no more than was asked for, and at least 1. Whatever governs it
/// governs what the ring keeps: beside `#[pool(max_capacity = N)]` there should be a
/// `capacity` or an `init` that is not above, or the ring has 4096 bytes until its first return.
impl Capacity for RingBuffer {
    /// Returns an overwriting ring.
    fn with_capacity(capacity: usize) -> Self {
        Self::new(capacity.max(1))
    }

    #[inline]
    fn capacity(&self) -> usize {
        self.capacity
    }

    /// Gives memory to a ring that has none, too.
    #[inline]
    fn grow_to(&mut self, capacity: usize) {
        if self.capacity < capacity {
            self.move_to(capacity);
        } else {
            self.allocate();
        }
    }

    #[inline]
    fn shrink_to(&mut self, capacity: usize) {
        let capacity = capacity.max(self.len).max(1);
        if self.capacity <= capacity {
            return;
        }
        if self.storage.is_empty() {
            self.capacity = capacity;
        } else {
            self.move_to(capacity);
        }
    }
}

// SAFETY: there are no lifetimes in the type.
unsafe impl ReleaseBorrows for RingBuffer {}

/// All of its memory is overwritten, also where what was there has been read or cleared; then
/// it is as after a reset.
///
/// Its memory never moves, but where its capacity is changed by hand, through [`Capacity`]:
/// then wipe it before. A ring that is dropped is not wiped of its own accord, but as the field
/// of a type that marks it.
impl Wipe for RingBuffer {
    #[inline]
    fn wipe(&mut self) {
        self.storage.wipe();
        self.reset();
    }
}

impl WipeOnHeap for RingBuffer {}
