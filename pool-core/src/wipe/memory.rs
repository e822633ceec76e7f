//! The place where buffers are overwritten: a `memset`, and a barrier that the optimiser
//! takes for a reader of the zeroes, so that it keeps them though the memory is freed next.
//!
//! # Rejected
//!
//! A volatile store for each element, which the optimiser must not join into larger ones.

use core::mem::{ManuallyDrop, MaybeUninit};
use core::ptr;

/// Zeroes memory that holds no value, and makes the stores count as observed.
#[inline]
pub(crate) fn wipe_memory(memory: &mut [MaybeUninit<u8>]) {
    // SAFETY: the slice is valid for writes of its length, and asks nothing of its bytes.
    unsafe { ptr::write_bytes(memory.as_mut_ptr(), 0, memory.len()) };
    zeroize::optimization_barrier(memory);
    #[cfg(feature = "mlock")]
    crate::mlock::note(memory);
}

/// The bytes of `spare`, whose elements hold no value.
#[inline]
pub(crate) fn bytes_of<T>(spare: &mut [MaybeUninit<T>]) -> &mut [MaybeUninit<u8>] {
    let length = size_of_val(spare);
    // SAFETY: the pointer and the length describe the memory of `spare`, borrowed for
    // the result's lifetime; `MaybeUninit<u8>` accepts any byte, padding included, and
    // has no alignment; whatever is written is no value of `T` to anybody.
    unsafe { core::slice::from_raw_parts_mut(spare.as_mut_ptr().cast(), length) }
}

/// Views a place as memory, without a value: the callers put a valid value back before
/// anybody can read the place as a `T` again.
#[inline]
pub(super) fn as_memory<T>(place: &mut T) -> &mut MaybeUninit<T> {
    // SAFETY: `MaybeUninit<T>` has the layout of `T`, and the reference is as unique as the
    // one that it is made from.
    unsafe { &mut *ptr::from_mut(place).cast() }
}

/// The bytes of a place: the callers put those of a valid value back before anybody can read
/// it as a `T` again.
#[inline]
pub(super) fn place_bytes<T>(place: &mut T) -> &mut [MaybeUninit<u8>] {
    bytes_of(core::slice::from_mut(as_memory(place)))
}

/// Zeroes the place of a value that has been moved out, or dropped: the callers do not read
/// it as a `T` again before they have put a valid value back.
#[inline]
pub(crate) fn wipe_place<T>(place: &mut T) {
    wipe_memory(place_bytes(place));
}

/// Zeroes a place, what other variants of an enum have left there included, and puts another
/// value in. The value that was there is forgotten.
#[inline(always)]
pub fn overwrite<T>(place: &mut T, value: T) {
    wipe_place(place);
    // SAFETY: the pointer comes from a reference, and `write` drops nothing.
    unsafe { ptr::write(place, value) };
}

/// Drops the value in a place, zeroes the place, what other variants of an enum have left
/// there included, and puts another value in.
#[inline(always)]
pub fn replace<T>(place: &mut T, value: T) {
    /// Fills the place when its value is gone, even if that value's drop has panicked.
    struct Filled<'a, T> {
        place: &'a mut T,
        value: ManuallyDrop<T>,
    }

    impl<T> Drop for Filled<'_, T> {
        #[inline(always)]
        fn drop(&mut self) {
            // SAFETY: the value is taken once, for this runs once.
            overwrite(self.place, unsafe { ManuallyDrop::take(&mut self.value) });
        }
    }

    let filled = Filled { place, value: ManuallyDrop::new(value) };
    // SAFETY: the value is valid, borrowed exclusively, and not dropped again: `Filled`
    // overwrites it, on unwind too.
    unsafe { ptr::drop_in_place(filled.place) };
}
