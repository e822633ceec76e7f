//! A map whose removed entries stay for reuse.
//!
//! The entries lie in a `RetainVec`, in the order of their insertion, and an index beside
//! it tells the place of each by its hash. Spare keys and values come with the vector.
//!
//! # Invariants
//!
//! 1. The index links exactly the entries in use, each by the hash that it carries: where a
//!    call returns, and where it unwinds.
//! 2. An entry whose key or value is not what it ought to be, since user code panicked
//!    over it, is dropped; it is neither in use nor spare.
//! 3. Keys and values are held by the vector of entries alone. So its invariant 6 holds for
//!    them: where a call that resets returns, and where it unwinds, every spare key and
//!    value is one whose reset returned, and which since then was lent to nothing but its
//!    own `retained_bytes` and, before one more reset, its own `wipe`. Keys and values that
//!    borrow have nothing of what they borrowed once they are spare, and after
//!    [`Reset::reset`] all of them are, or are gone: if that unwinds too. The index holds
//!    numbers.
//!
//! # Rejected
//!
//! A std `HashMap` with lists of spare keys and values beside it: it can be emptied entry
//! by entry, which moves each of them twice more per use, and it cannot be wiped.
//!
//! A search entry by entry in small maps, without an index: a second way to do everything.

mod index;
pub(super) mod iter;
mod traits;

use core::borrow::Borrow;
use core::hash::{BuildHasher, Hash};
use core::mem;
use std::hash::RandomState;

use self::index::Index;
use self::iter::{Iter, IterMut};
use super::RetainVec;
use crate::Reset;

/// The hash, the key and the value. Tuples have `Reset` and `Wipe` already.
type Entry<K, V> = (u64, K, V);

/// A hash map that resets and keeps its keys and values when it is cleared.
///
/// [`insert_blank`](RetainMap::insert_blank) writes the key into the memory of a kept one
/// and hands out a kept value, so that a map that is filled with entries of the same sizes
/// again and again allocates nothing.
///
/// Keys are whatever has [`Reset`]: `String` and `Vec<u8>` keep their buffers, numbers and
/// `&str` are copied.
///
/// It iterates in the order of insertion, until an entry is removed alone: the last one
/// takes its place then. [`retain`](RetainMap::retain) leaves the order as it is.
///
/// A value that a method returns has left, with its memory. All else that is removed is
/// reset, which wipes fields of its own that are marked as secrets, and kept.
///
/// # Examples
///
/// ```
/// use poolable::RetainMap;
///
/// let mut headers = RetainMap::<String, String>::new();
/// headers.insert_blank("host").push_str("example.org");
/// headers.insert_blank("accept").push_str("*/*");
/// assert_eq!(headers["host"], "example.org");
/// let place = headers["host"].as_ptr();
///
/// headers.clear();
/// assert_eq!(headers.get("host"), None);
/// assert_eq!(headers.insert_blank("cookie"), "");
/// assert_eq!(headers["cookie"].as_ptr(), place);
/// ```
///
/// # Performance
///
/// As with `HashMap`, keys are found in constant time if their hashes differ, and the
/// default hasher is std's.
pub struct RetainMap<K, V, S = RandomState> {
    entries: RetainVec<Entry<K, V>>,
    index: Index,
    hasher: S,
}

/// The hashes of the entries in use, by place.
#[inline]
fn hashes<K, V>(entries: &[Entry<K, V>]) -> impl ExactSizeIterator<Item = u64> {
    entries.iter().map(|(hash, ..)| *hash)
}

impl<K, V> RetainMap<K, V> {
    /// Returns an empty map without an allocation.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::RetainMap;
    ///
    /// assert!(RetainMap::<String, u32>::new().is_empty());
    /// ```
    #[inline]
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns an empty map with room for at least `capacity` entries.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::RetainMap;
    ///
    /// let headers = RetainMap::<String, u32>::with_capacity(16);
    /// assert!(headers.is_empty() && headers.capacity() >= 16);
    /// ```
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self::with_capacity_and_hasher(capacity, RandomState::new())
    }
}

impl<K, V, S> RetainMap<K, V, S> {
    /// Returns an empty map without an allocation, which hashes by `hasher`.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::RetainMap;
    /// use std::hash::{BuildHasherDefault, DefaultHasher};
    ///
    /// type Hasher = BuildHasherDefault<DefaultHasher>;
    /// static EMPTY: RetainMap<String, u32, Hasher> = RetainMap::with_hasher(Hasher::new());
    /// assert!(EMPTY.is_empty());
    /// ```
    #[inline]
    #[must_use]
    pub const fn with_hasher(hasher: S) -> Self {
        Self { entries: RetainVec::new(), index: Index::new(), hasher }
    }

    /// Returns an empty map with room for at least `capacity` entries, which hashes by
    /// `hasher`.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::RetainMap;
    /// use std::hash::RandomState;
    ///
    /// let map = RetainMap::<String, u32>::with_capacity_and_hasher(16, RandomState::new());
    /// assert!(map.capacity() >= 16);
    /// ```
    #[must_use]
    pub fn with_capacity_and_hasher(capacity: usize, hasher: S) -> Self {
        let mut map = Self::with_hasher(hasher);
        map.reserve(capacity);
        map
    }

