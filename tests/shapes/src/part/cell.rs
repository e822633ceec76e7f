//! Interior mutability, with guards leaked and locks poisoned.

use core::cell::{Cell, OnceCell, RefCell};
use core::panic::AssertUnwindSafe;
use std::panic::{catch_unwind, resume_unwind};
use std::sync::{Mutex, OnceLock, PoisonError, RwLock, TryLockError};

use super::{Allocation, Part, made};
use crate::rng::Rng;

impl<T: Part + Default> Part for Cell<T> {
    fn fill(&mut self, rng: &mut Rng) {
        self.get_mut().fill(rng);
    }

    fn show(&self) -> String {
        let value = self.take();
        let shown = value.show();
        self.set(value);
        shown
    }

    fn allocations(&mut self, list: &mut Vec<Allocation>) {
        self.get_mut().allocations(list);
    }
}

/// Lists the allocations of a value; they need not survive if a guard of it was leaked.
fn allocations_inside<T: Part>(value: &mut T, leaked: bool, list: &mut Vec<Allocation>) {
    let start = list.len();
    value.allocations(list);
    if leaked {
        list[start..].fill(Allocation::somewhere(0));
    }
}

impl<T: Part> Part for RefCell<T> {
    fn fill(&mut self, rng: &mut Rng) {
        self.get_mut().fill(rng);
    }

    fn show(&self) -> String {
        match self.try_borrow_mut() {
            Ok(value) => value.show(),
            Err(_) => String::from("borrowed for ever"),
        }
    }

    fn allocations(&mut self, list: &mut Vec<Allocation>) {
        let leaked = self.try_borrow_mut().is_err();
        allocations_inside(self.get_mut(), leaked, list);
    }

    fn spoil(&mut self, rng: &mut Rng) {
        if rng.once_in(2) {
            core::mem::forget(self.try_borrow());
        } else {
            core::mem::forget(self.try_borrow_mut());
        }
    }
}

macro_rules! locks {
    ($($ty:ident: $lock:ident $try_lock:ident;)+) => {$(
        impl<T: Part> Part for $ty<T> {
            fn fill(&mut self, rng: &mut Rng) {
                self.get_mut().unwrap_or_else(PoisonError::into_inner).fill(rng);
            }

            fn show(&self) -> String {
                match self.$try_lock() {
                    Ok(value) => value.show(),
                    Err(TryLockError::Poisoned(error)) => {
                        format!("poisoned {}", error.into_inner().show())
                    }
                    Err(TryLockError::WouldBlock) => String::from("locked for ever"),
                }
            }

            fn allocations(&mut self, list: &mut Vec<Allocation>) {
                let leaked = matches!(self.$try_lock(), Err(TryLockError::WouldBlock));
                let value = self.get_mut().unwrap_or_else(PoisonError::into_inner);
                allocations_inside(value, leaked, list);
            }

            fn spoil(&mut self, rng: &mut Rng) {
                if rng.once_in(2) {
                    core::mem::forget(self.$try_lock());
                    return;
                }
                let caught = catch_unwind(AssertUnwindSafe(|| {
                    let _guard = self.$try_lock();
                    // Without the noise of a panic hook.
                    resume_unwind(Box::new(()));
                }));
                assert!(caught.is_err(), "the panic poisons the lock");
            }
        }
    )+};
}

locks! {
    Mutex: lock try_lock;
    RwLock: write try_write;
}

macro_rules! once {
    ($($ty:ident)+) => {$(
        impl<T: Part + Default> Part for $ty<T> {
            fn fill(&mut self, rng: &mut Rng) {
                *self = Self::from(made::<T>(rng));
            }

            fn show(&self) -> String {
                self.get().map_or_else(|| String::from("not yet"), T::show)
            }
        }
    )+};
}

once!(OnceCell OnceLock);
