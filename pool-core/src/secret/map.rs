//! A map whose keys and values are secrets, wherever they lie.
//!
//! std's map gives no way to an inline key, nor to what an entry has left in its bucket when
//! it was removed or moved to a larger table. Here the buckets are memory of ours, in a
//! `HashTable` that knows only which ones are occupied.
//!
//! # Invariants
//!
//! 1. An occupied bucket holds an entry, where a call returns and where it unwinds; but for
//!    one whose owner ([`leaving`]) is alive, who has it zeroed and then made vacant.
//! 2. A vacant bucket is zero, or was never occupied.
//! 3. The table never moves entries by itself, which would leave copies in buckets and on
//!    the stack: it is never asked for more room than it has, and never to shrink. A table
//!    of another size is a new one, to which entries are copied bucket by bucket. No user
//!    code is called meanwhile, since each entry carries its hash.
//! 4. Nothing that is leaked is a danger: an iterator that is forgotten owns nothing, and
//!    whatever takes an entry out does so within one call.
//!
//! # Rejected
//!
//! `Clone`, a copy of all secrets which is seldom meant; and `PartialEq`, which would not
//! take constant time.

pub(super) mod iter;
mod leaving;
#[cfg(feature = "serde")]
mod serde;
mod traits;

use core::borrow::Borrow;
use core::hash::{BuildHasher, Hash, Hasher};
use core::mem::{ManuallyDrop, MaybeUninit};
use core::ptr;
use std::hash::RandomState;

use hashbrown::HashTable;

use self::iter::{Iter, IterMut};
use self::leaving::{Leaving, Owned, own};
use crate::wipe::{Vacated, wipe_place};
use crate::{Reset, Wipe};

/// What an occupied bucket holds.
struct Entry<K, V> {
    hash: u64,
    key: K,
    value: V,
}

/// The memory of an entry, which the table moves only while it is vacant.
type Bucket<K, V> = MaybeUninit<Entry<K, V>>;

type Table<K, V> = HashTable<Bucket<K, V>>;

/// Reads a bucket.
///
/// # Safety
///
/// - It is occupied.
#[inline]
unsafe fn entry<K, V>(bucket: &Bucket<K, V>) -> &Entry<K, V> {
    // SAFETY: an occupied bucket holds an entry (invariant 1); no owner is alive, for it
    // borrows the table.
    unsafe { bucket.assume_init_ref() }
}

/// Reads a bucket whose value may be changed.
///
/// # Safety
///
/// - It is occupied.
#[inline]
unsafe fn entry_mut<K, V>(bucket: &mut Bucket<K, V>) -> &mut Entry<K, V> {
    // SAFETY: as for `entry`.
    unsafe { bucket.assume_init_mut() }
}

/// A hash map that wipes whatever leaves it, inline keys and values included, and the memory
/// of its table.
///
/// What is removed, replaced or cleared is overwritten in its place, at once; so is all that
/// is left when the map is dropped, unwinding included. A larger table is filled bucket by
/// bucket, and the old one is zeroed before it is freed. What is passed by value is copied to
/// its bucket, and the memory that it was passed in is zeroed, as is the state of the hasher;
/// the variable that it came from is yours. Best insert a blank value, and fill it in place
/// through [`get_mut`](Self::get_mut).
///
/// As a field of a pooled type it is wiped at each return whether or not it is marked
/// `#[pool(zeroize)]`; the mark also has it wiped first, and when the object's drop is all
/// that happens to it. It keeps its table from user to user.
///
/// What `remove`, `remove_entry` and `insert` return is yours from then on:
/// [`erase`](Self::erase) wipes an entry without moving it. And what you write through
/// `get_mut` or `values_mut` moves as you move it.
///
/// Keys are types that can be hashed, such as `String` and arrays; `SecretString` cannot, and
/// need not be one here. Neither lookups nor lengths are secret: keys are compared by their `Eq` where the whole
/// hashes are the same, and that need not take constant time. With the default hasher, which
/// is keyed at random, others cannot choose hashes; do not give it one that they know.
///
/// # Examples
///
/// ```
/// use poolable::SecretMap;
///
/// let mut keys = SecretMap::<u32, [u8; 32]>::new();
/// keys.insert(7, [0xA5; 32]);
/// keys.insert(8, [0x5A; 32]);
/// assert_eq!(keys[&7], [0xA5; 32]);
///
/// assert!(keys.erase(&7));
/// assert_eq!(keys.get(&7), None);
/// assert_eq!(format!("{keys:?}"), "SecretMap { .. }");
/// ```
///
/// # Performance
///
/// As with `HashMap`, keys are found in constant time if their hashes differ. What is removed
/// and inserted in turns makes a new table now and then, of the same size: std's reuses its
/// own, moving entries through the stack. A map that is cleared between its users does not.
pub struct SecretMap<K: Wipe, V: Wipe, S = RandomState> {
    table: Table<K, V>,
    hasher: S,
}