    /// Returns how many entries there are.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::RetainMap;
    ///
    /// assert_eq!(RetainMap::from([("http", 80)]).len(), 1);
    /// ```
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Tells whether there are no entries; spare ones do not count.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::RetainMap;
    ///
    /// let mut ports = RetainMap::from([("http", 80)]);
    /// ports.clear();
    /// assert!(ports.is_empty());
    /// ```
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Returns for how many entries there is room, spare ones included.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::RetainMap;
    ///
    /// assert_eq!(RetainMap::<String, u32>::new().capacity(), 0);
    /// ```
    #[inline]
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.entries.capacity().min(self.index.capacity())
    }

    /// Returns how many spare entries are kept for reuse.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::RetainMap;
    ///
    /// let mut ports = RetainMap::from([("http", 80), ("https", 443)]);
    /// ports.clear();
    /// assert_eq!(ports.retained(), 2);
    /// ```
    #[inline]
    #[must_use]
    pub fn retained(&self) -> usize {
        self.entries.retained()
    }

    /// Returns what hashes the keys.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::RetainMap;
    /// use std::hash::BuildHasher;
    ///
    /// let map = RetainMap::<String, u32>::new();
    /// assert_eq!(map.hasher().hash_one("host"), map.hasher().hash_one("host"));
    /// ```
    #[inline]
    #[must_use]
    pub fn hasher(&self) -> &S {
        &self.hasher
    }

    /// Makes room for `additional` more entries, spare ones counted as room.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::RetainMap;
    ///
    /// let mut ports = RetainMap::from([("http", 80)]);
    /// ports.reserve(100);
    /// assert!(ports.capacity() >= 101);
    /// ```
    pub fn reserve(&mut self, additional: usize) {
        self.entries.reserve(additional);
        self.index.grow_to(self.len().saturating_add(additional), hashes(&self.entries));
    }

    /// Iterates over the entries.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::RetainMap;
    ///
    /// let ports = RetainMap::from([("http", 80), ("https", 443)]);
    /// assert_eq!(ports.iter().next(), Some((&"http", &80)));
    /// ```
    #[inline]
    pub fn iter(&self) -> Iter<'_, K, V> {
        Iter(self.entries.as_slice().iter())
    }

    /// Iterates over the entries, whose values may be changed.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::RetainMap;
    ///
    /// let mut ports = RetainMap::from([("http", 80)]);
    /// for (_, port) in ports.iter_mut() {
    ///     *port += 8000;
    /// }
    /// assert_eq!(ports["http"], 8080);
    /// ```
    #[inline]
    pub fn iter_mut(&mut self) -> IterMut<'_, K, V> {
        IterMut(self.entries.as_mut_slice().iter_mut())
    }

    /// Iterates over the keys.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::RetainMap;
    ///
    /// let ports = RetainMap::from([("http", 80), ("https", 443)]);
    /// assert!(ports.keys().eq(&["http", "https"]));
    /// ```
    #[inline]
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &K> + ExactSizeIterator + Clone {
        self.entries.iter().map(|(_, key, _)| key)
    }

    /// Iterates over the values.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::RetainMap;
    ///
    /// let ports = RetainMap::from([("http", 80), ("https", 443)]);
    /// assert_eq!(ports.values().sum::<i32>(), 523);
    /// ```
    #[inline]
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &V> + ExactSizeIterator + Clone {
        self.entries.iter().map(|(_, _, value)| value)
    }

    /// Iterates over the values, which may be changed.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::RetainMap;
    ///
    /// let mut ports = RetainMap::from([("http", 80)]);
    /// ports.values_mut().for_each(|port| *port += 8000);
    /// assert_eq!(ports["http"], 8080);
    /// ```
    #[inline]
    pub fn values_mut(&mut self) -> impl DoubleEndedIterator<Item = &mut V> + ExactSizeIterator {
        self.entries.iter_mut().map(|(_, _, value)| value)
    }

    /// Takes an entry out of the index and puts it last, where the caller removes it.
    fn put_last(&mut self, place: usize) {
        let last = self.entries.len() - 1;
        self.index.unlink(self.entries[place].0, place, |place| self.entries[place].0);
        if place != last {
            self.index.relink(self.entries[last].0, last, place);
            super::swap(&mut self.entries, place, last);
        }
    }
}

impl<K, V, S> RetainMap<K, V, S>
where
    K: Eq + Hash,
    S: BuildHasher,
{
    #[inline]
    fn find<Q>(&self, hash: u64, key: &Q) -> Option<usize>
    where
        K: Borrow<Q>,
        Q: Eq + ?Sized,
    {
        self.index.find(hash, |place| self.entries[place].1.borrow() == key)
    }

    /// The place of the entry of `key`.
    #[inline]
    fn place_of<Q>(&self, key: &Q) -> Option<usize>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        if self.is_empty() {
            // Nothing would come of the hash.
            return None;
        }
        self.find(self.hasher.hash_one(key), key)
    }

    /// Borrows the value of a key, if it is there.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::RetainMap;
    ///
    /// let ports = RetainMap::from([(String::from("http"), 80)]);
    /// assert_eq!(ports.get("http"), Some(&80));
    /// assert_eq!(ports.get("gopher"), None);
    /// ```
    #[inline]
    #[must_use]
    pub fn get<Q>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let place = self.place_of(key)?;
        Some(&self.entries[place].2)
    }

    /// Borrows the value of a key mutably, if it is there.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::RetainMap;
    ///
    /// let mut ports = RetainMap::from([("http", 80)]);
    /// if let Some(port) = ports.get_mut("http") {
    ///     *port += 8000;
    /// }
    /// assert_eq!(ports["http"], 8080);
    /// ```
    #[inline]
    #[must_use]
    pub fn get_mut<Q>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let place = self.place_of(key)?;
        Some(&mut self.entries[place].2)
    }

    /// Tells whether a key is there.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::RetainMap;
    ///
    /// assert!(RetainMap::from([("http", 80)]).contains_key("http"));
    /// ```
    #[inline]
    #[must_use]
    pub fn contains_key<Q>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        self.place_of(key).is_some()
    }
}

