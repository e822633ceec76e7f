//! How values leave memory, and how they pass through our stack.
//!
//! # Invariants
//!
//! 1. A value that leaves is wiped, then dropped, and then its memory is overwritten: the
//!    later steps are taken even if an earlier one panics.

use core::mem::{ManuallyDrop, MaybeUninit};
use core::ptr;
use core::slice;

use crate::wipe::{Wipe, bytes_of, wipe_memory};

/// Values up to this size travel in registers. To wipe a copy of one on the stack, it would
/// have to be put there first.
pub(super) const IN_REGISTERS: usize = 2 * size_of::<usize>();

/// Overwrites `memory`, whose first `live` places hold values: these are wiped and dropped
/// before.
///
/// # Safety
///
/// - There are that many places, they hold values, and nobody uses these again.
pub(super) unsafe fn bury<T: Wipe>(memory: &mut [MaybeUninit<T>], live: usize) {
    /// The memory, overwritten at the end.
    struct Memory<'a, T>(&'a mut [MaybeUninit<T>]);

    impl<T> Drop for Memory<'_, T> {
        fn drop(&mut self) {
            wipe_memory(bytes_of(self.0));
        }
    }

    /// The values in it, dropped before.
    struct Values<'a, T>(&'a mut [T]);

    impl<T> Drop for Values<'_, T> {
        fn drop(&mut self) {
            // SAFETY: the values are valid, borrowed exclusively, and by the caller's promise
            // nobody's any more.
            unsafe { ptr::drop_in_place(self.0) };
        }
    }

    let memory = Memory(memory);
    let values = ptr::from_mut(&mut memory.0[..live]) as *mut [T];
    // SAFETY: the caller promises values in these places; `MaybeUninit<T>` has the layout of
    // `T`, and `memory` is not touched until the borrow has ended.
    let values = Values(unsafe { &mut *values });
    // For plain ones the sweep that follows is enough.
    if !T::__PLAIN {
        T::wipe_slice(values.0);
    }
}

/// A value that was handed to us, on its way from our stack into a buffer. If it does not get
/// there it is wiped.
///
/// It is a borrow, for a value that is moved leaves a copy at each stop. What it borrows is made
/// by [`hand_over!`].
pub(super) struct Passing<'a, T: Wipe>(&'a mut MaybeUninit<T>);

impl<'a, T: Wipe> Passing<'a, T> {
    /// # Safety
    ///
    /// - `place` holds a value, which nobody uses or drops, but through this.
    #[inline(always)]
    pub(super) unsafe fn new<P>(place: &'a mut P) -> Self {
        const { assert!(size_of::<P>() == size_of::<T>() && align_of::<P>() == align_of::<T>()) };
        // SAFETY: a place of this size and alignment is one for a `T`, and what is written
        // there is no value to anybody, by the caller's promise.
        Self(unsafe { &mut *ptr::from_mut(place).cast() })
    }

    #[inline(always)]
    pub(super) fn get(&mut self) -> &mut T {
        // SAFETY: there is a value from birth on; the calls that take it away take `self`.
        unsafe { self.0.assume_init_mut() }
    }

    /// Moves the value to where it belongs, and wipes where it was.
    #[inline(always)]
    pub(super) fn move_to(self, place: &mut MaybeUninit<T>) {
        // SAFETY: both are valid for one value, and two exclusive places never overlap.
        // `forget` sees to it that the value is not dropped here.
        unsafe { ptr::copy_nonoverlapping(self.0.as_ptr(), place.as_mut_ptr(), 1) };
        self.forget();
    }

    /// Wipes the memory without regard to the value in it, which has been moved out.
    #[inline(always)]
    pub(super) fn forget(self) {
        let mut this = ManuallyDrop::new(self);
        if size_of::<T>() > IN_REGISTERS {
            wipe_memory(bytes_of(slice::from_mut(&mut *this.0)));
        }
    }
}

impl<T: Wipe> Drop for Passing<'_, T> {
    #[cold]
    fn drop(&mut self) {
        // SAFETY: one place, whose value is there until now (see `get`), and which nobody
        // uses after a drop.
        unsafe { bury(slice::from_mut(self.0), 1) };
    }
}