impl<K: Wipe, V: Wipe> SecretMap<K, V> {
    /// Returns an empty map without an allocation.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretMap;
    ///
    /// assert!(SecretMap::<String, String>::new().is_empty());
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
    /// use poolable::SecretMap;
    ///
    /// let keys = SecretMap::<u32, [u8; 32]>::with_capacity(16);
    /// assert!(keys.is_empty() && keys.capacity() >= 16);
    /// ```
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self::with_capacity_and_hasher(capacity, RandomState::new())
    }
}

impl<K: Wipe, V: Wipe, S> SecretMap<K, V, S> {
    /// Returns an empty map without an allocation, which hashes by `hasher`.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretMap;
    /// use std::hash::{BuildHasherDefault, DefaultHasher};
    ///
    /// type Hasher = BuildHasherDefault<DefaultHasher>;
    /// static EMPTY: SecretMap<String, u32, Hasher> = SecretMap::with_hasher(Hasher::new());
    /// assert!(EMPTY.is_empty());
    /// ```
    #[inline]
    #[must_use]
    pub const fn with_hasher(hasher: S) -> Self {
        Self { table: HashTable::new(), hasher }
    }

    /// Returns an empty map with room for at least `capacity` entries, which hashes by
    /// `hasher`.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretMap;
    /// use std::hash::RandomState;
    ///
    /// let map = SecretMap::<String, u32>::with_capacity_and_hasher(16, RandomState::new());
    /// assert!(map.capacity() >= 16);
    /// ```
    #[must_use]
    pub fn with_capacity_and_hasher(capacity: usize, hasher: S) -> Self {
        Self { table: HashTable::with_capacity(capacity), hasher }
    }

