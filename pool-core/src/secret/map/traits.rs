//! What traits do with a map, none of which shows its content or its length unasked.

use core::borrow::Borrow;
use core::fmt;
use core::hash::{BuildHasher, Hash};
use core::ops;

use super::SecretMap;
use super::iter::{Iter, IterMut};
use super::leaving::Owned;
use crate::wipe::{WipeOnHeap, hold};
use crate::{Capacity, ReleaseBorrows, Reset, Wipe};

/// Wipes all entries in their places, and keeps the table.
impl<K: Wipe, V: Wipe, S: Default> Reset for SecretMap<K, V, S> {
    #[inline]
    fn blank() -> Self {
        Self::default()
    }

    #[inline]
    fn reset(&mut self) {
        self.clear();
    }

    #[inline]
    fn retained_bytes(&mut self) -> usize {
        self.table.allocation_size()
    }
}

impl<K: Wipe, V: Wipe, S: Default> Capacity for SecretMap<K, V, S> {
    #[inline]
    fn with_capacity(capacity: usize) -> Self {
        Self::with_capacity_and_hasher(capacity, S::default())
    }

    #[inline]
    fn capacity(&self) -> usize {
        Self::capacity(self)
    }

    fn grow_to(&mut self, capacity: usize) {
        if Self::capacity(self) < capacity {
            self.rebuild(capacity);
        }
    }

    fn shrink_to(&mut self, capacity: usize) {
        if Self::capacity(self) > capacity {
            Self::shrink_to(self, capacity);
        }
    }
}

/// As [`clear`](SecretMap::clear) does: entries that are gone were wiped when they went, and
/// what is vacant in the table is zero, or was never used.
impl<K: Wipe, V: Wipe, S> Wipe for SecretMap<K, V, S> {
    #[inline]
    fn wipe(&mut self) {
        self.clear();
    }
}

/// Does what its [`Wipe`] does, for code that asks for that crate's trait.
impl<K: Wipe, V: Wipe, S> zeroize::Zeroize for SecretMap<K, V, S> {
    fn zeroize(&mut self) {
        self.wipe();
    }
}

impl<K: Wipe, V: Wipe, S> zeroize::ZeroizeOnDrop for SecretMap<K, V, S> {}

// What lies inline are a pointer, two numbers and what hashes, which knows no keys.
impl<K: Wipe, V: Wipe, S> WipeOnHeap for SecretMap<K, V, S> {}

// SAFETY: the reset leaves no value that could borrow, only zeroes; and the hasher does not.
unsafe impl<K: Wipe, V: Wipe, S: Default + 'static> ReleaseBorrows for SecretMap<K, V, S> {}

impl<K: Wipe, V: Wipe, S: Default> Default for SecretMap<K, V, S> {
    #[inline]
    fn default() -> Self {
        Self::with_hasher(S::default())
    }
}

/// Shows neither entries nor how many there are.
impl<K: Wipe, V: Wipe, S> fmt::Debug for SecretMap<K, V, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretMap").finish_non_exhaustive()
    }
}

impl<K, V, S, Q> ops::Index<&Q> for SecretMap<K, V, S>
where
    K: Wipe + Borrow<Q>,
    V: Wipe,
    S: BuildHasher,
    Q: Eq + Hash + ?Sized,
{
    type Output = V;

    /// Borrows the value of a key.
    ///
    /// # Panics
    ///
    /// If it is not there.
    #[inline]
    #[track_caller]
    fn index(&self, key: &Q) -> &V {
        match self.get(key) {
            Some(value) => value,
            None => panic!("`SecretMap::index`: the key is not there; `get` asks whether it is"),
        }
    }
}

impl<'a, K: Wipe, V: Wipe, S> IntoIterator for &'a SecretMap<K, V, S> {
    type Item = (&'a K, &'a V);
    type IntoIter = Iter<'a, K, V>;

    #[inline]
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'a, K: Wipe, V: Wipe, S> IntoIterator for &'a mut SecretMap<K, V, S> {
    type Item = (&'a K, &'a mut V);
    type IntoIter = IterMut<'a, K, V>;

    #[inline]
    fn into_iter(self) -> Self::IntoIter {
        self.iter_mut()
    }
}

/// Inserts each entry, and wipes the values that are replaced. What the iterator itself
/// leaves behind is its own.
impl<K, V, S> Extend<(K, V)> for SecretMap<K, V, S>
where
    K: Wipe + Eq + Hash,
    V: Wipe,
    S: BuildHasher,
{
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, entries: I) {
        let mut entries = entries.into_iter();
        loop {
            let mut next = entries.next();
            hold!(next);
            // SAFETY: the value is held, and borrowed here alone.
            let Some((key, value)) = (unsafe { &mut *next }) else { break };
            // SAFETY: the key is there, and nobody else takes it or drops it.
            let key = unsafe { Owned::new(key) };
            // SAFETY: as for the key.
            let value = unsafe { Owned::new(value) };
            self.replace(key, value);
        }
    }
}

impl<K, V, S> FromIterator<(K, V)> for SecretMap<K, V, S>
where
    K: Wipe + Eq + Hash,
    V: Wipe,
    S: BuildHasher + Default,
{
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut map = Self::default();
        map.extend(entries);
        map
    }
}
