//! Values on their way into the map and out of it: each has an owner at any time, who wipes
//! it if user code unwinds, and no place that it leaves keeps its bytes.
//!
//! # Invariants
//!
//! 1. A value is wiped, then dropped, once; and then its place is zeroed. Each of the three
//!    is done even if the one before it panicked.
//! 2. A bucket is zero before the table takes it for vacant.

use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::ptr;

use hashbrown::hash_table::OccupiedEntry;

use super::{Bucket, Entry};
use crate::Wipe;
use crate::wipe::{Vacated, wipe_place};

/// A value that somebody is to take; if nobody does it is wiped and dropped.
pub(super) struct Owned<'a, T: Wipe> {
    place: *mut T,
    borrowed: PhantomData<&'a mut T>,
}

impl<T: Wipe> Owned<'_, T> {
    /// # Safety
    ///
    /// - A value is in the place, which is valid as long as this lives; nobody else uses or
    ///   drops it, then or later.
    #[inline]
    pub(super) unsafe fn new(place: *mut T) -> Self {
        Self { place, borrowed: PhantomData }
    }

    #[inline]
    pub(super) fn get(&self) -> &T {
        // SAFETY: the value is there, and nobody else uses it (`new`).
        unsafe { &*self.place }
    }

    /// Copies the value to where it belongs from now on.
    ///
    /// # Safety
    ///
    /// - `place` is valid for writes, apart from where the value is, and holds none.
    #[inline]
    pub(super) unsafe fn move_to(self, place: *mut T) {
        let this = ManuallyDrop::new(self);
        // SAFETY: the value is there, and as it is not dropped here it moves; the rest is
        // the caller's promise.
        unsafe { ptr::copy_nonoverlapping(this.place, place, 1) };
    }

    /// Hands the value out.
    #[inline]
    pub(super) fn take(self) -> T {
        let this = ManuallyDrop::new(self);
        // SAFETY: the value is there, and as it is not dropped here it moves.
        unsafe { ptr::read(this.place) }
    }
}

impl<T: Wipe> Drop for Owned<'_, T> {
    #[inline]
    fn drop(&mut self) {
        /// Drops the value, if its wipe unwinds too.
        struct Dropped<T>(*mut T);

        impl<T> Drop for Dropped<T> {
            #[inline]
            fn drop(&mut self) {
                // SAFETY: the value is valid, and this is its only drop (`Owned::new`).
                unsafe { ptr::drop_in_place(self.0) };
            }
        }

        let dropped = Dropped(self.place);
        // SAFETY: the value is there, and nobody else uses it (`new`).
        let value = unsafe { &mut *dropped.0 };
        value.wipe();
    }
}

/// Turns a local variable into an [`Owned`], and has all memory zeroed that its value was in.
macro_rules! own {
    ($variable:ident) => {
        $crate::wipe::hold!($variable);
        // SAFETY: the value is in there, and this takes its name.
        let $variable = unsafe { $crate::secret::map::leaving::Owned::new($variable) };
    };
}

pub(super) use own;

/// Wipes and drops the two values of a bucket, and zeroes it. The table is not told.
///
/// # Safety
///
/// - The bucket holds an entry, and is not seen as one again, on unwind too.
pub(super) unsafe fn erase<K: Wipe, V: Wipe>(bucket: &mut Bucket<K, V>) {
    let entry: *mut Entry<K, V> = bucket.as_mut_ptr();
    // SAFETY: the bucket is borrowed, and its values are gone when this drops.
    let _vacated = unsafe { Vacated::new(entry) };
    // For plain ones the zeroes are enough.
    if !(K::__PLAIN && V::__PLAIN) {
        // SAFETY: the caller promises what is asked for.
        drop(unsafe { parts(entry) });
    }
}

/// The values of an entry, to be taken, or else wiped and dropped.
///
/// # Safety
///
/// - The entry is valid for `'a`, and nobody else uses it or drops it, then or later.
#[inline]
unsafe fn parts<'a, K: Wipe, V: Wipe>(entry: *mut Entry<K, V>) -> (Owned<'a, K>, Owned<'a, V>) {
    // SAFETY: the entry is valid, so its field is in bounds.
    let key = unsafe { &raw mut (*entry).key };
    // SAFETY: as above.
    let value = unsafe { &raw mut (*entry).value };
    // SAFETY: it is there as the entry is, and nobody else uses it.
    let key = unsafe { Owned::new(key) };
    // SAFETY: as above.
    (key, unsafe { Owned::new(value) })
}

/// An entry on its way out: at the end its bucket is zeroed, and made vacant.
pub(super) struct Leaving<'a, K, V>(Option<OccupiedEntry<'a, Bucket<K, V>>>);

impl<'a, K: Wipe, V: Wipe> Leaving<'a, K, V> {
    #[inline]
    pub(super) fn new(occupied: OccupiedEntry<'a, Bucket<K, V>>) -> Self {
        Self(Some(occupied))
    }

    #[inline]
    fn bucket(&mut self) -> &mut Bucket<K, V> {
        self.0.as_mut().expect("it leaves when this drops").get_mut()
    }

    /// Its key and its value, to be taken, or else wiped and dropped.
    ///
    /// # Safety
    ///
    /// - This is called once, and [`erase`](Self::erase) is not.
    #[inline]
    pub(super) unsafe fn parts(&mut self) -> (Owned<'_, K>, Owned<'_, V>) {
        // SAFETY: the table said that the bucket is occupied, so that an entry is in it;
        // there is one owner, by the caller's promise, for this one zeroes it.
        unsafe { parts(self.bucket().as_mut_ptr()) }
    }

    /// Wipes it where it is.
    pub(super) fn erase(mut self) {
        // SAFETY: as the bucket is occupied an entry is in it; when this unwinds or ends,
        // the drop has the bucket made vacant.
        unsafe { erase(self.bucket()) };
    }
}

impl<K, V> Drop for Leaving<'_, K, V> {
    #[inline]
    fn drop(&mut self) {
        if let Some(mut occupied) = self.0.take() {
            wipe_place(occupied.get_mut());
            // It returns the zeroes.
            let _zeroes = occupied.remove();
        }
    }
}