    /// Returns how many entries there are.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretMap;
    ///
    /// let pins: SecretMap<_, _> = [(1, 1234), (2, 4321)].into_iter().collect();
    /// assert_eq!(pins.len(), 2);
    /// ```
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Tells whether there are no entries.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretMap;
    ///
    /// let mut pins = SecretMap::new();
    /// assert!(pins.is_empty());
    /// pins.insert(1, 1234);
    /// assert!(!pins.is_empty());
    /// ```
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// Returns how many entries the map holds without a new table.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretMap;
    ///
    /// assert_eq!(SecretMap::<u32, u32>::new().capacity(), 0);
    /// ```
    #[inline]
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.table.capacity()
    }

    /// Returns what hashes the keys.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretMap;
    /// use std::hash::BuildHasher;
    ///
    /// let map = SecretMap::<String, u32>::new();
    /// assert_eq!(map.hasher().hash_one("host"), map.hasher().hash_one("host"));
    /// ```
    #[inline]
    #[must_use]
    pub fn hasher(&self) -> &S {
        &self.hasher
    }

    /// Makes room for `additional` more entries. A table that is outgrown is zeroed.
    ///
    /// # Panics
    ///
    /// If so many do not fit into the address space.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretMap;
    ///
    /// let mut pins = SecretMap::new();
    /// pins.insert(1, 1234);
    /// pins.reserve(100);
    /// assert!(pins.capacity() >= 101);
    /// assert_eq!(pins[&1], 1234);
    /// ```
    #[inline]
    pub fn reserve(&mut self, additional: usize) {
        if additional > self.capacity() - self.len() {
            self.grow_slow(additional);
        }
    }

    #[cold]
    #[inline(never)]
    fn grow_slow(&mut self, additional: usize) {
        let (needed, full) = (self.len().saturating_add(additional), full_capacity(&self.table));
        // Where removed entries take the room a table of the same size will do, if it is
        // not to be made anew soon.
        self.rebuild(if needed <= full / 2 { full } else { needed.max(full.saturating_add(1)) });
    }

    /// Moves the entries to a new table, and zeroes the old one.
    fn rebuild(&mut self, capacity: usize) {
        let mut table = Table::<K, V>::with_capacity(capacity.max(self.len()));
        for old in self.table.iter_mut() {
            // SAFETY: the table hands out occupied buckets; the ones before have been zeroed,
            // and this one has not.
            let hash = unsafe { entry(old) }.hash;
            // The table has the room: it never asks for a hash (invariant 3).
            let mut new = table.insert_unique(hash, Bucket::uninit(), |_| hash);
            // SAFETY: both are memory of a bucket, in two tables. As the old one is zeroed
            // next, and its table emptied without a look at it, this moves the entry.
            unsafe { ptr::copy_nonoverlapping(old, new.get_mut(), 1) };
            wipe_place(old);
        }
        // The memory of a bucket has no drop, and the rest of the table tells nothing.
        self.table = table;
    }

    /// Lowers the capacity towards `capacity`, as far as the entries allow. A table that is
    /// left is zeroed.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretMap;
    ///
    /// let mut pins = SecretMap::with_capacity(1000);
    /// pins.insert(1, 1234);
    /// pins.shrink_to(50);
    /// assert!((50..1000).contains(&pins.capacity()));
    /// assert_eq!(pins[&1], 1234);
    /// ```
    pub fn shrink_to(&mut self, capacity: usize) {
        let capacity = capacity.max(self.len());
        let smaller = self.table.num_buckets() / 2;
        if capacity == 0 {
            // All buckets are vacant, and so zero.
            self.table = Table::new();
        } else if smaller >= MIN_BUCKETS && capacity <= capacity_of(smaller) {
            self.rebuild(capacity);
        }
    }

    /// Lowers the capacity to what the entries need.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretMap;
    ///
    /// let mut pins = SecretMap::with_capacity(1000);
    /// pins.insert(1, 1234);
    /// pins.shrink_to_fit();
    /// assert!(pins.capacity() < 1000);
    /// ```
    pub fn shrink_to_fit(&mut self) {
        self.shrink_to(0);
    }

    /// Wipes all entries in their places. The table is kept.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretMap;
    ///
    /// let mut pins = SecretMap::new();
    /// pins.insert(1, 1234);
    /// let capacity = pins.capacity();
    /// pins.clear();
    /// assert!(pins.is_empty());
    /// assert_eq!(pins.capacity(), capacity);
    /// ```
    pub fn clear(&mut self) {
        /// Tells the table that there are no entries any more.
        struct Emptied<'a, K, V>(&'a mut Table<K, V>);

        impl<K, V> Drop for Emptied<'_, K, V> {
            fn drop(&mut self) {
                self.0.reset();
            }
        }

        /// Those that are still to be erased. Unwinding out of one goes on with the next.
        struct Rest<'a, K: Wipe, V: Wipe>(hashbrown::hash_table::IterMut<'a, Bucket<K, V>>);

        impl<K: Wipe, V: Wipe> Rest<'_, K, V> {
            fn run(&mut self) {
                for bucket in self.0.by_ref() {
                    // SAFETY: the table hands out occupied buckets, each once; it is then
                    // told that they are vacant, on unwind too.
                    unsafe { leaving::erase(bucket) };
                }
            }
        }

        impl<K: Wipe, V: Wipe> Drop for Rest<'_, K, V> {
            fn drop(&mut self) {
                self.run();
            }
        }

        let emptied = Emptied(&mut self.table);
        Rest(emptied.0.iter_mut()).run();
        drop(emptied);
        #[cfg(feature = "mlock")]
        if crate::mlock::is_watched() {
            self.show();
        }
    }

    /// Shows a watcher the memory of the empty table's buckets, where entries are going to be.
    #[cfg(feature = "mlock")]
    fn show(&mut self) {
        if self.capacity() == 0 {
            return;
        }
        let mut vacant = self.table.insert_unique(0, Bucket::zeroed(), |_| 0);
        // A table has its buckets in a row, the last one first. If it had not, other memory
        // would be locked, which does no harm.
        let behind = vacant.bucket_index() + 1;
        let place = ptr::from_mut(vacant.get_mut()).addr();
        // It returns the zeroes.
        let _zeroes = vacant.remove();
        let size = size_of::<Bucket<K, V>>();
        let end = place.wrapping_add(behind.wrapping_mul(size));
        let length = self.table.num_buckets().wrapping_mul(size);
        crate::mlock::note_span(end.wrapping_sub(length), length);
    }

    /// Keeps the entries for which `keep` answers true; the others are wiped in their places.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretMap;
    ///
    /// let mut pins: SecretMap<u32, u32> = (0..10).map(|user| (user, 1234)).collect();
    /// pins.retain(|user, _| user % 2 == 0);
    /// assert_eq!(pins.len(), 5);
    /// ```
    pub fn retain(&mut self, mut keep: impl FnMut(&K, &mut V) -> bool) {
        for index in 0..self.table.num_buckets() {
            let Some(bucket) = self.table.get_bucket_mut(index) else { continue };
            // SAFETY: the table hands out occupied buckets only.
            let Entry { key, value, .. } = unsafe { entry_mut(bucket) };
            if keep(key, value) {
                continue;
            }
            // Not by the table's own `retain`, which would keep one whose wipe panics.
            if let Ok(occupied) = self.table.get_bucket_entry(index) {
                Leaving::new(occupied).erase();
            }
        }
    }

    /// Iterates over the entries, in no order.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretMap;
    ///
    /// let mut pins = SecretMap::new();
    /// pins.insert(1, 1234);
    /// assert_eq!(pins.iter().next(), Some((&1, &1234)));
    /// ```
    #[inline]
    pub fn iter(&self) -> Iter<'_, K, V> {
        Iter(self.table.iter())
    }

    /// Iterates over the entries, whose values may be changed.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::{SecretMap, Wipe};
    ///
    /// let mut pins = SecretMap::new();
    /// pins.insert(1, 1234);
    /// pins.iter_mut().for_each(|(_, pin)| pin.wipe());
    /// assert_eq!(pins[&1], 0);
    /// ```
    #[inline]
    pub fn iter_mut(&mut self) -> IterMut<'_, K, V> {
        IterMut(self.table.iter_mut())
    }

    /// Iterates over the keys, in no order.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretMap;
    ///
    /// let pins: SecretMap<_, _> = [(1, 1234), (2, 4321)].into_iter().collect();
    /// assert_eq!(pins.keys().sum::<i32>(), 3);
    /// ```
    #[inline]
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &K> + Clone {
        self.iter().map(|(key, _)| key)
    }

    /// Iterates over the values, in no order.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretMap;
    ///
    /// let pins: SecretMap<_, _> = [(1, 1000), (2, 2000)].into_iter().collect();
    /// assert_eq!(pins.values().sum::<i32>(), 3000);
    /// ```
    #[inline]
    pub fn values(&self) -> impl ExactSizeIterator<Item = &V> + Clone {
        self.iter().map(|(_, value)| value)
    }

    /// Iterates over the values, which may be changed.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::{SecretMap, Wipe};
    ///
    /// let mut pins: SecretMap<_, _> = [(1, 1234), (2, 4321)].into_iter().collect();
    /// pins.values_mut().for_each(Wipe::wipe);
    /// assert_eq!(pins[&2], 0);
    /// ```
    #[inline]
    pub fn values_mut(&mut self) -> impl ExactSizeIterator<Item = &mut V> {
        self.iter_mut().map(|(_, value)| value)
    }
}

