//! Wiping the fields of a derived type, by code of a user's that may panic.
//!
//! An object whose reset panicked is dropped, and its drop wipes what is left to wipe. A
//! second panic would abort the process then, so it is contained; and the wipe that has
//! just panicked is not called again. To that end each thread remembers the fields whose
//! wipe panicked in a reset, as long as the panic unwinds.
//!
//! # Invariants
//!
//! 1. A reset always wipes, and it alone remembers. A drop looks at what is remembered, and
//!    only while a panic unwinds: a drop comes once, and so it has nothing to remember.
//! 2. A field is remembered by its address and its key: two fields without a size may
//!    share the one, and two objects share the other. On the way from the panic to the drop
//!    an object is neither moved nor dropped, so that the address stays its own.
//! 3. What is remembered is forgotten when the object has been freed by its pool, when a
//!    later reset has wiped the field, and by the first drop that wipes without a panic
//!    under way.

use core::cell::Cell;
use core::mem;
use core::ptr;
use std::thread;

use crate::raw_pool::{caught, forget_panic};

/// A field that a wipe panicked on.
#[derive(Clone, Copy, PartialEq)]
struct Failed {
    field: *const (),
    key: *const u8,
}

thread_local! {
    static FAILED: Cell<Vec<Failed>> = const { Cell::new(Vec::new()) };
    /// Whether there are any: a look at this costs next to nothing.
    static HAS_FAILED: Cell<bool> = const { Cell::new(false) };
}

/// Changes the list of this thread. Late in a thread's life there is none.
fn with_failed<R: Default>(change: impl FnOnce(&mut Vec<Failed>) -> R) -> R {
    let changed = FAILED.try_with(|failed| {
        let mut list = failed.take();
        let result = change(&mut list);
        HAS_FAILED.set(!list.is_empty());
        failed.set(list);
        result
    });
    changed.unwrap_or_default()
}

/// Forgets what was remembered for an object that is gone.
pub(crate) fn forget_failures() {
    with_failed(Vec::clear);
}

/// Wipes a field when it drops, and so also while a sibling's wipe unwinds.
///
/// It holds the function instead of asking for `Wipe`: the derives name the function at
/// the field's type, where a missing `Wipe` is then reported, and once.
#[derive(Debug)]
pub struct WipingField<'a, T: ?Sized> {
    /// The field.
    pub field: &'a mut T,
    /// What wipes it.
    pub wipe: fn(&mut T),
    /// One for each field of each type, known by its address.
    pub key: &'static u8,
    /// Whether the object is being dropped, perhaps because this wipe has panicked.
    pub dropping: bool,
}

impl<T: ?Sized> Drop for WipingField<'_, T> {
    #[inline(always)]
    fn drop(&mut self) {
        /// Remembers the field while the panic passes.
        struct OnUnwind(Failed);

        impl Drop for OnUnwind {
            #[cold]
            fn drop(&mut self) {
                with_failed(|failed| failed.push(self.0));
            }
        }

        if self.dropping {
            return self.wipe_in_drop();
        }
        let on_unwind = OnUnwind(self.failed());
        (self.wipe)(self.field);
        mem::forget(on_unwind);
        if HAS_FAILED.try_with(Cell::get).unwrap_or_default() {
            self.forget_failure();
        }
    }
}

impl<T: ?Sized> WipingField<'_, T> {
    /// What is remembered of this field if its wipe panics.
    fn failed(&mut self) -> Failed {
        let field = ptr::from_mut::<T>(self.field).cast::<()>().cast_const();
        Failed { field, key: self.key }
    }

    /// Forgets that the wipe of this field has panicked, and tells whether it had.
    #[cold]
    fn forget_failure(&mut self) -> bool {
        let this = self.failed();
        with_failed(|failed| {
            let index = failed.iter().position(|other| *other == this);
            index.map(|index| failed.swap_remove(index)).is_some()
        })
    }

    // Out of line, so that the wipe of a return is small enough to be inlined.
    #[inline(never)]
    fn wipe_in_drop(&mut self) {
        if !thread::panicking() {
            forget_failures();
            return (self.wipe)(self.field);
        }
        if !self.forget_failure() {
            forget_panic(caught(|| (self.wipe)(self.field)));
        }
    }
}
