//! What std's traits, and those of pools, show of a vector.

use core::fmt;
use core::ops::{Deref, DerefMut};
use core::slice;
use std::io;

use subtle::{Choice, ConstantTimeEq};

use super::SecretVec;
use super::memory::hand_over;
use crate::wipe::{Wipe, WipeOnHeap, bytes_of, wipe_memory};
use crate::{Capacity, ReleaseBorrows, Reset};

impl<T: Wipe> WipeOnHeap for SecretVec<T> {}

/// Does what its [`Wipe`] does, for code that asks for that crate's trait.
impl<T: Wipe> zeroize::Zeroize for SecretVec<T> {
    fn zeroize(&mut self) {
        self.wipe();
    }
}

impl<T: Wipe> zeroize::ZeroizeOnDrop for SecretVec<T> {}

/// Wiped as far as it was used, and emptied; the buffer is kept.
impl<T: Wipe> Reset for SecretVec<T> {
    #[inline]
    fn blank() -> Self {
        Self::new()
    }

    #[inline]
    fn reset(&mut self) {
        self.clear();
        // What is behind the length was wiped when it left, and is kept all the same.
        #[cfg(feature = "mlock")]
        crate::mlock::note(self.items.spare_capacity_mut());
    }

    #[inline]
    fn retained_bytes(&mut self) -> usize {
        self.capacity().saturating_mul(size_of::<T>())
    }
}

/// A buffer that is left for another one is wiped.
impl<T: Wipe> Capacity for SecretVec<T> {
    #[inline]
    fn with_capacity(capacity: usize) -> Self {
        Self::with_capacity(capacity)
    }

    #[inline]
    fn capacity(&self) -> usize {
        self.capacity()
    }

    #[inline]
    fn grow_to(&mut self, capacity: usize) {
        self.reserve_exact(capacity.saturating_sub(self.len()));
    }

    #[inline]
    fn shrink_to(&mut self, capacity: usize) {
        self.shrink_to(capacity);
    }
}

// SAFETY:
// - The reset leaves the vector empty, and `blank` returns an empty one: there is no value in
//   it that could borrow, and `retained_bytes` reads a number.
// - Spare memory holds no values.
unsafe impl<T: Wipe> ReleaseBorrows for SecretVec<T> {}

impl<T: Wipe> Default for SecretVec<T> {
    #[inline]
    fn default() -> Self {
        Self::new()
    }
}

/// A copy of the secret, which is wiped as the first one is. `clone_from` writes it into the
/// buffer that is there.
impl<T: Wipe + Clone> Clone for SecretVec<T> {
    fn clone(&self) -> Self {
        let mut clone = Self::with_capacity(self.len());
        clone.extend_from_slice(self);
        clone
    }

    fn clone_from(&mut self, other: &Self) {
        self.clear();
        self.extend_from_slice(other);
    }
}

impl<T: Wipe> Deref for SecretVec<T> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        self.as_slice()
    }
}

impl<T: Wipe> DerefMut for SecretVec<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [T] {
        self.as_mut_slice()
    }
}

impl<T: Wipe> AsRef<[T]> for SecretVec<T> {
    #[inline]
    fn as_ref(&self) -> &[T] {
        self
    }
}

impl<T: Wipe> AsMut<[T]> for SecretVec<T> {
    #[inline]
    fn as_mut(&mut self) -> &mut [T] {
        self
    }
}

/// Shows neither content nor length.
impl<T: Wipe> fmt::Debug for SecretVec<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretVec(..)")
    }
}

/// Takes the buffer over, without a copy, and wipes what lies behind the length. Buffers that
/// the `Vec` has grown out of are not covered.
impl<T: Wipe> From<Vec<T>> for SecretVec<T> {
    #[inline]
    fn from(mut items: Vec<T>) -> Self {
        wipe_memory(bytes_of(items.spare_capacity_mut()));
        Self { items }
    }
}