/// The fewest buckets that a table has.
const MIN_BUCKETS: usize = 4;

/// How many entries so many buckets take: one in eight stays vacant, but at least one.
#[inline]
fn capacity_of(buckets: usize) -> usize {
    buckets - (buckets / 8).max(1)
}

/// The capacity of a table that had no removals.
#[inline]
fn full_capacity<T>(table: &HashTable<T>) -> usize {
    capacity_of(table.num_buckets())
}

/// Hashes a key, and zeroes the state that the hasher is left in.
fn hash_of<S: BuildHasher, Q: Hash + ?Sized>(builder: &S, key: &Q) -> u64 {
    /// Drops a hasher and zeroes its place.
    struct State<H>(ManuallyDrop<H>);

    impl<H> Drop for State<H> {
        #[inline]
        fn drop(&mut self) {
            let hasher = &raw mut *self.0;
            // SAFETY: the place is borrowed, and its value dropped next.
            let _vacated = unsafe { Vacated::new(hasher) };
            // SAFETY: the hasher is valid, and its place is all that is left of it.
            unsafe { ptr::drop_in_place(hasher) };
        }
    }

    let mut state = State(ManuallyDrop::new(builder.build_hasher()));
    key.hash(&mut *state.0);
    state.0.finish()
}

/// Tells whether a bucket has this key.
///
/// Keys are compared where all of their hashes is the same, and so hardly ever in vain.
#[inline]
fn has_key<K, V, Q>(hash: u64, key: &Q) -> impl FnMut(&Bucket<K, V>) -> bool
where
    K: Borrow<Q>,
    Q: Eq + ?Sized,
{
    move |bucket| {
        // SAFETY: a table compares occupied buckets only.
        let entry = unsafe { entry(bucket) };
        entry.hash == hash && entry.key.borrow() == key
    }
}

