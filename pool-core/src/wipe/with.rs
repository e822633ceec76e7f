//! Wiping by a function of the user's, which may panic.
//!
//! An object whose reset panicked is dropped, and its drop wipes what is left to wipe.
//! The function that has just panicked must not be called again then: a second panic
//! would abort the process. So each thread remembers the fields whose function panicked
//! in the unwinding that is under way.
//!
//! # Invariants
//!
//! 1. A field is remembered by its address, which stays valid as long as its object is
//!    neither moved nor dropped: on the way from the panic to the drop it is neither.
//! 2. Whatever was remembered before is forgotten as soon as this code runs without a
//!    panic under way, so that an address is not mistaken for a later object's.

use core::cell::Cell;
use core::ptr;
use std::thread;

thread_local! {
    static FAILED: Cell<Vec<*const ()>> = const { Cell::new(Vec::new()) };
}

/// Changes the list of this thread. Late in a thread's life there is none, and the
/// function is called once more.
fn with_failed<R: Default>(change: impl FnOnce(&mut Vec<*const ()>) -> R) -> R {
    FAILED
        .try_with(|failed| {
            let mut list = failed.take();
            let result = change(&mut list);
            failed.set(list);
            result
        })
        .unwrap_or_default()
}

/// Has a function of the user's wipe a field when it drops, and so also while a
/// sibling's wipe unwinds.
#[derive(Debug)]
pub struct WipingWith<'a, T: ?Sized>(pub &'a mut T, pub fn(&mut T));

impl<T: ?Sized> Drop for WipingWith<'_, T> {
    fn drop(&mut self) {
        /// Remembers the field while the panic passes.
        struct OnUnwind(*const ());

        impl Drop for OnUnwind {
            fn drop(&mut self) {
                with_failed(|failed| failed.push(self.0));
            }
        }

        let Self(field, wipe) = self;
        let address = ptr::from_mut::<T>(field).cast::<()>().cast_const();
        if thread::panicking() {
            let has_failed = with_failed(|failed| {
                let found = failed.iter().position(|failed| ptr::eq(*failed, address));
                found.map(|index| failed.swap_remove(index)).is_some()
            });
            if has_failed {
                return;
            }
        } else {
            with_failed(Vec::clear);
        }
        let on_unwind = OnUnwind(address);
        wipe(field);
        core::mem::forget(on_unwind);
    }
}
