//! No reuse at all: mimalloc.
//!
//! It is called for the object's buffers alone, so that it can run beside the system's
//! allocator in one process.

use core::alloc::{GlobalAlloc, Layout};
use core::marker::PhantomData;
use core::ptr::NonNull;
use std::alloc::handle_alloc_error;

use mimalloc::MiMalloc;

use crate::contender::{Contender, Who, crosses_as_it_is};
use crate::object::{AnyObject, Object};
use crate::owned::Owned;
use poolable_peers::allocations::Counting;

static MIMALLOC: Counting<MiMalloc> = Counting(MiMalloc);

pub(crate) struct Mimalloc<T>(PhantomData<fn() -> T>);

impl<T: AnyObject> Contender for Mimalloc<T> {
    const WHO: Who = Who::Mimalloc;
    type Local<'a> = ();
    type Item<'a> = Owned<T::Mimalloc>;

    fn new(_idle: usize) -> Self {
        Self(PhantomData)
    }

    fn local(&self) -> Self::Local<'_> {}

    #[inline(always)]
    fn get<'a>((): &mut Self::Local<'a>) -> Self::Item<'a> {
        Owned(Object::new())
    }

    #[inline(always)]
    fn put<'a>((): &mut Self::Local<'a>, item: Self::Item<'a>) {
        drop(item);
    }
}

crosses_as_it_is!(Mimalloc);

/// As much of a `Vec` as the objects need, its buffer from mimalloc. It does not grow.
///
/// # Invariants
///
/// 1. `buffer` is a live block from [`MIMALLOC`] for `capacity` elements, which is not 0.
/// 2. `len` is at most `capacity`, and the first `len` elements are initialised.
pub(crate) struct MiVec<E> {
    buffer: NonNull<E>,
    len: usize,
    capacity: usize,
}

// SAFETY: a `MiVec` owns its buffer alone, and mimalloc frees on any thread.
unsafe impl<E: Send> Send for MiVec<E> {}

impl<E: Copy> MiVec<E> {
    #[inline]
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        let layout = Layout::array::<E>(capacity).expect("a buffer of a few bytes");
        assert!(layout.size() > 0, "a buffer of no bytes");
        // SAFETY: `layout` is not empty.
        let block = unsafe { MIMALLOC.alloc(layout) };
        let buffer = NonNull::new(block.cast()).unwrap_or_else(|| handle_alloc_error(layout));
        Self { buffer, len: 0, capacity }
    }

    #[inline]
    pub(crate) fn extend_from_slice(&mut self, elements: &[E]) {
        assert!(elements.len() <= self.capacity - self.len, "the buffer does not grow");
        // SAFETY: `len` is at most `capacity` (invariant 2).
        let end = unsafe { self.buffer.add(self.len) };
        // SAFETY: there is room for the elements behind `end`, which was just asserted;
        // they cannot overlap, since nobody else has the buffer (invariant 1).
        unsafe { end.as_ptr().copy_from_nonoverlapping(elements.as_ptr(), elements.len()) };
        self.len += elements.len();
    }

    #[inline]
    pub(crate) fn clear(&mut self) {
        self.len = 0;
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    #[cfg(test)]
    pub(crate) fn capacity(&self) -> usize {
        self.capacity
    }

    #[inline]
    pub(crate) fn as_ptr(&self) -> *const E {
        self.buffer.as_ptr()
    }
}

impl<E> Drop for MiVec<E> {
    #[inline]
    fn drop(&mut self) {
        let layout = Layout::array::<E>(self.capacity).expect("the layout it was made with");
        // SAFETY: the block is live and of this layout (invariant 1).
        unsafe { MIMALLOC.dealloc(self.buffer.as_ptr().cast(), layout) };
    }
}
