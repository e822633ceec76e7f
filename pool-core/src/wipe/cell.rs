//! Interior mutability: wiped through `get_mut`, whoever may have leaked a guard.

use core::cell::{Cell, RefCell};
use std::io::Cursor;
use std::sync::{Mutex, PoisonError, RwLock};

use super::Wipe;

impl<T: Wipe> Wipe for Cell<T> {
    #[inline]
    fn wipe(&mut self) {
        self.get_mut().wipe();
    }
}

impl<T: Wipe> Wipe for RefCell<T> {
    #[inline]
    fn wipe(&mut self) {
        self.get_mut().wipe();
    }
}

macro_rules! locks {
    ($($ty:ident),+) => {$(
        impl<T: Wipe> Wipe for $ty<T> {
            #[inline]
            fn wipe(&mut self) {
                self.get_mut().unwrap_or_else(PoisonError::into_inner).wipe();
            }
        }
    )+};
}

locks!(Mutex, RwLock);

impl<T: Wipe> Wipe for Cursor<T> {
    #[inline]
    fn wipe(&mut self) {
        self.set_position(0);
        self.get_mut().wipe();
    }
}
