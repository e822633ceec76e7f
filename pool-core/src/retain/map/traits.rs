//! What traits show of a map: its entries, and never the spare ones.

use core::borrow::Borrow;
use core::fmt;
use core::hash::{BuildHasher, Hash};
use core::ops;

use super::iter::{IntoIter, Iter, IterMut};
use super::{RetainMap, hashes};
#[cfg(feature = "zeroize")]
use crate::Wipe;
use crate::{Capacity, Reset};

impl<K: Reset, V: Reset, S: Default> Reset for RetainMap<K, V, S> {
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
        self.entries.retained_bytes().saturating_add(self.index.bytes())
    }
}

impl<K: Reset, V: Reset, S: Default> Capacity for RetainMap<K, V, S> {
    #[inline]
    fn with_capacity(capacity: usize) -> Self {
        let mut map = Self::default();
        map.grow_to(capacity);
        map
    }

    #[inline]
    fn capacity(&self) -> usize {
        Self::capacity(self)
    }

    #[inline]
    fn grow_to(&mut self, capacity: usize) {
        self.entries.grow_to(capacity);
        self.index.grow_to(capacity, hashes(&self.entries));
    }

    #[inline]
    fn shrink_to(&mut self, capacity: usize) {
        Self::shrink_to(self, capacity);
    }
}

/// Becomes empty. All keys and values that were in use since the last wipe are wiped, spare
/// ones too, then reset and kept; so is the memory behind them, and the index.
///
/// Beyond its reach are what the map has given back before, as it grew, was shrunk or
/// dropped spare entries; copies on the stack of what lies inline in an entry that was
/// moved; and the hasher, whose keys say nothing of what it hashed.
#[cfg(feature = "zeroize")]
impl<K: Wipe + Reset, V: Wipe + Reset, S> Wipe for RetainMap<K, V, S> {
    fn wipe(&mut self) {
        // First: if the other panics no entry is left in use.
        self.index.wipe();
        self.entries.wipe();
    }
}

impl<K, V, S: Default> Default for RetainMap<K, V, S> {
    #[inline]
    fn default() -> Self {
        Self::with_hasher(S::default())
    }
}

/// Clones what is seen, and the bound on spare entries; those stay behind.
impl<K: Clone, V: Clone, S: Clone> Clone for RetainMap<K, V, S> {
    fn clone(&self) -> Self {
        Self {
            entries: self.entries.clone(),
            index: self.index.clone(),
            hasher: self.hasher.clone(),
        }
    }
}

/// Maps are equal if they have the same entries, in whatever order.
impl<K: Eq + Hash, V: PartialEq, S: BuildHasher> PartialEq for RetainMap<K, V, S> {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len()
            && self.iter().all(|(key, value)| other.get(key).is_some_and(|other| value == other))
    }
}

impl<K: Eq + Hash, V: Eq, S: BuildHasher> Eq for RetainMap<K, V, S> {}

impl<K: fmt::Debug, V: fmt::Debug, S> fmt::Debug for RetainMap<K, V, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self).finish()
    }
}

impl<K, V, S, Q> ops::Index<&Q> for RetainMap<K, V, S>
where
    K: Eq + Hash + Borrow<Q>,
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
            None => panic!("`RetainMap::index`: the key is not there; `get` asks whether it is"),
        }
    }
}

impl<'a, K, V, S> IntoIterator for &'a RetainMap<K, V, S> {
    type Item = (&'a K, &'a V);
    type IntoIter = Iter<'a, K, V>;

    #[inline]
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'a, K, V, S> IntoIterator for &'a mut RetainMap<K, V, S> {
    type Item = (&'a K, &'a mut V);
    type IntoIter = IterMut<'a, K, V>;

    #[inline]
    fn into_iter(self) -> Self::IntoIter {
        self.iter_mut()
    }
}

/// Drops the spare entries and hands out the others.
impl<K, V, S> IntoIterator for RetainMap<K, V, S> {
    type Item = (K, V);
    type IntoIter = IntoIter<K, V>;

    fn into_iter(self) -> Self::IntoIter {
        IntoIter(self.entries.into_iter())
    }
}

/// Inserts each entry.
impl<K, V, S> Extend<(K, V)> for RetainMap<K, V, S>
where
    K: Eq + Hash + Reset,
    V: Reset,
    S: BuildHasher,
{
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, entries: I) {
        for (key, value) in entries {
            self.insert(key, value);
        }
    }
}

