//! A vector that wipes the memory it leaves.
//!
//! # Invariants
//!
//! 1. Memory between length and capacity holds no byte of a value that was in the vector: what
//!    leaves the length is wiped at once. So `clear` need not look behind it.
//! 2. The inner vector never allocates, grows or shrinks by itself once it has a buffer: all
//!    of that goes through [`SecretVec::move_to`], which wipes the old one.
//! 3. The length is lowered before user code sees an element that leaves. An element is seen
//!    once, and a vector that is leaked half way loses elements, and never shows one twice.

mod edit;
mod memory;
#[cfg(feature = "serde")]
mod serde;
mod traits;

use core::mem;
use core::ptr;
use std::collections::TryReserveError;

use crate::wipe::{Wipe, bytes_of, wipe_memory};
pub(super) use edit::{Gap, bounds};
use memory::bury;
#[cfg(feature = "serde")]
pub(super) use serde::{REFUSED, refuse};

/// A `Vec` that wipes every buffer before it is freed, when it grows too.
///
/// A `Vec` that has to grow moves to a larger buffer and frees the old one with the secret
/// still in it. This one wipes the old buffer first, and the same when it shrinks and when it
/// is dropped. Elements that are removed are wiped at once, over all of their memory.
///
/// It has the methods of a `Vec` but for those that would hand out copies: there is no
/// `drain` and no iteration by value (see [`remove_range`](SecretVec::remove_range)). It is
/// equal to another one in constant time, where subtle's `ConstantTimeEq` knows the elements; lengths
/// are no secret. `Debug` shows neither content nor length.
///
/// # What remains yours
///
/// It derefs to a slice, and what is done there is done by std: `sort` and `rotate_left` may
/// copy elements to the stack or to a buffer of their own, `swap` copies them through the
/// stack, `to_vec` and indexing make copies, and `==` between two slices stops where they
/// differ. An element that a method returns is yours. So is the place from which you moved a
/// value into the vector, if it is larger than two words. What a `Vec` left behind before it
/// became a `SecretVec` is not covered.
///
/// # Examples
///
/// ```
/// use poolable::SecretVec;
///
/// let mut key = SecretVec::with_capacity(4);
/// key.extend_from_slice(b"0123456789");
/// key.push(b'!');
/// assert_eq!(key, *b"0123456789!");
/// assert_eq!(format!("{key:?}"), "SecretVec(..)");
/// ```
pub struct SecretVec<T: Wipe = u8> {
    items: Vec<T>,
}

impl<T: Wipe> SecretVec<T> {
    /// Returns an empty vector without an allocation.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretVec;
    ///
    /// static EMPTY: SecretVec = SecretVec::new();
    /// assert!(EMPTY.is_empty());
    /// ```
    #[inline]
    #[must_use]
    pub const fn new() -> Self {
        Self { items: Vec::new() }
    }