impl<K, V, S> RetainMap<K, V, S>
where
    K: Eq + Hash + Reset,
    V: Reset,
    S: BuildHasher,
{
    /// Puts a blank value under a key: a kept one, or the reset of the one that is there,
    /// or a new one. A key that is not there yet is written into the memory of a kept one,
    /// by [`ToOwned::clone_into`].
    ///
    /// `key` is a `&str` for keys of `String`, a `&[u8]` for those of `Vec<u8>`, and a `&K`
    /// for all that can be cloned.
    ///
    /// If the reset panics, the entry is dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::RetainMap;
    ///
    /// let mut headers = RetainMap::<String, Vec<u8>>::new();
    /// headers.insert_blank("host").extend(b"example.com");
    /// headers.insert_blank("host").extend(b"example.org");
    /// assert_eq!(headers["host"], b"example.org");
    /// ```
    ///
    /// # Performance
    ///
    /// No allocation while there are spare entries whose key is long enough.
    pub fn insert_blank<Q>(&mut self, key: &Q) -> &mut V
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ToOwned<Owned = K> + ?Sized,
    {
        let hash = self.hasher.hash_one(key);
        match self.find(hash, key) {
            Some(place) => self.reset_value(place),
            None => {
                let place = self.append_blank(hash, key);
                &mut self.entries[place].2
            }
        }
    }

    /// Borrows the value of a key mutably; if it is not there, puts a blank one under it, as
    /// [`insert_blank`](RetainMap::insert_blank) does.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::RetainMap;
    ///
    /// let mut counts = RetainMap::<String, u32>::new();
    /// for word in ["to", "be", "or", "not", "to", "be"] {
    ///     *counts.get_or_insert_blank(word) += 1;
    /// }
    /// assert_eq!(counts["be"], 2);
    /// ```
    ///
    /// # Performance
    ///
    /// No allocation while there are spare entries whose key is long enough.
    pub fn get_or_insert_blank<Q>(&mut self, key: &Q) -> &mut V
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ToOwned<Owned = K> + ?Sized,
    {
        let hash = self.hasher.hash_one(key);
        let place = match self.find(hash, key) {
            Some(place) => place,
            None => self.append_blank(hash, key),
        };
        &mut self.entries[place].2
    }

    /// Appends an entry for a key that is not there, and returns its place.
    fn append_blank<Q>(&mut self, hash: u64, key: &Q) -> usize
    where
        Q: ToOwned<Owned = K> + ?Sized,
    {
        let place = self.len();
        self.index.grow_to(place + 1, hashes(&self.entries));
        self.entries.push_blank().0 = hash;
        self.index.link(hash, place);
        let unfinished = Unfinished { map: self, place };
        key.clone_into(&mut unfinished.map.entries[place].1);
        mem::forget(unfinished);
        place
    }

    /// Puts a blank value under the key that `read` writes, as
    /// [`insert_blank`](RetainMap::insert_blank) does, unless it says that there is none. It
    /// writes over a kept key, where that is to stay: nothing is copied.
    #[cfg(feature = "serde")]
    pub(crate) fn insert_blank_read<E>(
        &mut self,
        read: impl FnOnce(&mut K) -> Result<bool, E>,
    ) -> Result<Option<&mut V>, E> {
        /// The last entry, which is not linked yet. Unwinding drops it (invariants 1 and 2).
        struct Unlinked<'a, K, V, S>(&'a mut RetainMap<K, V, S>);

        impl<K, V, S> Drop for Unlinked<'_, K, V, S> {
            #[cold]
            fn drop(&mut self) {
                drop(self.0.entries.pop());
            }
        }

        if self.retained() == 0 {
            return self.insert_new_read(read);
        }
        let place = self.len();
        self.entries.push_blank();
        let unlinked = Unlinked(self);
        let map = &mut *unlinked.0;
        let is_there = read(&mut map.entries[place].1);
        if !matches!(is_there, Ok(true)) {
            mem::forget(unlinked);
            self.entries.truncate(place);
            return is_there.map(|_| None);
        }
        let key = &map.entries[place].1;
        let hash = map.hasher.hash_one(key);
        if let Some(known) = map.find(hash, key) {
            mem::forget(unlinked);
            self.entries.truncate(place);
            return Ok(Some(self.reset_value(known)));
        }
        map.index.grow_to(place + 1, hashes(&map.entries[..place]));
        map.entries[place].0 = hash;
        map.index.link(hash, place);
        mem::forget(unlinked);
        Ok(Some(&mut self.entries[place].2))
    }

    /// The same without a spare entry: a value is made for a new key, and for nothing else.
    #[cfg(feature = "serde")]
    #[cold]
    fn insert_new_read<E>(
        &mut self,
        read: impl FnOnce(&mut K) -> Result<bool, E>,
    ) -> Result<Option<&mut V>, E> {
        let mut key = K::blank();
        if !read(&mut key)? {
            return Ok(None);
        }
        if let Some(known) = self.place_of(&key) {
            return Ok(Some(self.reset_value(known)));
        }
        let place = self.len();
        self.insert(key, V::blank());
        Ok(Some(&mut self.entries[place].2))
    }

    /// Makes a value blank, and returns it. If the reset panics, the entry is dropped.
    fn reset_value(&mut self, place: usize) -> &mut V {
        let unfinished = Unfinished { map: self, place };
        unfinished.map.entries[place].2.reset();
        mem::forget(unfinished);
        &mut self.entries[place].2
    }

    /// Puts a value under a key, and returns the one that was there; the key stays then.
    /// For spare entries the same holds as for [`RetainVec::push`].
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::RetainMap;
    ///
    /// let mut ports = RetainMap::<String, u16>::new();
    /// assert_eq!(ports.insert("http".into(), 80), None);
    /// assert_eq!(ports.insert("http".into(), 8080), Some(80));
    /// ```
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        /// Links the entry once the vector has it: it may panic after that too.
        struct Linking<'a, K, V, S> {
            map: &'a mut RetainMap<K, V, S>,
            hash: u64,
            place: usize,
        }

        impl<K, V, S> Drop for Linking<'_, K, V, S> {
            #[inline]
            fn drop(&mut self) {
                if self.map.len() > self.place {
                    self.map.index.link(self.hash, self.place);
                }
            }
        }

        let hash = self.hasher.hash_one(&key);
        if let Some(place) = self.find(hash, &key) {
            // Before there is a value to lose: it may panic.
            drop(key);
            return Some(mem::replace(&mut self.entries[place].2, value));
        }
        let place = self.len();
        self.index.grow_to(place + 1, hashes(&self.entries));
        let linking = Linking { map: self, hash, place };
        linking.map.entries.push((hash, key, value));
        None
    }

    /// Removes an entry and returns its value. The key is reset and kept, with a blank value
    /// in place of the one that leaves. The last entry takes the place.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::RetainMap;
    ///
    /// let mut ports = RetainMap::from([("http", 80), ("https", 443)]);
    /// assert_eq!(ports.remove("http"), Some(80));
    /// assert_eq!(ports.remove("http"), None);
    /// ```
    pub fn remove<Q>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let place = self.place_of(key)?;
        // First, for it may panic.
        let blank = V::blank();
        self.put_last(place);
        let last = self.len() - 1;
        let value = mem::replace(&mut self.entries[last].2, blank);
        self.entries.truncate(last);
        Some(value)
    }

    /// Removes an entry, and tells whether it was there. Key and value are reset and kept.
    /// The last entry takes the place.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::RetainMap;
    ///
    /// let mut headers = RetainMap::<String, String>::new();
    /// headers.insert_blank("host").push_str("example.org");
    /// assert!(headers.retire("host"));
    /// assert_eq!((headers.len(), headers.retained()), (0, 1));
    /// ```
    pub fn retire<Q>(&mut self, key: &Q) -> bool
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let Some(place) = self.place_of(key) else { return false };
        self.put_last(place);
        self.entries.truncate(self.entries.len() - 1);
        true
    }
}