/// Takes the buffer over, without a copy.
impl<T: Wipe> From<Box<[T]>> for SecretVec<T> {
    #[inline]
    fn from(items: Box<[T]>) -> Self {
        Self { items: items.into_vec() }
    }
}

/// Copies it; the original is not wiped.
impl<T: Wipe + Clone> From<&[T]> for SecretVec<T> {
    fn from(values: &[T]) -> Self {
        let mut vec = Self::with_capacity(values.len());
        vec.extend_from_slice(values);
        vec
    }
}

/// Copies it; the original is not wiped.
impl<T: Wipe + Clone, const N: usize> From<&[T; N]> for SecretVec<T> {
    fn from(values: &[T; N]) -> Self {
        Self::from(&values[..])
    }
}

impl<T: Wipe, const N: usize> From<[T; N]> for SecretVec<T> {
    #[inline(always)]
    fn from(mut values: [T; N]) -> Self {
        let mut vec = Self::new();
        hand_over!(values: [T; N] => vec.push_array(values));
        vec
    }
}

/// Pushes each value. The iterator may keep copies of its own.
impl<T: Wipe> Extend<T> for SecretVec<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, values: I) {
        self.push_all(values.into_iter());
    }
}

impl<'a, T: Wipe + Copy + 'a> Extend<&'a T> for SecretVec<T> {
    fn extend<I: IntoIterator<Item = &'a T>>(&mut self, values: I) {
        self.push_all(values.into_iter().copied());
    }
}

/// Pushes each value. The iterator may keep copies of its own.
impl<T: Wipe> FromIterator<T> for SecretVec<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        let mut vec = Self::new();
        vec.extend(values);
        vec
    }
}

impl<'a, T: Wipe> IntoIterator for &'a SecretVec<T> {
    type Item = &'a T;
    type IntoIter = slice::Iter<'a, T>;

    #[inline]
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'a, T: Wipe> IntoIterator for &'a mut SecretVec<T> {
    type Item = &'a mut T;
    type IntoIter = slice::IterMut<'a, T>;

    #[inline]
    fn into_iter(self) -> Self::IntoIter {
        self.iter_mut()
    }
}

/// Writes at the end, and never fails.
impl io::Write for SecretVec<u8> {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn write_vectored(&mut self, slices: &[io::IoSlice<'_>]) -> io::Result<usize> {
        let len = slices.iter().map(|slice| slice.len()).sum();
        self.reserve(len);
        slices.iter().for_each(|slice| self.extend_from_slice(slice));
        Ok(len)
    }

    #[inline]
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.extend_from_slice(bytes);
        Ok(())
    }

    #[inline]
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// In constant time for vectors of one length.
impl<T: Wipe + ConstantTimeEq> ConstantTimeEq for SecretVec<T> {
    fn ct_eq(&self, other: &Self) -> Choice {
        self.as_slice().ct_eq(other.as_slice())
    }
}

/// In constant time if the lengths are equal, which is no secret.
impl<T: Wipe + ConstantTimeEq> PartialEq for SecretVec<T> {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        self.ct_eq(other).into()
    }
}

impl<T: Wipe + ConstantTimeEq> Eq for SecretVec<T> {}

macro_rules! equals {
    ($([$($generics:tt)*] $other:ty),+ $(,)?) => {$(
        /// In constant time if the lengths are equal, which is no secret.
        impl<T: Wipe + ConstantTimeEq, $($generics)*> PartialEq<$other> for SecretVec<T> {
            #[inline]
            fn eq(&self, other: &$other) -> bool {
                self.as_slice().ct_eq(&other[..]).into()
            }
        }

        /// In constant time if the lengths are equal, which is no secret.
        impl<T: Wipe + ConstantTimeEq, $($generics)*> PartialEq<SecretVec<T>> for $other {
            #[inline]
            fn eq(&self, other: &SecretVec<T>) -> bool {
                other == self
            }
        }
    )+};
}

equals! {
    [] [T], [] &[T], [] &mut [T], [] Vec<T>,
    [const N: usize] [T; N], [const N: usize] &[T; N],
}
