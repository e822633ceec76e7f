//! An object that is out and lies where its user put it, for contenders without guards.

use core::ops::{Deref, DerefMut};

pub(crate) struct Owned<T>(pub(crate) T);

impl<T> Deref for Owned<T> {
    type Target = T;

    #[inline(always)]
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Owned<T> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}
