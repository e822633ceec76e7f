//! What std's traits show of a vector: its elements, and never the spare ones.

use core::cmp::Ordering;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::ops::{Deref, DerefMut};
use core::slice;
use std::vec;

use super::RetainVec;
use crate::Reset;

impl<T> Deref for RetainVec<T> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        self.as_slice()
    }
}

impl<T> DerefMut for RetainVec<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [T] {
        self.as_mut_slice()
    }
}

impl<'a, T> IntoIterator for &'a RetainVec<T> {
    type Item = &'a T;
    type IntoIter = slice::Iter<'a, T>;

    #[inline]
    fn into_iter(self) -> Self::IntoIter {
        self.as_slice().iter()
    }
}

impl<'a, T> IntoIterator for &'a mut RetainVec<T> {
    type Item = &'a mut T;
    type IntoIter = slice::IterMut<'a, T>;

    #[inline]
    fn into_iter(self) -> Self::IntoIter {
        self.as_mut_slice().iter_mut()
    }
}

/// Drops the spare elements and hands out the others.
impl<T> IntoIterator for RetainVec<T> {
    type Item = T;
    type IntoIter = vec::IntoIter<T>;

    fn into_iter(mut self) -> Self::IntoIter {
        self.items.truncate(self.live);
        self.items.into_iter()
    }
}

/// Pushes each value.
impl<T: Reset> Extend<T> for RetainVec<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, values: I) {
        values.into_iter().for_each(|value| self.push(value));
    }
}

impl<T> From<Vec<T>> for RetainVec<T> {
    #[inline]
    fn from(items: Vec<T>) -> Self {
        Self { live: items.len(), unwiped: items.len(), items, ..Self::new() }
    }
}

impl<T, const N: usize> From<[T; N]> for RetainVec<T> {
    #[inline]
    fn from(items: [T; N]) -> Self {
        Self::from(Vec::from(items))
    }
}

impl<T> FromIterator<T> for RetainVec<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        Self::from(Vec::from_iter(values))
    }
}

impl<T> Default for RetainVec<T> {
    #[inline]
    fn default() -> Self {
        Self::new()
    }
}

/// Clones what is seen, and the bound on spare elements; those stay behind.
impl<T: Clone> Clone for RetainVec<T> {
    fn clone(&self) -> Self {
        Self { limit: self.limit, ..Self::from(self.as_slice().to_vec()) }
    }
}

impl<T> AsRef<[T]> for RetainVec<T> {
    #[inline]
    fn as_ref(&self) -> &[T] {
        self
    }
}

impl<T> AsMut<[T]> for RetainVec<T> {
    #[inline]
    fn as_mut(&mut self) -> &mut [T] {
        self
    }
}

impl<T: PartialEq> PartialEq for RetainVec<T> {
    fn eq(&self, other: &Self) -> bool {
        self.as_slice() == other.as_slice()
    }
}

impl<T: Eq> Eq for RetainVec<T> {}

macro_rules! equals {
    ($([$($generics:tt)*] $other:ty),+ $(,)?) => {$(
        impl<T: PartialEq<U>, U, $($generics)*> PartialEq<$other> for RetainVec<T> {
            #[inline]
            fn eq(&self, other: &$other) -> bool {
                self.as_slice() == &other[..]
            }
        }
    )+};
}

equals!([] [U], [] &[U], [const N: usize] [U; N], [const N: usize] &[U; N], [] Vec<U>);

impl<T: PartialOrd> PartialOrd for RetainVec<T> {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.as_slice().partial_cmp(other.as_slice())
    }
}

impl<T: Ord> Ord for RetainVec<T> {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_slice().cmp(other.as_slice())
    }
}

impl<T: Hash> Hash for RetainVec<T> {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_slice().hash(state);
    }
}

impl<T: fmt::Debug> fmt::Debug for RetainVec<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_slice().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use core::hash::BuildHasher;
    use std::hash::RandomState;

    use super::super::tests::texts;
    use super::*;

    #[test]
    fn iteration_by_value_leaves_the_spare_elements_behind() {
        let mut vec = texts(&["one", "two", "three"]);
        vec.truncate(2);
        assert_eq!(vec.into_iter().collect::<Vec<_>>(), ["one", "two"]);
    }

    #[test]
    fn vector_becomes_one_without_a_copy() {
        let items = vec![1, 2];
        let place = items.as_ptr();
        let vec = RetainVec::from(items);
        assert_eq!((vec.as_ptr(), vec.len(), vec.retained()), (place, 2, 0));
    }

    #[test]
    fn spare_elements_take_no_part_in_a_comparison() {
        let mut cleared = texts(&["a", "z"]);
        cleared.truncate(1);
        assert_eq!(cleared, ["a"]);
        assert_eq!(cleared, [String::from("a")][..]);
        assert_eq!(cleared, &["a"][..]);
        assert_eq!(cleared, &["a"]);
        assert_eq!(cleared, vec!["a"]);
        assert_ne!(cleared, ["a", "z"]);
        assert!(cleared < texts(&["a", ""]) && cleared.cmp(&texts(&["a"])).is_eq());
        let state = RandomState::new();
        assert_eq!(state.hash_one(&cleared), state.hash_one(vec!["a"]));
        assert_eq!(AsRef::<[String]>::as_ref(&cleared).len(), 1);
        assert_eq!(AsMut::<[String]>::as_mut(&mut cleared).len(), 1);
    }

    #[test]
    fn clone_keeps_to_the_same_bound() {
        let mut clone = RetainVec::from_iter([1, 2, 3]).max_retained(1).clone();
        clone.clear();
        assert_eq!(clone.retained(), 1);
    }
}