/// An entry that user code is working on. Unwinding drops it (invariant 2).
struct Unfinished<'a, K, V, S> {
    map: &'a mut RetainMap<K, V, S>,
    place: usize,
}

impl<K, V, S> Drop for Unfinished<'_, K, V, S> {
    #[cold]
    fn drop(&mut self) {
        self.map.put_last(self.place);
        drop(self.map.entries.pop());
    }
}

impl<K: Reset, V: Reset, S> RetainMap<K, V, S> {
    /// Removes all entries; keys and values are reset and kept. If a reset panics, that entry
    /// and those after it are dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::RetainMap;
    ///
    /// let mut ports = RetainMap::from([("http", 80)]);
    /// ports.clear();
    /// assert_eq!((ports.len(), ports.retained()), (0, 1));
    /// ```
    #[inline]
    pub fn clear(&mut self) {
        self.index.clear(hashes(&self.entries));
        self.entries.clear();
    }

    /// Removes the entries that `keep` refuses; keys and values are reset and kept. The
    /// others stay in their order.
    ///
    /// If `keep` panics no entry is removed, but their order may have changed.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::RetainMap;
    ///
    /// let mut ports = RetainMap::from([("http", 80), ("https", 443), ("ssh", 22)]);
    /// ports.retain(|name, _| name.starts_with("http"));
    /// assert!(ports.keys().eq(&["http", "https"]));
    /// ```
    pub fn retain(&mut self, mut keep: impl FnMut(&K, &mut V) -> bool) {
        /// Links whatever there is in the end.
        struct Relinking<'a, K, V, S> {
            map: &'a mut RetainMap<K, V, S>,
        }