impl<K, V, S> FromIterator<(K, V)> for RetainMap<K, V, S>
where
    K: Eq + Hash + Reset,
    V: Reset,
    S: BuildHasher + Default,
{
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut map = Self::default();
        map.extend(entries);
        map
    }
}

impl<K: Eq + Hash + Reset, V: Reset, const N: usize> From<[(K, V); N]> for RetainMap<K, V> {
    fn from(entries: [(K, V); N]) -> Self {
        Self::from_iter(entries)
    }
}

#[cfg(test)]
mod tests {
    use core::hash::BuildHasherDefault;
    use std::hash::DefaultHasher;

    use super::*;

    fn ports() -> RetainMap<String, u16> {
        [("http", 80), ("https", 443), ("ssh", 22)].map(|(name, port)| (name.into(), port)).into()
    }

    #[test]
    fn reset_shows_what_blank_shows_and_counts_what_is_kept() {
        let mut map = ports();
        map.reset();
        assert_eq!(map, RetainMap::blank());
        let names: usize = 4 + 5 + 3;
        let entries = map.entries.capacity() * size_of::<(u64, String, u16)>();
        assert_eq!(map.retained_bytes(), names + entries + map.index.bytes());
        assert!(map.index.bytes() >= 3 * 8);
        assert_eq!(RetainMap::<String, u16>::blank().retained_bytes(), 0);
    }

    #[test]
    fn maps_are_equal_in_whatever_order() {
        let mut other = ports();
        assert_eq!(other.remove("http"), Some(80));
        assert_ne!(other, ports());
        other.insert("http".into(), 8080);
        assert_ne!(other, ports());
        other.insert("http".into(), 80);
        assert!(!other.keys().eq(ports().keys()));
        assert_eq!(other, ports());
        other.clear();
        assert_eq!(other, RetainMap::default());
    }

    #[test]
    fn spare_entries_are_neither_shown_nor_cloned() {
        let mut map = ports().max_retained(2);
        assert!(map.retire("https"));
        assert_eq!(format!("{map:?}"), r#"{"http": 80, "ssh": 22}"#);
        let mut clone = map.clone();
        assert_eq!((&clone, clone.retained()), (&map, 0));
        assert_eq!(clone.get("ssh"), Some(&22));
        clone.insert("https".into(), 443);
        clone.clear();
        assert_eq!(clone.retained(), 2, "the bound is cloned");
    }

    #[test]
    #[should_panic(expected = "`get` asks whether it is")]
    fn absent_key_has_no_value_to_index() {
        let _ = ports()["gopher"];
    }

    #[test]
    fn map_is_governed() {
        let mut map = <RetainMap<u32, u32> as Capacity>::with_capacity(0);
        assert_eq!((map.capacity(), map.retained_bytes()), (0, 0));
        map = Capacity::with_capacity(100);
        let born = Capacity::capacity(&map);
        assert!((100..120).contains(&born));
        map.grow_to(100);
        assert_eq!(map.capacity(), born);
        map.extend([(1, 2), (3, 4)]);
        map.grow_to(1000);
        assert!((1000..1100).contains(&map.capacity()));
        Capacity::shrink_to(&mut map, 50);
        assert!((50..100).contains(&map.capacity()));
        Capacity::shrink_to(&mut map, 0);
        assert!((2..50).contains(&map.capacity()));
        assert_eq!(map, RetainMap::from([(1, 2), (3, 4)]));
        map.clear();
        Capacity::shrink_to(&mut map, 0);
        assert_eq!((map.capacity(), map.retained_bytes()), (0, 0));
    }

    #[test]
    fn hasher_is_the_users_choice() {
        type Fixed = BuildHasherDefault<DefaultHasher>;
        let mut map = RetainMap::<String, u16, Fixed>::with_capacity_and_hasher(4, Fixed::new());
        *map.insert_blank("http") = 80;
        assert_eq!((map["http"], map.capacity()), (80, 4));
        assert_eq!(map.hasher().hash_one("a"), Fixed::new().hash_one("a"));
        let collected: RetainMap<_, _, Fixed> = map.clone().into_iter().collect();
        assert_eq!(collected, map);
    }
}
