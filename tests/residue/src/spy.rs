//! An allocator that looks at what is freed.
//!
//! Every block is searched for words before it goes back, and a block that is to grow or
//! to shrink always moves, so that the old one is freed as it is.

use core::alloc::{GlobalAlloc, Layout};
use core::ops::ControlFlow;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::alloc::System;

use crate::canary;

/// The allocator of `residue-spy`.
#[derive(Debug)]
pub struct Spy;

static WATCHES: AtomicBool = AtomicBool::new(false);
static WORDS: AtomicUsize = AtomicUsize::new(0);

/// Begins to count.
pub(crate) fn watch() {
    WATCHES.store(true, Ordering::SeqCst);
}

/// Whether it counts.
pub(crate) fn watches() -> bool {
    WATCHES.load(Ordering::Relaxed)
}

/// How many words were in the blocks that were freed.
pub(crate) fn words() -> usize {
    WATCHES.store(false, Ordering::SeqCst);
    WORDS.load(Ordering::SeqCst)
}

// SAFETY: all memory is the system allocator's.
unsafe impl GlobalAlloc for Spy {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise is the one asked for. Zeroed, so that what is found in
        // a block was written to it since; which also lets all of it be read.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if WATCHES.load(Ordering::Relaxed) {
            // SAFETY: the block is allocated, of that size, and was zeroed.
            let bytes = unsafe { core::slice::from_raw_parts(block, layout.size()) };
            canary::find(bytes, bytes.len(), |_, _, _| {
                WORDS.fetch_add(1, Ordering::Relaxed);
                ControlFlow::Continue(())
            });
        }
        // SAFETY: the caller's promise is the one asked for.
        unsafe { System.dealloc(block, layout) };
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let Ok(new) = Layout::from_size_align(size, layout.align()) else {
            return core::ptr::null_mut();
        };
        // SAFETY: the caller promises a size that is not zero.
        let moved = unsafe { self.alloc(new) };
        if !moved.is_null() {
            // SAFETY: both blocks are that long at least, and differ.
            unsafe { moved.copy_from_nonoverlapping(block, layout.size().min(size)) };
            // SAFETY: the caller gives the old block up.
            unsafe { self.dealloc(block, layout) };
        }
        moved
    }
}
