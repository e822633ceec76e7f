//! Collections: cleared, whatever they hold, and measured by their capacity.
//!
//! # Invariants
//!
//! 1. Elements are dropped, never reset, so they need nothing; `RetainVec` is the
//!    collection that keeps them.
//! 2. What is retained follows from the capacity, in constant time. After a reset this
//!    holds for hash tables too: none has entries that were removed and still count.

use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, LinkedList, VecDeque};

use super::Reset;

macro_rules! buffers {
    ($($ty:ident<T $(: $bound:ident)?>),+) => {$(
        impl<T $(: $bound)?> Reset for $ty<T> {
            #[inline]
            fn blank() -> Self {
                Self::new()
            }

            #[inline]
            fn reset(&mut self) {
                self.clear();
            }

            #[inline]
            fn retained_bytes(&mut self) -> usize {
                self.capacity().saturating_mul(size_of::<T>())
            }
        }
    )+};
}

buffers!(Vec<T>, VecDeque<T>, BinaryHeap<T: Ord>);

macro_rules! nodes {
    ($($ty:ident<$($param:ident),+>),+) => {$(
        /// Emptied. Its nodes are freed with their elements, so nothing is retained.
        impl<$($param),+> Reset for $ty<$($param),+> {
            #[inline]
            fn blank() -> Self {
                Self::new()
            }

            #[inline]
            fn reset(&mut self) {
                self.clear();
            }
        }
    )+};
}

nodes!(LinkedList<T>, BTreeMap<K, V>, BTreeSet<T>);

macro_rules! tables {
    ($($ty:ident<$($param:ident),+>: $entry:ty),+) => {$(
        impl<$($param,)+ S: Default> Reset for $ty<$($param,)+ S> {
            #[inline]
            fn blank() -> Self {
                Self::default()
            }

            #[inline]
            fn reset(&mut self) {
                if self.is_empty() && has_tombstones(self.capacity()) {
                    // `clear` would return at once, but a drain starts the table anew
                    // (invariant 2).
                    drop(self.drain());
                } else {
                    self.clear();
                }
            }

            #[inline]
            fn retained_bytes(&mut self) -> usize {
                table_bytes(self.capacity(), size_of::<$entry>())
            }
        }
    )+};
}

tables!(HashMap<K, V>: (K, V), HashSet<T>: T);

/// The control bytes that a probe reads at once; each table ends with that many more.
const GROUP: usize = 16;

/// Estimates the allocation of a hash table from its capacity.
#[inline]
pub(crate) fn table_bytes(capacity: usize, entry: usize) -> usize {
    match buckets(capacity) {
        0 => 0,
        // An entry and a control byte per bucket.
        buckets => buckets.saturating_mul(entry.saturating_add(1)).saturating_add(GROUP),
    }
}

/// The buckets behind a capacity: a power of two of which an eighth, but at least one,
/// stays free.
#[inline]
fn buckets(capacity: usize) -> usize {
    match capacity {
        0 => 0,
        1..4 => 4,
        4..8 => 8,
        // A capacity beyond an eighth of the address space is none that a table has.
        _ => (capacity.saturating_mul(8) / 7).checked_next_power_of_two().unwrap_or(usize::MAX),
    }
}

/// Tells whether removed entries still take room in an empty table: its capacity is
/// then less than what its buckets offer. A coincidence makes it answer no, and the
/// estimate of one table too small.
#[inline]
pub(crate) fn has_tombstones(capacity: usize) -> bool {
    let buckets = buckets(capacity);
    capacity != 0 && capacity != buckets - (buckets / 8).max(1)
}

#[cfg(test)]
mod tests {
    use core::hash::{BuildHasherDefault, Hasher};
    use core::mem;
    use core::panic::AssertUnwindSafe;
    use std::panic::{catch_unwind, resume_unwind};

    use super::*;

