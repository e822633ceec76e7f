//! What a thread allocates.
//!
//! The counts are the thread's own, so that threads are not in each other's way. What several
//! allocated is the sum of what each says. A block that one thread frees for another one is
//! missing in what is live of the other: only programs of one thread are asked for that.

use core::alloc::{GlobalAlloc, Layout};
use core::cell::Cell;
use std::alloc::System;

/// What a thread has asked for and given back, since it began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Blocks asked for. One that grows is one more, as in Go, where it is always a new one.
    pub blocks: u64,
    /// Bytes asked for, those of grown blocks anew.
    pub bytes: u64,
    /// Blocks given back, those that grew among them.
    pub frees: u64,
    /// Bytes that have not been given back.
    pub live: i64,
    /// The most that was live since [`watch_peak`].
    pub peak: i64,
}

struct Cells {
    blocks: Cell<u64>,
    bytes: Cell<u64>,
    frees: Cell<u64>,
    live: Cell<i64>,
    peak: Cell<i64>,
}

thread_local! {
    static CELLS: Cells = const {
        Cells {
            blocks: Cell::new(0),
            bytes: Cell::new(0),
            frees: Cell::new(0),
            live: Cell::new(0),
            peak: Cell::new(0),
        }
    };
}

/// What the current thread has come to.
#[must_use]
pub fn counts() -> Counts {
    CELLS.with(|cells| Counts {
        blocks: cells.blocks.get(),
        bytes: cells.bytes.get(),
        frees: cells.frees.get(),
        live: cells.live.get(),
        peak: cells.peak.get(),
    })
}

/// Forgets what the peak of the current thread was before.
pub fn watch_peak() {
    CELLS.with(|cells| cells.peak.set(cells.live.get()));
}

/// The system's allocator, counting.
#[derive(Clone, Copy, Debug)]
pub struct Counting;

fn grew(bytes: usize) {
    // A thread that is past its thread-locals has finished what is counted.
    let _ = CELLS.try_with(|cells| {
        cells.blocks.set(cells.blocks.get() + 1);
        cells.bytes.set(cells.bytes.get() + bytes as u64);
        let live = cells.live.get() + bytes as i64;
        cells.live.set(live);
        cells.peak.set(cells.peak.get().max(live));
    });
}

fn shrank(bytes: usize) {
    let _ = CELLS.try_with(|cells| {
        cells.frees.set(cells.frees.get() + 1);
        cells.live.set(cells.live.get() - bytes as i64);
    });
}

// SAFETY: every call goes to the system's allocator as it came, and that keeps the contract;
// counting neither allocates nor panics.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        grew(layout.size());
        // SAFETY: the caller answers for `layout`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        grew(layout.size());
        // SAFETY: the caller answers for `layout`.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        shrank(layout.size());
        // SAFETY: the caller answers for `block`, which came from the system through this.
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        shrank(layout.size());
        grew(size);
        // SAFETY: the caller answers for `block`, which came from the system through this.
        unsafe { System.realloc(block, layout, size) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_bytes_and_the_peak_are_those_of_the_thread() {
        let before = counts();
        watch_peak();
        let mut block: Vec<u8> = Vec::with_capacity(1000);
        block.reserve_exact(3000);
        drop(block);
        drop(vec![0u8; 500]);
        let after = counts();
        assert_eq!(after.blocks - before.blocks, 3);
        assert_eq!(after.bytes - before.bytes, 4500);
        assert_eq!(after.frees - before.frees, 3);
        assert_eq!(after.live, before.live);
        assert_eq!(after.peak, before.live + 3000);
    }
}