    /// Returns an empty vector with room for at least `capacity` elements.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretVec;
    ///
    /// let key = SecretVec::<u8>::with_capacity(32);
    /// assert!(key.is_empty() && key.capacity() >= 32);
    /// ```
    ///
    /// # Panics
    ///
    /// If that is more than `isize::MAX` bytes.
    #[inline]
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self { items: Vec::with_capacity(capacity) }
    }

    /// Returns for how many elements there is room without growing.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretVec;
    ///
    /// assert_eq!(SecretVec::<u8>::new().capacity(), 0);
    /// ```
    #[inline]
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.items.capacity()
    }

    /// Returns how many elements there are.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretVec;
    ///
    /// assert_eq!(SecretVec::from([1_u8, 2]).len(), 2);
    /// ```
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Returns whether there are no elements.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretVec;
    ///
    /// assert!(SecretVec::<u8>::with_capacity(8).is_empty());
    /// ```
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Borrows the elements.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretVec;
    ///
    /// assert_eq!(SecretVec::from([1_u8, 2]).as_slice(), [1, 2]);
    /// ```
    #[inline]
    #[must_use]
    pub fn as_slice(&self) -> &[T] {
        &self.items
    }

    /// Borrows the elements, to change them in place.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretVec;
    ///
    /// let mut key = SecretVec::from([1_u8, 2]);
    /// key.as_mut_slice()[0] = 7;
    /// assert_eq!(key, [7, 2]);
    /// ```
    #[inline]
    #[must_use]
    pub fn as_mut_slice(&mut self) -> &mut [T] {
        &mut self.items
    }

    /// Gives the vector up, and with it the wiping: nothing that happens to the `Vec` is
    /// covered any more. Nothing is copied.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretVec;
    ///
    /// let exposed: Vec<u8> = SecretVec::from([1, 2]).into_exposed_vec();
    /// assert_eq!(exposed, [1, 2]);
    /// ```
    #[inline]
    #[must_use = "the elements are dropped without a wipe"]
    pub fn into_exposed_vec(mut self) -> Vec<T> {
        mem::take(&mut self.items)
    }

    /// Makes room for `additional` more elements, and for some beyond them. An old buffer is
    /// wiped.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretVec;
    ///
    /// let mut key = SecretVec::from([1_u8, 2]);
    /// key.reserve(100);
    /// assert!(key.capacity() >= 102);
    /// assert_eq!(key, [1, 2]);
    /// ```
    ///
    /// # Panics
    ///
    /// If the new capacity is more than `isize::MAX` bytes.
    #[inline]
    pub fn reserve(&mut self, additional: usize) {
        if self.items.capacity() - self.items.len() < additional {
            self.grow_slow(additional);
        }
    }

    /// Makes room for `additional` more elements, and not for more where the allocator lets
    /// it. An old buffer is wiped.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretVec;
    ///
    /// let mut key = SecretVec::from([1_u8, 2]);
    /// key.reserve_exact(100);
    /// assert!(key.capacity() >= 102);
    /// ```
    ///
    /// # Panics
    ///
    /// If the new capacity is more than `isize::MAX` bytes.
    pub fn reserve_exact(&mut self, additional: usize) {
        if self.items.capacity() - self.items.len() < additional {
            self.move_to(Vec::with_capacity(self.wanted(additional)));
        }
    }

    /// Makes room for `additional` more elements, or says that there is none.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretVec;
    ///
    /// let mut key = SecretVec::from([1_u8, 2]);
    /// assert!(key.try_reserve(100).is_ok());
    /// assert!(key.try_reserve(usize::MAX).is_err());
    /// assert_eq!(key, [1, 2]);
    /// ```
    ///
    /// # Errors
    ///
    /// If the new capacity is more than `isize::MAX` bytes, or the allocator fails.
    pub fn try_reserve(&mut self, additional: usize) -> Result<(), TryReserveError> {
        if self.items.capacity() - self.items.len() >= additional {
            return Ok(());
        }
        if size_of::<T>() == 0 {
            // There is no buffer; the error is all that is left to come.
            return self.items.try_reserve(additional);
        }
        let wanted = self.items.len().saturating_add(additional);
        let mut larger = Vec::new();
        larger.try_reserve_exact(self.amortised(wanted))?;
        self.move_to(larger);
        Ok(())
    }

    /// Lowers the capacity to the larger of the length and `capacity`, as far as the allocator
    /// lets it. The old buffer is wiped.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretVec;
    ///
    /// let mut key = SecretVec::with_capacity(4096);
    /// key.extend_from_slice(&[1, 2]);
    /// key.shrink_to(16);
    /// assert!((16..4096).contains(&key.capacity()));
    /// assert_eq!(key, [1, 2]);
    /// ```
    pub fn shrink_to(&mut self, capacity: usize) {
        let wanted = capacity.max(self.items.len());
        if wanted < self.items.capacity() && size_of::<T>() != 0 {
            self.move_to(Vec::with_capacity(wanted));
        }
    }

    /// Lowers the capacity to the length, as far as the allocator lets it. The old buffer is
    /// wiped.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretVec;
    ///
    /// let mut key = SecretVec::<u8>::with_capacity(4096);
    /// key.shrink_to_fit();
    /// assert_eq!(key.capacity(), 0);
    /// ```
    pub fn shrink_to_fit(&mut self) {
        self.shrink_to(0);
    }

    #[cold]
    #[inline(never)]
    fn grow_slow(&mut self, additional: usize) {
        let wanted = self.wanted(additional);
        self.move_to(Vec::with_capacity(self.amortised(wanted)));
    }

    /// The capacity for so many more elements; more than there are for those without a size.
    fn wanted(&self, additional: usize) -> usize {
        let wanted = self.items.len().checked_add(additional);
        wanted.unwrap_or_else(|| panic!("capacity overflow"))
    }

    /// Doubles, so that many elements that come one by one cost a few moves.
    fn amortised(&self, wanted: usize) -> usize {
        let least = match size_of::<T>() {
            1 => 8,
            ..=1024 => 4,
            _ => 1,
        };
        wanted.max(self.items.capacity().saturating_mul(2)).max(least)
    }

    /// Moves the elements to an empty vector with enough room, and wipes the buffer that they
    /// were in.
    fn move_to(&mut self, mut buffer: Vec<T>) {
        let len = self.items.len();
        let places = &mut buffer.spare_capacity_mut()[..len];
        // SAFETY: both sides are valid for `len` elements, and two vectors never share a
        // buffer. The old one forgets its elements below, before anything can drop them.
        unsafe { ptr::copy_nonoverlapping(self.items.as_ptr(), places.as_mut_ptr().cast(), len) };
        // SAFETY: no element is needed for a length of zero.
        unsafe { self.items.set_len(0) };
        // SAFETY: the copy has filled the first `len` places, which lie within the capacity.
        unsafe { buffer.set_len(len) };
        let mut old = mem::replace(&mut self.items, buffer);
        wipe_memory(bytes_of(old.spare_capacity_mut()));
    }

    /// Wipes and drops the elements from `len` on (invariants 1 and 3).
    fn retire(&mut self, len: usize) {
        let gone = self.items.len() - len;
        // SAFETY: `len` is at most the length, or the subtraction would be wrong: the callers
        // have compared them.
        unsafe { self.items.set_len(len) };
        let places = &mut self.items.spare_capacity_mut()[..gone];
        // SAFETY: these places held elements until the length was lowered, which makes them
        // nobody's.
        unsafe { bury(places, gone) };
    }
}

impl<T: Wipe> Wipe for SecretVec<T> {
    fn wipe(&mut self) {
        let len = self.items.len();
        // SAFETY: no element is needed for a length of zero.
        unsafe { self.items.set_len(0) };
        // SAFETY: all of the buffer is spare now, and its first `len` places held elements
        // until the length was lowered, which makes them nobody's.
        unsafe { bury(self.items.spare_capacity_mut(), len) };
    }
}

impl<T: Wipe> Drop for SecretVec<T> {
    /// Wipes the whole capacity; the inner vector then frees it.
    fn drop(&mut self) {
        self.wipe();
    }
}