    /// An element without `Reset`, `Hash` or `Ord`.
    struct Opaque(#[expect(dead_code, reason = "owns heap")] Box<u8>);

    fn opaque() -> Opaque {
        Opaque(Box::new(1))
    }

    /// Puts keys side by side, in the order of their numbers.
    #[derive(Default)]
    struct Identity(u64);

    impl Hasher for Identity {
        fn finish(&self) -> u64 {
            self.0
        }
        fn write(&mut self, _: &[u8]) {
            unreachable!("only `u64` keys are used")
        }
        fn write_u64(&mut self, key: u64) {
            self.0 = key;
        }
    }

    type Sequential<V> = HashMap<u64, V, BuildHasherDefault<Identity>>;

    #[test]
    fn vec_is_cleared_and_keeps_its_buffer() {
        let mut used = vec![opaque(), opaque(), opaque()];
        let (place, capacity) = (used.as_ptr(), used.capacity());
        used.reset();
        assert!(used.is_empty());
        assert_eq!((used.as_ptr(), used.capacity()), (place, capacity));
        assert_eq!(used.retained_bytes(), capacity * size_of::<Opaque>());
        assert_eq!(Vec::<Opaque>::blank().capacity(), 0);
    }

    #[test]
    fn deque_is_cleared_and_keeps_its_buffer() {
        let mut used = VecDeque::from(vec![opaque(), opaque()]);
        let (place, capacity) = (used.as_slices().0.as_ptr(), used.capacity());
        used.reset();
        assert!(used.is_empty());
        assert_eq!((used.as_slices().0.as_ptr(), used.capacity()), (place, capacity));
        assert_eq!(used.retained_bytes(), capacity * size_of::<Opaque>());
        assert_eq!(VecDeque::<Opaque>::blank().capacity(), 0);
    }

    #[test]
    fn heap_is_cleared_and_keeps_its_buffer() {
        let mut used = BinaryHeap::from(vec![3_u64, 1, 2]);
        let (place, capacity) = (used.as_slice().as_ptr(), used.capacity());
        used.reset();
        assert!(used.is_empty());
        assert_eq!((used.as_slice().as_ptr(), used.capacity()), (place, capacity));
        assert_eq!(used.retained_bytes(), capacity * 8);
        assert_eq!(BinaryHeap::<u64>::blank().capacity(), 0);
    }

    #[test]
    fn list_is_cleared_and_retains_nothing() {
        let mut used = LinkedList::from([opaque(), opaque()]);
        used.reset();
        assert!(used.is_empty());
        assert_eq!(used.retained_bytes(), 0);
        assert!(LinkedList::<Opaque>::blank().is_empty());
    }

    #[test]
    fn trees_are_cleared_and_retain_nothing() {
        let mut map = BTreeMap::from([(1, opaque()), (2, opaque())]);
        map.reset();
        assert!(map.is_empty());
        assert_eq!(map.retained_bytes(), 0);
        assert!(BTreeMap::<u8, Opaque>::blank().is_empty());

        let mut set = BTreeSet::from([1, 2]);
        set.reset();
        assert_eq!(set, BTreeSet::blank());
        assert_eq!(set.retained_bytes(), 0);
    }

    #[test]
    fn map_is_cleared_and_keeps_its_table() {
        let mut used: HashMap<u32, Opaque> = (0..100).map(|key| (key, opaque())).collect();
        let capacity = used.capacity();
        used.reset();
        assert!(used.is_empty());
        assert_eq!(used.capacity(), capacity);
        assert!(used.retained_bytes() >= capacity * size_of::<(u32, Opaque)>());
        assert_eq!(HashMap::<u32, Opaque>::blank().retained_bytes(), 0);
    }

    #[test]
    fn set_is_cleared_and_keeps_its_table() {
        let mut used: HashSet<u32> = (0..100).collect();
        let capacity = used.capacity();
        used.reset();
        assert!(used.is_empty());
        assert_eq!(used.capacity(), capacity);
        assert!(used.retained_bytes() >= capacity * 4);
        assert_eq!(HashSet::<u32>::blank().retained_bytes(), 0);
    }

    #[test]
    fn table_needs_nothing_of_keys_and_a_default_of_its_hasher() {
        #[derive(Default)]
        struct NoHasher;
        let mut map = HashMap::<Opaque, Opaque, NoHasher>::blank();
        map.reset();
        assert!(map.is_empty());
        let mut set = HashSet::<Opaque, NoHasher>::blank();
        set.reset();
        assert!(set.is_empty());
    }

    #[test]
    fn elements_without_size_retain_nothing() {
        let mut units = vec![(); 1000];
        units.reset();
        assert_eq!((units.len(), units.retained_bytes()), (0, 0));
        let mut deque = VecDeque::from([(), ()]);
        deque.reset();
        assert_eq!((deque.len(), deque.retained_bytes()), (0, 0));
        let mut set = HashSet::from([()]);
        set.reset();
        assert!(set.is_empty());
        assert!(set.retained_bytes() <= 2 * GROUP + 4);
    }

    #[test]
    fn estimate_of_a_table_covers_its_entries_and_stays_close() {
        for wanted in 1..=10_000 {
            let mut map = HashMap::<u64, u64>::with_capacity(wanted);
            let (estimate, entries) = (map.retained_bytes(), map.capacity() * 16);
            assert!(estimate >= entries, "{wanted}: {estimate} is below {entries}");
            assert!(2 * estimate <= 5 * entries, "{wanted}: {estimate} is far from {entries}");
        }
    }

    #[test]
    fn estimate_of_a_table_is_that_of_the_known_layout() {
        // Capacity and buckets as the standard table pairs them.
        for (capacity, buckets) in [(3, 4), (7, 8), (14, 16), (28, 32), (56, 64), (14_336, 16_384)]
        {
            let mut map = HashMap::<u64, u64>::with_capacity(capacity);
            assert_eq!(map.capacity(), capacity);
            assert_eq!(map.retained_bytes(), buckets * 16 + buckets + GROUP);
        }
    }

    #[test]
    fn estimate_of_a_table_saturates() {
        assert_eq!(table_bytes(usize::MAX, usize::MAX), usize::MAX);
        assert_eq!(table_bytes(1 << (usize::BITS - 4), 1 << 10), usize::MAX);
        assert!(!has_tombstones(0));
    }

    #[test]
    fn table_emptied_entry_by_entry_is_measured_in_full() {
        let mut used = Sequential::<u64>::default();
        used.extend((0..7_000).map(|key| (key, key)));
        let full = (used.capacity(), used.retained_bytes());
        for key in 0..7_000 {
            used.remove(&key);
        }
        assert!(used.is_empty());
        assert!(used.capacity() < full.0, "the removals must leave tombstones");
        used.reset();
        assert_eq!((used.capacity(), used.retained_bytes()), full);
    }

    #[test]
    fn set_emptied_entry_by_entry_is_measured_in_full() {
        let mut used: HashSet<u64, BuildHasherDefault<Identity>> = (0..7_000).collect();
        let full = (used.capacity(), used.retained_bytes());
        used.retain(|_| false);
        assert!(used.capacity() < full.0, "the removals must leave tombstones");
        used.reset();
        assert_eq!((used.capacity(), used.retained_bytes()), full);
    }

    /// Panics in its drop if told to, without the noise of a panic hook.
    struct Bomb<'a> {
        armed: bool,
        drops: &'a core::cell::Cell<usize>,
    }