impl<K: Wipe + Eq + Hash, V: Wipe, S: BuildHasher> SecretMap<K, V, S> {
    /// Puts a value under a key, and returns the one that was there before.
    ///
    /// The key that is there already stays, and the other one is wiped and dropped.
    ///
    /// # Panics
    ///
    /// If a larger table does not fit into the address space.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretMap;
    ///
    /// let mut pins = SecretMap::new();
    /// assert_eq!(pins.insert(String::from("alice"), 1234), None);
    /// assert_eq!(pins.insert(String::from("alice"), 4321), Some(1234));
    /// assert_eq!(pins["alice"], 4321);
    /// ```
    pub fn insert(&mut self, mut key: K, mut value: V) -> Option<V> {
        own!(key);
        own!(value);
        let hash = hash_of(&self.hasher, key.get());
        let Some(bucket) = self.table.find_mut(hash, has_key(hash, key.get())) else {
            self.insert_vacant(hash, key, value);
            return None;
        };
        // While the user's code may still unwind: the map is as it was then.
        drop(key);
        // SAFETY: the table found an occupied bucket.
        let place = &raw mut unsafe { entry_mut(bucket) }.value;
        // SAFETY: the value is there. It is overwritten next, without a drop, and nothing
        // can unwind before.
        let replaced = unsafe { ptr::read(place) };
        // SAFETY: the place is that of the value that has just been moved out.
        unsafe { value.move_to(place) };
        Some(replaced)
    }

    /// Puts a value under a key, and wipes the one that was there before.
    fn replace(&mut self, key: Owned<'_, K>, value: Owned<'_, V>) {
        let hash = hash_of(&self.hasher, key.get());
        // The key that is there leaves with its value, so that nothing is half an entry
        // when the user's code unwinds.
        if let Ok(occupied) = self.table.find_entry(hash, has_key(hash, key.get())) {
            Leaving::new(occupied).erase();
        }
        self.insert_vacant(hash, key, value);
    }

    /// Fills a vacant bucket.
    fn insert_vacant(&mut self, hash: u64, key: Owned<'_, K>, value: Owned<'_, V>) {
        self.reserve(1);
        // The table has the room: it never asks for a hash (invariant 3).
        let mut occupied = self.table.insert_unique(hash, Bucket::uninit(), |_| hash);
        let entry: *mut Entry<K, V> = occupied.get_mut().as_mut_ptr();
        // SAFETY: the pointer is to memory for an entry, so a field of it is in bounds.
        let place = unsafe { &raw mut (*entry).hash };
        // SAFETY: the bucket is ours, and aligned for an entry.
        unsafe { place.write(hash) };
        // SAFETY: as for the hash.
        let place = unsafe { &raw mut (*entry).key };
        // SAFETY: the bucket is ours, and holds no key. Nothing here unwinds before the
        // entry is whole.
        unsafe { key.move_to(place) };
        // SAFETY: as for the hash.
        let place = unsafe { &raw mut (*entry).value };
        // SAFETY: as for the key.
        unsafe { value.move_to(place) };
    }
}