        impl<K, V, S> Drop for Relinking<'_, K, V, S> {
            fn drop(&mut self) {
                self.map.index.fill(hashes(&self.map.entries));
            }
        }

        self.index.clear(hashes(&self.entries));
        let relinking = Relinking { map: self };
        relinking.map.entries.retain_mut(|(_, key, value)| keep(key, value));
    }

    /// Drops the spare entries beyond the first `capacity` entries, then lowers the capacity
    /// towards that.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::RetainMap;
    ///
    /// let mut squares: RetainMap<_, _> = (0..100).map(|n| (n, n * n)).collect();
    /// squares.clear();
    /// squares.shrink_to(10);
    /// assert_eq!(squares.retained(), 10);
    /// assert!(squares.capacity() < 100);
    /// ```
    pub fn shrink_to(&mut self, capacity: usize) {
        self.entries.shrink_to(capacity);
        self.index.shrink_to(capacity.max(self.len()), hashes(&self.entries));
    }

    /// Keeps no more than `limit` spare entries from now on: those beyond it are reset and
    /// dropped. Without this call there is no such bound.
    ///
    /// As [`RetainVec::max_retained`] it is meant for the birth of the map.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::RetainMap;
    ///
    /// let mut counts = RetainMap::<String, u32>::new().max_retained(2);
    /// for word in ["to", "be", "or", "not"] {
    ///     *counts.get_or_insert_blank(word) += 1;
    /// }
    /// counts.clear();
    /// assert_eq!(counts.retained(), 2);
    /// ```
    #[must_use]
    pub fn max_retained(mut self, limit: usize) -> Self {
        self.set_max_retained(limit);
        self
    }

    /// Does what [`max_retained`](RetainMap::max_retained) does, in place.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::RetainMap;
    ///
    /// let mut ports = RetainMap::from([("http", 80), ("https", 443)]);
    /// ports.clear();
    /// ports.set_max_retained(1);
    /// assert_eq!(ports.retained(), 1);
    /// ```
    pub fn set_max_retained(&mut self, limit: usize) {
        self.entries.set_max_retained(limit);
    }
}

#[cfg(test)]
mod tests {
    use core::cell::Cell;
    use core::hash::{BuildHasherDefault, Hasher};
    use std::collections::HashMap;

    use super::super::vec::tests::{BIRTHS_LEFT, DROPS, Fails, Probe, panics, probe, unwind};
    use super::*;

    /// Sends keys that are equal modulo eight to the same slot.
    #[derive(Default)]
    struct Crowded(u64);

    impl Hasher for Crowded {
        fn finish(&self) -> u64 {
            self.0 % 8
        }
        fn write(&mut self, bytes: &[u8]) {
            self.0 = bytes.iter().fold(self.0, |hash, byte| hash * 31 + u64::from(*byte));
        }
    }

    type Colliding<K, V> = RetainMap<K, V, BuildHasherDefault<Crowded>>;

    /// Asserts invariant 1, and what of the vector's can be seen.
    fn is_linked<K: Eq + Hash, V, S: BuildHasher>(map: &RetainMap<K, V, S>) {
        for (place, (hash, key, _)) in map.entries.iter().enumerate() {
            assert_eq!(*hash, map.hasher.hash_one(key));
            assert_eq!(map.find(*hash, key), Some(place));
        }
        assert_eq!(map.index.links(), map.len(), "one link too many");
    }

    /// A small generator of the xorshift kind.
    struct Dice(u64);

