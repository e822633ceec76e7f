//! Values that are there or not, and those behind a pointer of their own.

use core::ptr;

use super::{Wipe, wipe_place};
use crate::{Poolable, Pooled};

impl<T: Wipe> Wipe for Option<T> {
    /// Wipes the value, then the inline bytes, which an earlier `None` may have left
    /// as they were. A build without optimisation writes the final `None` by copying one
    /// from the stack, along with whatever lay there beside its tag.
    fn wipe(&mut self) {
        /// Puts `None` into memory whose value is gone, even if its drop panicked.
        struct Emptied<'a, T>(&'a mut Option<T>);

        impl<T> Drop for Emptied<'_, T> {
            fn drop(&mut self) {
                wipe_place(self.0);
                // SAFETY: the pointer comes from a reference, and `write` drops
                // nothing: the old value was dropped before this guard drops.
                unsafe { ptr::write(self.0, None) };
            }
        }

        if let Some(value) = self {
            value.wipe();
        }
        let emptied = Emptied(self);
        // SAFETY: the value is valid, borrowed exclusively, and not dropped again:
        // `Emptied` overwrites it, on unwind too.
        unsafe { ptr::drop_in_place(emptied.0) };
    }
}

impl<T: Wipe + ?Sized> Wipe for Box<T> {
    #[inline]
    fn wipe(&mut self) {
        (**self).wipe();
    }
}

/// Wipes the object, in its place in the pool's memory.
impl<T: Poolable + Wipe> Wipe for Pooled<T> {
    #[inline]
    fn wipe(&mut self) {
        (**self).wipe();
    }
}

// A build without optimisation copies the final `None` from the stack, residue included.
#[cfg(all(test, not(debug_assertions)))]
mod tests {
    use core::mem::MaybeUninit;

    use super::*;
    use crate::wipe::bytes_of;
    use crate::wipe::memory::as_memory;

    #[test]
    fn an_option_is_wiped_over_its_inline_bytes_whichever_it_is() {
        for last in [Some([0xA5_u8; 16]), None] {
            let mut option = Some([0xA5_u8; 16]);
            // A `None` leaves the bytes of the value before as they were.
            option.clone_from(&last);
            option.wipe();
            assert!(option.is_none());
            let bytes = bytes_of(core::slice::from_mut(as_memory(&mut option)));
            // SAFETY: the wipe has written all of them.
            let is_zero = |byte: &MaybeUninit<u8>| unsafe { byte.assume_init() } == 0;
            assert!(bytes.iter().all(is_zero));
        }
    }
}