impl<K: Wipe, V: Wipe, S: BuildHasher> SecretMap<K, V, S> {
    #[inline]
    fn find<Q>(&self, key: &Q) -> Option<&Entry<K, V>>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        if self.is_empty() {
            return None;
        }
        let hash = hash_of(&self.hasher, key);
        let bucket = self.table.find(hash, has_key(hash, key))?;
        // SAFETY: the table found an occupied bucket.
        Some(unsafe { entry(bucket) })
    }

    /// Finds an entry that is to leave.
    #[inline]
    fn leave<Q>(&mut self, key: &Q) -> Option<Leaving<'_, K, V>>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        if self.is_empty() {
            return None;
        }
        let hash = hash_of(&self.hasher, key);
        self.table.find_entry(hash, has_key(hash, key)).ok().map(Leaving::new)
    }

    /// Borrows the value of a key.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretMap;
    ///
    /// let mut pins = SecretMap::new();
    /// pins.insert(String::from("alice"), 1234);
    /// assert_eq!(pins.get("alice"), Some(&1234));
    /// assert_eq!(pins.get("bob"), None);
    /// ```
    #[inline]
    #[must_use]
    pub fn get<Q>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        self.find(key).map(|entry| &entry.value)
    }

    /// Borrows the key that is in the map, and its value.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretMap;
    ///
    /// let mut pins = SecretMap::new();
    /// pins.insert(String::from("alice"), 1234);
    /// assert_eq!(pins.get_key_value("alice"), Some((&"alice".into(), &1234)));
    /// ```
    #[inline]
    #[must_use]
    pub fn get_key_value<Q>(&self, key: &Q) -> Option<(&K, &V)>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        self.find(key).map(|entry| (&entry.key, &entry.value))
    }

    /// Borrows the value of a key to change it.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretMap;
    ///
    /// let mut keys = SecretMap::new();
    /// keys.insert(1, [0_u8; 32]);
    /// keys.get_mut(&1).expect("it was inserted")[0] = 0xA5;
    /// assert_eq!(keys[&1][0], 0xA5);
    /// ```
    #[inline]
    #[must_use]
    pub fn get_mut<Q>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        if self.is_empty() {
            return None;
        }
        let hash = hash_of(&self.hasher, key);
        let bucket = self.table.find_mut(hash, has_key(hash, key))?;
        // SAFETY: the table found an occupied bucket.
        Some(&mut unsafe { entry_mut(bucket) }.value)
    }

    /// Tells whether a key is there.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretMap;
    ///
    /// let mut pins = SecretMap::new();
    /// pins.insert(String::from("alice"), 1234);
    /// assert!(pins.contains_key("alice"));
    /// ```
    #[inline]
    #[must_use]
    pub fn contains_key<Q>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        self.find(key).is_some()
    }

    /// Removes a key, which is wiped, and returns its value.
    ///
    /// [`erase`](Self::erase) does not move the value.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretMap;
    ///
    /// let mut pins = SecretMap::new();
    /// pins.insert(String::from("alice"), 1234);
    /// assert_eq!(pins.remove("alice"), Some(1234));
    /// assert_eq!(pins.remove("alice"), None);
    /// ```
    pub fn remove<Q>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let mut leaving = self.leave(key)?;
        // SAFETY: this is the only call on it.
        let (key, value) = unsafe { leaving.parts() };
        // First, since this may unwind.
        drop(key);
        Some(value.take())
    }

    /// Removes a key and returns it with its value.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretMap;
    ///
    /// let mut pins = SecretMap::new();
    /// pins.insert(String::from("alice"), 1234);
    /// assert_eq!(pins.remove_entry("alice"), Some(("alice".into(), 1234)));
    /// assert!(pins.is_empty());
    /// ```
    pub fn remove_entry<Q>(&mut self, key: &Q) -> Option<(K, V)>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let mut leaving = self.leave(key)?;
        // SAFETY: this is the only call on it.
        let (key, value) = unsafe { leaving.parts() };
        Some((key.take(), value.take()))
    }

    /// Wipes the entry of a key in its place, and tells whether there was one.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretMap;
    ///
    /// let mut keys = SecretMap::new();
    /// keys.insert(1, [0xA5_u8; 32]);
    /// assert!(keys.erase(&1));
    /// assert!(!keys.erase(&1));
    /// ```
    pub fn erase<Q>(&mut self, key: &Q) -> bool
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        self.leave(key).map(Leaving::erase).is_some()
    }
}

