//! Iterators over the entries of a map, which own nothing.

use core::fmt;
use core::iter::FusedIterator;

use hashbrown::hash_table;

use super::{Bucket, entry, entry_mut};

/// The entries of a borrowed [`SecretMap`](crate::SecretMap), in no order.
///
/// # Examples
///
/// ```
/// use poolable::SecretMap;
///
/// let pins: SecretMap<_, _> = [(1, 1234), (2, 4321)].into_iter().collect();
/// assert_eq!(pins.iter().len(), 2);
/// ```
#[must_use = "an iterator does nothing unless it is asked"]
pub struct Iter<'a, K, V>(pub(super) hash_table::Iter<'a, Bucket<K, V>>);

/// The entries of a borrowed [`SecretMap`](crate::SecretMap), whose values may be changed, in
/// no order.
///
/// # Examples
///
/// ```
/// use poolable::SecretMap;
///
/// let mut pins: SecretMap<_, _> = [(1, 1234), (2, 4321)].into_iter().collect();
/// pins.iter_mut().for_each(|(_, pin)| *pin += 1);
/// assert_eq!(pins[&2], 4322);
/// ```
#[must_use = "an iterator does nothing unless it is asked"]
pub struct IterMut<'a, K, V>(pub(super) hash_table::IterMut<'a, Bucket<K, V>>);

impl<'a, K, V> Iterator for Iter<'a, K, V> {
    type Item = (&'a K, &'a V);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let bucket = self.0.next()?;
        // SAFETY: a table hands out occupied buckets only.
        let entry = unsafe { entry(bucket) };
        Some((&entry.key, &entry.value))
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl<'a, K, V> Iterator for IterMut<'a, K, V> {
    type Item = (&'a K, &'a mut V);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let bucket = self.0.next()?;
        // SAFETY: a table hands out occupied buckets only.
        let entry = unsafe { entry_mut(bucket) };
        Some((&entry.key, &mut entry.value))
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl<K, V> ExactSizeIterator for Iter<'_, K, V> {}

impl<K, V> ExactSizeIterator for IterMut<'_, K, V> {}

impl<K, V> FusedIterator for Iter<'_, K, V> {}

impl<K, V> FusedIterator for IterMut<'_, K, V> {}

impl<K, V> Clone for Iter<'_, K, V> {
    #[inline]
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

/// Shows nothing of what is left.
impl<K, V> fmt::Debug for Iter<'_, K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Iter").finish_non_exhaustive()
    }
}

/// Shows nothing of what is left.
impl<K, V> fmt::Debug for IterMut<'_, K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IterMut").finish_non_exhaustive()
    }
}
