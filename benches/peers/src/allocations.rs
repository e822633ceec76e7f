//! How often a thread allocated.
//!
//! The count is the thread's own, so that counting costs one addition and other threads
//! do not disturb it. What several threads allocated is the sum of what each says.

use core::alloc::{GlobalAlloc, Layout};
use core::cell::Cell;

thread_local! {
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

/// How many blocks the current thread has asked for, by whichever allocator.
pub fn count() -> u64 {
    COUNT.get()
}

/// An allocator that counts. Both allocators of the field go through it, so that
/// counting costs them the same.
pub struct Counting<A>(pub A);

fn add_one() {
    // A thread that is past its thread-locals has finished what is counted.
    let _ = COUNT.try_with(|count| count.set(count.get() + 1));
}

// SAFETY: every call is handed to `A`, which keeps the contract; counting neither
// allocates nor panics.
unsafe impl<A: GlobalAlloc> GlobalAlloc for Counting<A> {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        add_one();
        // SAFETY: the caller answers for `layout`.
        unsafe { self.0.alloc(layout) }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        add_one();
        // SAFETY: the caller answers for `layout`.
        unsafe { self.0.alloc_zeroed(layout) }
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller answers for `block`, which came from `A` through this.
        unsafe { self.0.dealloc(block, layout) }
    }

    #[inline]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        add_one();
        // SAFETY: the caller answers for `block`, which came from `A` through this.
        unsafe { self.0.realloc(block, layout, size) }
    }
}
