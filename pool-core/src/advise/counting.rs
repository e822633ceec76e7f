//! What a thread allocates, where the program lets it be counted.
//!
//! A library cannot install a global allocator: that is the program's. So this one is there to be
//! installed, around the program's own, and without it allocations are not known.

use core::alloc::{GlobalAlloc, Layout};
use core::cell::Cell;
use core::hint::black_box;
use std::alloc::System;

thread_local! {
    // Without initialiser and destructor, so that the allocator can use it at any time.
    static COUNTS: Cell<Counts> = const { Cell::new(Counts { blocks: 0, bytes: 0 }) };
}

/// What a thread has asked for since it began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Counts {
    /// Blocks, those among them that grew or shrank.
    pub(super) blocks: u64,
    /// Bytes, those of a block that grew or shrank anew.
    pub(super) bytes: u64,
}

impl Counts {
    /// Of the current thread.
    pub(super) fn here() -> Self {
        COUNTS.get()
    }

    /// What was added since `earlier`.
    pub(super) fn since(self, earlier: Self) -> Self {
        Self { blocks: self.blocks - earlier.blocks, bytes: self.bytes - earlier.bytes }
    }
}

/// Whether a [`CountingAllocator`] is the program's allocator, or part of it.
pub(super) fn is_installed() -> bool {
    let before = Counts::here();
    // The box is seen, so that the optimiser leaves it there.
    drop(black_box(Box::new(0_u8)));
    Counts::here() != before
}

/// An allocator that counts for [`advise`](crate::advise()) what each thread asks for.
///
/// Install it in the program that asks for advice, around the allocator of the program that the
/// advice is for. It costs two additions per allocation, of memory of the thread's own.
///
/// # Examples
///
/// ```
/// use poolable::Poolable;
/// use poolable::advise::{Advisor, CountingAllocator};
/// use std::time::Duration;
///
/// #[global_allocator]
/// static ALLOCATOR: CountingAllocator = CountingAllocator::system();
///
/// #[derive(Poolable)]
/// struct Line {
///     #[pool(capacity = 64)]
///     text: Vec<u8>,
/// }
///
/// let advisor = Advisor::new().budget(Duration::from_millis(50));
/// let advice = advisor.run::<Line>(|line| line.text.extend(b"GET /"));
/// let allocations = advice.figures().allocations.unwrap();
/// assert_eq!((allocations.fresh, allocations.fresh_bytes), (1.0, 64.0));
/// assert_eq!(allocations.pooled, 0.0);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct CountingAllocator<A = System>(A);

impl CountingAllocator {
    /// Around the system's allocator, which is that of every program which installs no other.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::Poolable;
    /// use poolable::advise::{Advisor, CountingAllocator};
    /// use std::time::Duration;
    ///
    /// #[global_allocator]
    /// static ALLOCATOR: CountingAllocator = CountingAllocator::system();
    ///
    /// #[derive(Poolable)]
    /// struct Point(f64, f64);
    ///
    /// let advisor = Advisor::new().budget(Duration::from_millis(50));
    /// let advice = advisor.run::<Point>(|point| point.0 = 1.0);
    /// assert_eq!(advice.figures().allocations.unwrap().fresh, 0.0);
    /// ```
    #[must_use]
    pub const fn system() -> Self {
        Self(System)
    }
}

impl<A> CountingAllocator<A> {
    /// Around another allocator.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::advise::CountingAllocator;
    /// use std::alloc::System; // or that of mimalloc, of jemalloc, ..
    ///
    /// #[global_allocator]
    /// static ALLOCATOR: CountingAllocator<System> = CountingAllocator::new(System);
    ///
    /// # use poolable::{Poolable, advise::Advisor};
    /// # #[derive(Poolable)]
    /// # struct Line(Vec<u8>);
    /// # let advisor = Advisor::new().budget(std::time::Duration::from_millis(50));
    /// let advice = advisor.run::<Line>(|line| line.0.push(1));
    /// assert!(advice.figures().allocations.is_some());
    /// ```
    #[must_use]
    pub const fn new(allocator: A) -> Self {
        Self(allocator)
    }
}

#[inline]
fn note(bytes: usize) {
    // A thread that is past its thread-locals has finished what is counted.
    let _ = COUNTS.try_with(|counts| {
        let Counts { blocks, bytes: before } = counts.get();
        counts.set(Counts {
            blocks: blocks.wrapping_add(1),
            bytes: before.wrapping_add(bytes as u64),
        });
    });
}

// SAFETY: every call goes to `A` as it came, and `A` keeps the contract; counting neither
// allocates nor panics.
unsafe impl<A: GlobalAlloc> GlobalAlloc for CountingAllocator<A> {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note(layout.size());
        // SAFETY: the caller answers for `layout`.
        unsafe { self.0.alloc(layout) }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        note(layout.size());
        // SAFETY: the caller answers for `layout`.
        unsafe { self.0.alloc_zeroed(layout) }
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller answers for `block`, which came from `A` through this, and for its
        // `layout`.
        unsafe { self.0.dealloc(block, layout) }
    }

    #[inline]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        note(size);
        // SAFETY: the caller answers for `block`, which came from `A` through this, for its
        // `layout`, and for `size`.
        unsafe { self.0.realloc(block, layout, size) }
    }
}

#[cfg(test)]
mod tests {
    use core::ptr;
    use std::sync::Mutex;

    use super::*;

    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Call {
        Alloc(usize),
        AllocZeroed(usize),
        Dealloc(usize),
        Realloc(usize, usize),
    }

    /// Writes down what it is asked for, and has nothing to give.
    struct Asked(Mutex<Vec<Call>>);

    impl Asked {
        fn note(&self, call: Call) -> *mut u8 {
            self.0.lock().unwrap().push(call);
            ptr::null_mut()
        }
    }

    // SAFETY: null says that there is no memory; no block comes back.
    unsafe impl GlobalAlloc for Asked {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            self.note(Call::Alloc(layout.size()))
        }

        unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
            self.note(Call::AllocZeroed(layout.size()))
        }

        unsafe fn dealloc(&self, _: *mut u8, layout: Layout) {
            self.note(Call::Dealloc(layout.size()));
        }

        unsafe fn realloc(&self, _: *mut u8, layout: Layout, size: usize) -> *mut u8 {
            self.note(Call::Realloc(layout.size(), size))
        }
    }

    #[test]
    fn every_call_is_passed_on_as_it_came_and_counted_on_its_thread() {
        let allocator = CountingAllocator::new(Asked(Mutex::new(Vec::new())));
        let layout = Layout::new::<[u64; 4]>();
        let before = Counts::here();
        // SAFETY: `Asked` asks for nothing in particular.
        unsafe { allocator.alloc(layout) };
        // SAFETY: as above.
        unsafe { allocator.alloc_zeroed(layout) };
        // SAFETY: as above; it does not look at the block.
        unsafe { allocator.realloc(ptr::null_mut(), layout, 100) };
        // SAFETY: as above.
        unsafe { allocator.dealloc(ptr::null_mut(), layout) };
        assert_eq!(Counts::here().since(before), Counts { blocks: 3, bytes: 164 });
        let asked =
            [Call::Alloc(32), Call::AllocZeroed(32), Call::Realloc(32, 100), Call::Dealloc(32)];
        assert_eq!(*allocator.0.0.lock().unwrap(), asked);
        let elsewhere = std::thread::spawn(Counts::here).join().unwrap();
        assert_eq!(elsewhere, Counts { blocks: 0, bytes: 0 });
    }

    #[test]
    fn a_program_without_it_is_told_apart() {
        assert!(!is_installed());
    }
}