/// Wipes all entries in their places.
impl<K: Wipe, V: Wipe, S> Drop for SecretMap<K, V, S> {
    #[inline]
    fn drop(&mut self) {
        if !self.is_empty() {
            self.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use core::cell::Cell;
    use core::hash::BuildHasherDefault;
    use core::panic::AssertUnwindSafe;
    use core::slice;
    use std::hash::DefaultHasher;
    use std::panic::{catch_unwind, resume_unwind};

    use super::*;
    use crate::Capacity;
    use crate::wipe::bytes_of;

    type Map<K, V> = SecretMap<K, V, BuildHasherDefault<DefaultHasher>>;

    fn map(numbers: core::ops::Range<u64>) -> Map<u64, u64> {
        numbers.map(|number| (number, number)).collect()
    }

    /// How many bytes of a bucket are not zero.
    ///
    /// # Safety
    ///
    /// - The bucket belongs to a table, and was occupied once.
    unsafe fn left_in<K, V>(bucket: *mut Bucket<K, V>) -> usize {
        // SAFETY: the caller promises memory that was written.
        let memory = bytes_of(unsafe { slice::from_raw_parts_mut(bucket, 1) });
        // SAFETY: as above.
        memory.iter().filter(|byte| unsafe { byte.assume_init() } != 0).count()
    }

    #[test]
    fn the_bucket_of_an_entry_that_left_is_zero() {
        let leave: [fn(&mut Map<u64, u64>); 7] = [
            |map| assert!(map.erase(&7)),
            |map| assert_eq!(map.remove(&7), Some(7)),
            |map| assert_eq!(map.remove_entry(&7), Some((7, 7))),
            |map| map.retain(|key, _| *key != 7),
            SecretMap::clear,
            Wipe::wipe,
            Reset::reset,
        ];
        for leave in leave {
            let mut map = map(5..10);
            let buckets = 0..map.table.num_buckets();
            let bucket = buckets.filter_map(|index| map.table.get_bucket(index)).find(|bucket| {
                // SAFETY: the table hands out occupied buckets only.
                unsafe { entry(bucket) }.key == 7
            });
            let bucket = ptr::from_ref(bucket.expect("it was inserted")).cast_mut();
            // SAFETY: the table is alive, and the bucket occupied.
            assert!(unsafe { left_in(bucket) } > 0);
            leave(&mut map);
            assert_eq!(map.get(&7), None);
            // SAFETY: the table is alive.
            assert_eq!(unsafe { left_in(bucket) }, 0);
        }
    }

    #[test]
    fn a_map_grows_as_std_does() {
        let (mut map, mut of_std) = (map(0..0), std::collections::HashMap::new());
        for number in 0..2000_u64 {
            map.insert(number, number);
            of_std.insert(number, number);
            assert_eq!(map.capacity(), of_std.capacity());
        }
        for capacity in [1500, 2000, 10, 0] {
            map.shrink_to(capacity);
            of_std.shrink_to(capacity);
            assert_eq!(map.capacity(), of_std.capacity());
        }
        assert!((0..2000).all(|number| map[&number] == number));
        map.clear();
        of_std.clear();
        for capacity in [100, 5, 4, 3, 1, 0] {
            map.shrink_to(capacity);
            of_std.shrink_to(capacity);
            assert_eq!(map.capacity(), of_std.capacity(), "{capacity}");
        }
        assert_eq!(map.retained_bytes(), 0);
    }

    #[test]
    fn removed_entries_do_not_make_a_table_grow() {
        let mut map = map(0..10);
        let buckets = map.table.num_buckets();
        for number in 10..10_000 {
            map.insert(number, number);
            assert!(map.erase(&(number - 6)));
        }
        assert_eq!(map.len(), 10);
        assert!(map.table.num_buckets() <= 2 * buckets);
    }

    #[test]
    fn a_map_emptied_entry_by_entry_has_all_of_its_room_again() {
        let mut map = map(0..7_000);
        let full = map.capacity();
        map.retain(|_, _| false);
        assert!(map.capacity() < full, "the removals must leave tombstones");
        map.reset();
        assert_eq!(map.capacity(), full);
        assert!(map.retained_bytes() >= full * 24);
    }

    #[test]
    fn map_is_governed() {
        let mut map = <Map<u64, u64> as Capacity>::with_capacity(100);
        let born = Capacity::capacity(&map);
        assert!((100..=112).contains(&born));
        map.extend([(1, 2), (3, 4)]);
        map.grow_to(100);
        Capacity::shrink_to(&mut map, born);
        assert_eq!(map.capacity(), born, "it was there already");
        map.grow_to(1000);
        assert!((1000..2000).contains(&map.capacity()));
        Capacity::shrink_to(&mut map, 0);
        assert_eq!((map.capacity(), map[&1], map[&3]), (3, 2, 4));
    }

    std::thread_local! {
        static WIPED: Cell<u32> = const { Cell::new(0) };
        static DROPPED: Cell<u32> = const { Cell::new(0) };
    }

    /// Panics at its wipe or its drop if it is told to, after it was counted.
    #[derive(PartialEq, Eq, Hash)]
    struct Spy {
        number: u64,
        fails_to_wipe: bool,
        fails_to_drop: bool,
    }

    impl Wipe for Spy {
        fn wipe(&mut self) {
            WIPED.set(WIPED.get() + 1);
            if self.fails_to_wipe {
                resume_unwind(Box::new(()));
            }
        }
    }

    impl Drop for Spy {
        fn drop(&mut self) {
            DROPPED.set(DROPPED.get() + 1);
            if self.fails_to_drop {
                resume_unwind(Box::new(()));
            }
        }
    }

    fn spy(number: u64) -> Spy {
        Spy { number, fails_to_wipe: number == 1, fails_to_drop: number == 2 }
    }

    /// Counts wipes and drops, in work that unwinds.
    fn counted(work: impl FnOnce()) -> (u32, u32) {
        WIPED.set(0);
        DROPPED.set(0);
        assert!(catch_unwind(AssertUnwindSafe(work)).is_err(), "one of them fails");
        (WIPED.get(), DROPPED.get())
    }

    #[test]
    fn a_panic_of_one_entry_does_not_save_the_others() {
        for bad in [1, 2] {
            let mut map = Map::<u64, Spy>::default();
            map.extend([(10, spy(10)), (bad, spy(bad)), (11, spy(11)), (12, spy(12))]);
            assert_eq!(counted(|| map.clear()), (4, 4));
            assert!(map.is_empty());

            map.extend([(10, spy(10)), (bad, spy(bad))]);
            assert_eq!(counted(|| drop(map)), (2, 2));
        }
    }

    #[test]
    fn an_entry_that_fails_to_leave_is_gone() {
        for bad in [1, 2] {
            let mut map = Map::<u64, Spy>::default();
            map.extend([(10, spy(10)), (bad, spy(bad))]);
            assert_eq!(counted(|| assert!(map.erase(&bad))), (1, 1));
            assert_eq!((map.len(), map.contains_key(&bad)), (1, false));
            map.insert(bad, spy(bad));
            assert_eq!(counted(|| map.retain(|key, _| *key == 10)), (1, 1));
            assert!(map.keys().eq(&[10]));
        }
    }

    #[test]
    fn a_surplus_key_that_fails_leaves_the_map_as_it_was() {
        /// Equal to all others.
        struct Same(Spy);

        impl PartialEq for Same {
            fn eq(&self, _: &Self) -> bool {
                true
            }
        }

        impl Eq for Same {}

        impl Hash for Same {
            fn hash<H: Hasher>(&self, _: &mut H) {}
        }

        impl Wipe for Same {
            fn wipe(&mut self) {
                self.0.wipe();
            }
        }

        for bad in [1, 2] {
            let mut map = Map::<Same, Spy>::default();
            map.insert(Same(spy(10)), spy(20));
            // The key, and the value that found no place.
            let insert = || drop(map.insert(Same(spy(bad)), spy(30)));
            assert_eq!(counted(insert), (2, 2));
            let (key, value) = map.iter().next().expect("it was there");
            assert_eq!((key.0.number, value.number), (10, 20));
        }
    }
}
