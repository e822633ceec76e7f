//! Values that are there or not, and those behind a pointer of their own.

use super::{Wipe, replace};
use crate::{Poolable, Pooled};

impl<T: Wipe> Wipe for Option<T> {
    /// Wipes the value, then the inline bytes, which an earlier `None` may have left
    /// as they were. A build without optimisation writes the final `None` by copying one
    /// from the stack, along with whatever lay there beside its tag.
    fn wipe(&mut self) {
        if let Some(value) = self {
            value.wipe();
        }
        replace(self, None);
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