    impl Drop for Bomb<'_> {
        fn drop(&mut self) {
            self.drops.set(self.drops.get() + 1);
            if mem::take(&mut self.armed) {
                resume_unwind(Box::new(()));
            }
        }
    }

    #[test]
    fn panic_in_an_element_drop_leaves_the_collection_empty() {
        let drops = core::cell::Cell::new(0);
        let bomb = |index| Bomb { armed: index == 1, drops: &drops };

        let mut vec: Vec<_> = (0..3).map(bomb).collect();
        assert!(catch_unwind(AssertUnwindSafe(|| vec.reset())).is_err());
        assert_eq!((vec.len(), drops.take()), (0, 3));

        let mut deque: VecDeque<_> = (0..3).map(bomb).collect();
        assert!(catch_unwind(AssertUnwindSafe(|| deque.reset())).is_err());
        assert_eq!((deque.len(), drops.take()), (0, 3));

        let mut map: Sequential<_> = (0..3).map(|key| (key, bomb(key))).collect();
        assert!(catch_unwind(AssertUnwindSafe(|| map.reset())).is_err());
        // What the table had not dropped yet, it leaks.
        assert_eq!(map.len(), 0);
        assert!((1..=3).contains(&drops.take()));

        let mut list: LinkedList<_> = (0..3).map(bomb).collect();
        assert!(catch_unwind(AssertUnwindSafe(|| list.reset())).is_err());
        assert_eq!((list.len(), drops.take()), (0, 3));

        let mut tree: BTreeMap<_, _> = (0..3).map(|key| (key, bomb(key))).collect();
        assert!(catch_unwind(AssertUnwindSafe(|| tree.reset())).is_err());
        assert_eq!((tree.len(), drops.take()), (0, 3));
    }
}