/// Hands a parameter over as a [`Passing`] of the same name.
///
/// A value without a destructor may be overwritten where it is: in the parameter, which is
/// often the place where the caller made it. One with a destructor has to be moved out
/// of the parameter first, and is wiped where it went. The methods that use this are always
/// inlined, so that the optimiser makes one of the two places where it can.
macro_rules! hand_over {
    ($value:ident: $ty:ty => $call:expr) => {
        if core::mem::needs_drop::<$ty>() {
            let mut $value = core::mem::ManuallyDrop::new($value);
            // SAFETY: it is not used again, and drops nothing.
            let $value = unsafe { $crate::secret::vec::memory::Passing::<$ty>::new(&mut $value) };
            $call
        } else {
            // SAFETY: it is not used again, and its type has nothing to drop.
            let $value = unsafe { $crate::secret::vec::memory::Passing::<$ty>::new(&mut $value) };
            $call
        }
    };
}

pub(super) use hand_over;

#[cfg(test)]
mod tests {
    use core::cell::Cell;
    use core::panic::AssertUnwindSafe;
    use std::panic::{catch_unwind, resume_unwind};

    use super::*;

    std::thread_local! {
        static DROPPED: Cell<u32> = const { Cell::new(0) };
        static WIPED: Cell<u32> = const { Cell::new(0) };
    }

    /// Panics at its wipe or its drop if it is told to, after it was counted.
    struct Spy {
        secret: u64,
        fails_in_wipe: bool,
        fails_in_drop: bool,
    }

    impl Wipe for Spy {
        fn wipe(&mut self) {
            WIPED.set(WIPED.get() + 1);
            if self.fails_in_wipe {
                resume_unwind(Box::new(()));
            }
        }
    }

    impl Drop for Spy {
        fn drop(&mut self) {
            DROPPED.set(DROPPED.get() + 1);
            if self.fails_in_drop {
                resume_unwind(Box::new(()));
            }
        }
    }

    fn spy(fails_in_wipe: bool, fails_in_drop: bool) -> Spy {
        Spy { secret: u64::MAX, fails_in_wipe, fails_in_drop }
    }

    fn is_zero<T>(memory: &mut [MaybeUninit<T>]) -> bool {
        // SAFETY: the callers have had all of it wiped.
        let is_zero = |byte: &MaybeUninit<u8>| unsafe { byte.assume_init() } == 0;
        bytes_of(memory).iter().all(is_zero)
    }

    #[test]
    fn what_panics_on_its_way_out_is_overwritten_with_the_others() {
        for (fails_in_wipe, fails_in_drop) in [(true, false), (false, true)] {
            WIPED.set(0);
            DROPPED.set(0);
            let values = [spy(false, false), spy(fails_in_wipe, fails_in_drop), spy(false, false)];
            assert!(values.iter().all(|spy| spy.secret == u64::MAX));
            let mut memory = values.map(MaybeUninit::new);
            // SAFETY: there are three values, and none is used again.
            let work = AssertUnwindSafe(|| unsafe { bury(&mut memory, 3) });
            assert!(catch_unwind(work).is_err());
            assert_eq!((WIPED.get(), DROPPED.get()), (3, 3));
            assert!(is_zero(&mut memory));
        }
    }

    #[test]
    fn memory_without_values_is_overwritten_only() {
        let mut memory = [0xA5_u8; 16].map(MaybeUninit::new);
        // SAFETY: they are values, and the bytes are not used as such again.
        unsafe { bury(&mut memory, 4) };
        assert!(is_zero(&mut memory));
    }

    #[test]
    fn parameter_is_wiped_where_it_was() {
        fn hand(mut value: [u64; 4], buffer: &mut MaybeUninit<[u64; 4]>) -> bool {
            hand_over!(value: [u64; 4] => value.move_to(buffer));
            value == [0; 4]
        }

        let mut buffer = MaybeUninit::zeroed();
        assert!(hand([7; 4], &mut buffer));
        // SAFETY: it has been moved there.
        assert_eq!(unsafe { buffer.assume_init() }, [7; 4]);
    }

    #[test]
    fn parameter_that_is_not_taken_is_wiped_and_dropped_once() {
        WIPED.set(0);
        DROPPED.set(0);
        let mut value = spy(false, false);
        hand_over!(value: Spy => drop(value));
        assert_eq!((WIPED.get(), DROPPED.get()), (1, 1));
    }
}