    impl Dice {
        fn roll(&mut self, sides: u64) -> u64 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            (self.0 >> 11) % sides
        }
    }

    fn behaves_like_a_hash_map<S: BuildHasher + Default>(seed: u64, keys: u64) {
        let mut dice = Dice(seed);
        let mut map = RetainMap::<String, Vec<u64>, S>::with_hasher(S::default());
        let mut model = HashMap::<String, Vec<u64>>::new();
        for round in 0..4000 {
            let number = dice.roll(keys);
            let key = format!("key {number}");
            match dice.roll(24) {
                0..5 => {
                    let value = map.insert_blank(&*key);
                    assert!(value.is_empty());
                    value.push(round);
                    model.insert(key, vec![round]);
                }
                5..10 => {
                    map.get_or_insert_blank(&*key).push(round);
                    model.entry(key).or_default().push(round);
                }
                10..14 => {
                    assert_eq!(
                        map.insert(key.clone(), vec![number]),
                        model.insert(key, vec![number])
                    );
                }
                14..17 => assert_eq!(map.remove(&*key), model.remove(&*key)),
                17..19 => assert_eq!(map.retire(&*key), model.remove(&*key).is_some()),
                19 => {
                    let modulus = 2 + dice.roll(4);
                    map.retain(|_, value| value.len() as u64 % modulus != 0);
                    model.retain(|_, value| value.len() as u64 % modulus != 0);
                }
                20 => {
                    if let Some(value) = map.get_mut(&*key) {
                        value.push(7);
                    }
                    model.entry(key).and_modify(|value| value.push(7));
                }
                21 => map.shrink_to(dice.roll(keys) as usize),
                22 => map.set_max_retained(dice.roll(keys) as usize),
                _ if dice.roll(8) == 0 => {
                    map.clear();
                    model.clear();
                }
                _ => map.reserve(dice.roll(keys) as usize),
            }
            assert_eq!(map.len(), model.len());
            let probed = format!("key {}", dice.roll(keys));
            assert_eq!(map.get(&*probed), model.get(&*probed));
            if round % 16 == 0 {
                assert!(map.iter().all(|(key, value)| model.get(key) == Some(value)));
                is_linked(&map);
            }
        }
    }

    #[test]
    fn random_calls_do_to_it_what_they_do_to_a_hash_map() {
        for seed in 1..5 {
            behaves_like_a_hash_map::<RandomState>(seed, 20);
            behaves_like_a_hash_map::<RandomState>(seed, 1000);
            behaves_like_a_hash_map::<BuildHasherDefault<Crowded>>(seed, 60);
        }
    }

    #[test]
    fn cleared_keys_and_values_are_blank_and_kept() {
        let mut map = RetainMap::<String, Vec<u8>>::new();
        map.insert_blank("first").extend([1; 10]);
        map.insert_blank("other").extend([2; 10]);
        let place = |map: &RetainMap<String, Vec<u8>>, key: &str| {
            map.iter()
                .find(|entry| entry.0 == key)
                .map(|(key, value)| (key.as_ptr(), value.as_ptr()))
        };
        let kept = [place(&map, "first"), place(&map, "other")];
        map.clear();
        assert_eq!((map.len(), map.retained(), map.get("first")), (0, 2, None));
        assert!(map.insert_blank("third").is_empty());
        assert!(map.get_or_insert_blank("forth").is_empty());
        assert_eq!([place(&map, "third"), place(&map, "forth")], kept);
        is_linked(&map);
    }

    #[test]
    fn bytes_and_numbers_and_borrowed_text_are_keys() {
        let mut bytes = RetainMap::<Vec<u8>, u8>::new();
        *bytes.insert_blank(&b"host"[..]) = 1;
        assert_eq!(bytes.get(&b"host"[..]), Some(&1));

        let mut numbers = RetainMap::<u64, u8>::new();
        *numbers.insert_blank(&u64::MAX) = 2;
        assert_eq!(numbers[&u64::MAX], 2);

        let source = String::from("host: example.org");
        let (name, value) = source.split_once(": ").unwrap();
        let mut borrowed = RetainMap::<&str, &str>::new();
        *borrowed.insert_blank(&name) = value;
        assert_eq!(borrowed["host"], "example.org");
        borrowed.reset();
        assert_eq!(borrowed.retained(), 1);
        // What is kept has forgotten the source.
        borrowed.entries.push_blank();
        assert_eq!(borrowed.entries.as_slice(), [(0, "", "")]);
    }

    #[test]
    fn inserted_value_replaces_the_one_that_is_there() {
        let mut map = RetainMap::from([("http", 80), ("ssh", 22)]);
        assert_eq!(map.insert("http", 8080), Some(80));
        assert_eq!(*map.insert_blank(&"ssh"), 0);
        assert_eq!(*map.get_or_insert_blank(&"http"), 8080);
        assert!(map.keys().eq(&["http", "ssh"]));
    }

    #[test]
    fn removed_value_leaves_and_the_key_stays() {
        let mut map = RetainMap::<String, String>::new();
        map.insert_blank("first").push_str("value");
        map.insert_blank("second");
        let key = map.keys().next().unwrap().as_ptr();
        let value = map["first"].as_ptr();
        let removed = map.remove("first").unwrap();
        assert_eq!((removed.as_str(), removed.as_ptr()), ("value", value));
        assert_eq!((map.len(), map.retained()), (1, 1));
        assert_eq!(map.insert_blank("third"), "");
        assert_eq!(map.keys().next_back().unwrap().as_ptr(), key);
        assert!(map.keys().eq(["second", "third"]));
    }

    #[test]
    fn refused_entries_are_kept_and_the_others_stay_in_order() {
        let mut map: Colliding<u32, Vec<u32>> = (0..20).map(|n| (n, vec![n])).collect();
        map.retain(|key, value| {
            value.push(0);
            key % 3 == 0
        });
        assert!(map.keys().eq(&[0, 3, 6, 9, 12, 15, 18]));
        assert_eq!((map.retained(), &map[&9]), (13, &vec![9, 0]));
        is_linked(&map);
        assert!(map.insert_blank(&7).is_empty());
    }

    #[test]
    fn bound_holds_for_entries() {
        let mut map: RetainMap<u32, u32> = (0..20).map(|n| (n, n)).collect();
        map.set_max_retained(3);
        map.retain(|key, _| *key == 7);
        assert_eq!((map.len(), map.retained()), (1, 3));
        is_linked(&map);
    }

    /// A key one of whose calls panics, once, if it is told to.
    #[derive(Debug, Default)]
    struct Key(String);

    impl Hash for Key {
        fn hash<H: core::hash::Hasher>(&self, hasher: &mut H) {
            may_fail("hash");
            self.0.hash(hasher);
        }
    }

    impl PartialEq for Key {
        fn eq(&self, other: &Self) -> bool {
            may_fail("eq");
            self.0 == other.0
        }
    }

    impl Eq for Key {}

    thread_local! {
        static KEY_FAILS: Cell<&'static str> = const { Cell::new("") };
    }

    fn may_fail(call: &str) {
        if KEY_FAILS.get() == call {
            KEY_FAILS.set("");
            unwind();
        }
    }

    impl Reset for Key {
        fn blank() -> Self {
            may_fail("blank");
            Self::default()
        }
        fn reset(&mut self) {
            may_fail("reset");
            self.0.clear();
        }
        fn retained_bytes(&mut self) -> usize {
            may_fail("retained_bytes");
            self.0.capacity()
        }
    }

    impl Clone for Key {
        fn clone(&self) -> Self {
            Self(self.0.clone())
        }
        fn clone_from(&mut self, other: &Self) {
            self.0.push_str("half of ");
            may_fail("clone_from");
            self.0.clone_from(&other.0);
        }
    }

    impl Drop for Key {
        fn drop(&mut self) {
            may_fail("drop");
        }
    }

    fn key(number: usize) -> Key {
        Key(format!("key {number}"))
    }

    /// Five entries, and three spare ones.
    fn keyed() -> Colliding<Key, Probe> {
        let mut map = Colliding::default();
        for number in 0..8 {
            map.insert(key(number), probe(10 + number as u8, Fails::Nowhere));
        }
        map.retain(|_, value| value.number < 15);
        assert_eq!((map.len(), map.retained()), (5, 3));
        map
    }

    fn numbers<S>(map: &RetainMap<Key, Probe, S>) -> Vec<u8> {
        let mut numbers: Vec<_> = map.values().map(|value| value.number).collect();
        numbers.sort();
        numbers
    }

    /// Asserts that the map goes on as if nothing had been.
    fn is_well(map: &mut Colliding<Key, Probe>) {
        is_linked(map);
        for number in 100..100 + map.retained() + 2 {
            let found = map.insert_blank(&key(number)).number;
            assert_eq!(found, 1, "handed out without a reset");
            assert_eq!(map.keys().next_back(), Some(&key(number)));
        }
        is_linked(map);
    }

    #[test]
    fn panics_over_a_key_leave_the_map_well() {
        type Call = fn(&mut Colliding<Key, Probe>);
        let insert_new: Call = |map| drop(map.insert(key(50), probe(50, Fails::Nowhere)));
        let insert_blank: Call = |map| map.insert_blank(&key(50)).number = 50;
        let calls: [(&str, Call); 7] = [
            ("insert", insert_new),
            ("insert_blank", insert_blank),
            ("get_or_insert_blank", |map| map.get_or_insert_blank(&key(50)).number = 50),
            ("remove", |map| drop(map.remove(&key(1)))),
            ("retire", |map| assert!(map.retire(&key(1)))),
            ("clear", |map| map.clear()),
            ("retain", |map| map.retain(|key, _| key.0 == "key 3")),
        ];
        for fails in ["blank", "reset", "retained_bytes", "clone_from"] {
            let mut failures = 0;
            for (name, call) in calls {
                for spares in [true, false] {
                    let mut map = keyed();
                    if spares {
                        // Full, so that a spare entry is dropped for one that is pushed.
                        map.shrink_to(8);
                    } else {
                        map.shrink_to(0);
                    }
                    KEY_FAILS.set(fails);
                    let failed = panics(|| call(&mut map));
                    KEY_FAILS.set("");
                    if failed {
                        failures += 1;
                        let left = numbers(&map);
                        assert!(
                            left.iter().all(|n| (10..15).contains(n)),
                            "{fails} {name} {left:?}"
                        );
                    }
                    is_well(&mut map);
                }
            }
            assert!(failures >= 2, "`{fails}` is hardly called");
        }
    }

    #[test]
    fn panic_in_dropping_a_spare_key_leaves_the_new_entry_linked() {
        let mut map = keyed();
        map.shrink_to(8);
        assert_eq!(map.entries.capacity(), 8, "full, so that a spare entry must go");
        let new = key(50);
        KEY_FAILS.set("drop");
        assert!(panics(|| drop(map.insert(new, probe(50, Fails::Nowhere)))));
        KEY_FAILS.set("");
        assert_eq!((map.len(), map[&key(50)].number), (6, 50));
        is_well(&mut map);
    }

    #[test]
    fn panic_over_a_value_drops_its_entry() {
        for fails in [Fails::InReset, Fails::InRetained] {
            let mut map = keyed();
            map.get_mut(&key(1)).unwrap().fails = fails;
            DROPS.set(0);
            assert!(panics(|| assert!(map.retire(&key(1)))));
            assert_eq!((DROPS.get(), numbers(&map)), (1, vec![10, 12, 13, 14]));
            is_well(&mut map);

            let mut map = keyed();
            map.get_mut(&key(2)).unwrap().fails = fails;
            DROPS.set(0);
            assert!(panics(|| map.clear()));
            assert_eq!((DROPS.get(), map.len(), map.retained()), (3, 0, 5));
            is_well(&mut map);
        }
        let mut map = keyed();
        map.get_mut(&key(1)).unwrap().fails = Fails::InReset;
        DROPS.set(0);
        assert!(panics(|| map.insert_blank(&key(1)).number = 7));
        assert_eq!((DROPS.get(), numbers(&map)), (1, vec![10, 12, 13, 14]));
        is_well(&mut map);
    }

    #[test]
    fn panic_in_the_birth_of_a_value_changes_nothing() {
        let mut map = keyed();
        map.shrink_to(0);
        for act in [
            |map: &mut Colliding<Key, Probe>| map.insert_blank(&key(50)).number = 50,
            |map: &mut Colliding<Key, Probe>| drop(map.remove(&key(1))),
        ] {
            BIRTHS_LEFT.set(0);
            assert!(panics(|| act(&mut map)));
            BIRTHS_LEFT.set(usize::MAX);
            assert_eq!(numbers(&map), [10, 11, 12, 13, 14]);
            is_linked(&map);
        }
        is_well(&mut map);
    }

    #[test]
    fn panic_in_the_predicate_removes_nothing() {
        let mut map = keyed();
        assert!(panics(|| map.retain(|_, value| match value.number {
            13 => unwind(),
            number => number % 2 == 1,
        })));
        assert_eq!(numbers(&map), [10, 11, 12, 13, 14]);
        is_well(&mut map);
    }

    #[cfg(feature = "serde")]
    mod reads {
        use super::*;

        /// Reads a key from a text.
        fn from(text: &str) -> impl FnOnce(&mut Key) -> Result<bool, ()> {
            move |key| {
                key.0.clear();
                key.0.push_str(text);
                Ok(true)
            }
        }

        fn read<'a>(map: &'a mut Colliding<Key, Probe>, text: &str) -> &'a mut Probe {
            map.insert_blank_read(from(text)).unwrap().expect("there is a key")
        }

        #[test]
        fn keys_that_are_read_are_linked_and_those_that_are_not_leave_nothing() {
            for spares in [3, 0] {
                let mut map = keyed();
                map.set_max_retained(spares);
                read(&mut map, "new").number = 50;
                let left = spares.saturating_sub(1);
                let number = map[&Key("new".into())].number;
                assert_eq!((number, map.len(), map.retained()), (50, 6, left));
                is_linked(&map);

                // One that is there: its value is made blank.
                assert_eq!(read(&mut map, "key 1").number, 1);
                assert_eq!((map[&key(1)].number, map.len(), map.retained()), (1, 6, left));

                // None, or half of one.
                assert!(map.insert_blank_read(|_| Ok::<_, ()>(false)).unwrap().is_none());
                let half = |key: &mut Key| {
                    key.0.push_str("half");
                    Err("of it")
                };
                assert_eq!(map.insert_blank_read(half).err(), Some("of it"));
                assert_eq!((map.len(), map.retained()), (6, left));
                is_well(&mut map);
            }
        }

        #[test]
        fn a_value_is_made_for_a_new_key_and_for_nothing_else() {
            let mut map = keyed();
            map.set_max_retained(0);
            BIRTHS_LEFT.set(1);
            read(&mut map, "new").number = 50;
            read(&mut map, "new").number = 51;
            assert!(map.insert_blank_read(|_| Ok::<_, ()>(false)).unwrap().is_none());
            assert!(map.insert_blank_read(|_| Err("no key")).is_err());
            let births_left = BIRTHS_LEFT.replace(usize::MAX);
            assert_eq!((births_left, map.len(), map.retained()), (0, 6, 0));
            is_well(&mut map);
        }

        #[test]
        fn an_index_that_grows_while_a_key_is_read_links_each_entry_once() {
            let mut map = Colliding::<Key, Probe>::default();
            for number in 0..40 {
                map.insert(key(number), probe(10, Fails::Nowhere));
            }
            map.clear();
            map.index.shrink_to(0, core::iter::empty());
            for number in 0..40 {
                read(&mut map, &format!("key {number}")).number = number;
                is_linked(&map);
            }
            assert_eq!(map.retained(), 0);
            for number in 0..40_u8 {
                assert!(map.retire(&key(usize::from(number))));
                is_linked(&map);
            }
            is_well(&mut map);
        }

        #[test]
        fn panics_over_a_key_that_is_read_leave_the_map_well() {
            for fails in ["blank", "reset", "retained_bytes", "hash", "eq", "read"] {
                let mut failures = 0;
                for text in ["new", "key 1"] {
                    for spares in [3, 0] {
                        let mut map = keyed();
                        map.set_max_retained(spares);
                        KEY_FAILS.set(fails);
                        let read = |key: &mut Key| {
                            may_fail("read");
                            from(text)(key)
                        };
                        let failed = panics(|| drop(map.insert_blank_read(read)));
                        KEY_FAILS.set("");
                        failures += u32::from(failed);
                        if failed {
                            assert_eq!(numbers(&map), [10, 11, 12, 13, 14], "{fails} {text}");
                        }
                        is_well(&mut map);
                    }
                }
                assert!(failures > 0, "`{fails}` is never called");
            }
        }
    }

    #[cfg(feature = "zeroize")]
    mod wipes {
        use super::*;
        use crate::Wipe;

        impl Wipe for Key {
            fn wipe(&mut self) {
                may_fail("wipe");
                self.0.wipe();
            }
        }

        #[test]
        fn wipe_covers_keys_and_values_in_use_and_spare_ones() {
            let mut map = RetainMap::<String, String>::new();
            for (key, value) in [("user 1", "s3cret"), ("user 2", "t0ken!"), ("user 3", "passwd")] {
                map.insert_blank(key).push_str(value);
            }
            assert!(map.retire("user 2"));
            map.wipe();
            assert_eq!((map.len(), map.retained(), map.get("user 1")), (0, 3, None));
            assert!(map.index.find(0, |_| true).is_none());
            map.entries.resize_blank(3);
            for (hash, key, value) in map.entries {
                assert_eq!(hash, 0);
                for text in [key, value] {
                    let mut bytes = text.into_bytes();
                    // SAFETY: each text was six bytes long, so they are initialised.
                    unsafe { bytes.set_len(6) };
                    assert_eq!(bytes, [0; 6]);
                }
            }
        }

        #[test]
        fn panics_in_a_wipe_leave_no_entry() {
            for fails in ["wipe", "reset", "retained_bytes"] {
                let mut map = keyed();
                KEY_FAILS.set(fails);
                assert!(panics(|| map.wipe()));
                KEY_FAILS.set("");
                assert_eq!(map.len(), 0);
                is_well(&mut map);
            }
        }
    }
}
