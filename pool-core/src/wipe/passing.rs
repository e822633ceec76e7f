//! Values on their way: those that are handed to us on the stack, by callers who take what is
//! moved for gone, and those that change places.

use core::mem::MaybeUninit;

use super::memory::{place_bytes, wipe_place};

/// Zeroes a place that holds no value any more, at the end of its scope.
pub(crate) struct Vacated<T>(*mut T);

impl<T> Vacated<T> {
    /// # Safety
    ///
    /// - The place is valid for writes as long as this lives.
    /// - When this drops nothing is there that anybody will use or drop.
    #[inline]
    pub(crate) unsafe fn new(place: *mut T) -> Self {
        Self(place)
    }
}

impl<T> Drop for Vacated<T> {
    #[inline]
    fn drop(&mut self) {
        let place = self.0.cast::<MaybeUninit<T>>();
        // SAFETY: the place is valid for writes, and nobody else uses it (`new`); what is
        // there need not be a value.
        wipe_place(unsafe { &mut *place });
    }
}

/// Turns a local variable into a pointer to its value, which is the scope's to take or drop,
/// and has all memory zeroed at the end that the value was in.
///
/// A large argument lies in memory that the caller lent for the call. To move it out copies
/// it, and so there are two places.
macro_rules! hold {
    ($variable:ident) => {
        let place = &raw mut $variable;
        let mut $variable = core::mem::ManuallyDrop::new($variable);
        // SAFETY: a variable has its memory until its scope ends, which is that of this; and
        // its value has just been moved out of it, so that nobody drops it there.
        let _former = unsafe { $crate::wipe::Vacated::new(place) };
        let $variable = &raw mut *$variable;
        // SAFETY: as above; whoever took the value, or a part of it, is gone when this drops,
        // for all that is borrowed from here was made later.
        let _present = unsafe { $crate::wipe::Vacated::new($variable) };
    };
}

pub(crate) use hold;

/// Swaps two elements where they are. std's swap takes a large one to the stack on the way,
/// where its bytes stay behind, and it may be a secret.
pub(crate) fn swap<T>(items: &mut [T], one: usize, other: usize) {
    if one == other {
        return;
    }
    let (low, high) = items.split_at_mut(one.max(other));
    // As bytes they pass through registers.
    place_bytes(&mut low[one.min(other)]).swap_with_slice(place_bytes(&mut high[0]));
}
