//! The hash tables of crate `hashbrown`, on which std's are built. None of them has a hasher
//! unless it is named: the default of that crate is a feature of it.

use core::hash::{BuildHasher, Hash};

use hashbrown::{HashMap, HashSet, HashTable};

use crate::reset::{has_tombstones, table_bytes};
use crate::{Capacity, ReleaseBorrows, Reset};

macro_rules! tables {
    ($([$($params:tt)*] $ty:ty: $entry:ty, $blank:expr;)+) => {$(
        /// Emptied; the table is kept.
        impl<$($params)*> Reset for $ty {
            #[inline]
            fn blank() -> Self {
                $blank
            }

            #[inline]
            fn reset(&mut self) {
                if self.is_empty() && has_tombstones(self.capacity()) {
                    // `clear` would return at once, but a drain starts the table anew.
                    drop(self.drain());
                } else {
                    self.clear();
                }
            }

            #[inline]
            fn retained_bytes(&mut self) -> usize {
                // Their own word for it asks for a hasher.
                table_bytes(self.capacity(), size_of::<$entry>())
            }
        }
    )+};
}

tables! {
    [K, V, S: Default] HashMap<K, V, S>: (K, V), Self::default();
    [T, S: Default] HashSet<T, S>: T, Self::default();
    // It has no `Capacity`: to grow, it must be told how its elements hash.
    [T] HashTable<T>: T, Self::new();
}

macro_rules! governed {
    ($([$($params:tt)*] $ty:ty;)+) => {$(
        impl<$($params)*> Capacity for $ty {
            #[inline]
            fn with_capacity(capacity: usize) -> Self {
                Self::with_capacity_and_hasher(capacity, S::default())
            }

            #[inline]
            fn capacity(&self) -> usize {
                Self::capacity(self)
            }

            #[inline]
            fn grow_to(&mut self, capacity: usize) {
                if Self::capacity(self) < capacity {
                    // Reserving counts from the length, which the capacity bounds.
                    self.reserve(capacity - self.len());
                }
            }

            #[inline]
            fn shrink_to(&mut self, capacity: usize) {
                if Self::capacity(self) > capacity {
                    Self::shrink_to(self, capacity);
                }
            }
        }
    )+};
}

governed! {
    [K: Eq + Hash, V, S: BuildHasher + Default] HashMap<K, V, S>;
    [T: Eq + Hash, S: BuildHasher + Default] HashSet<T, S>;
}

// SAFETY: the reset leaves no value that could borrow, and the hasher does not.
unsafe impl<K, V, S: Default + 'static> ReleaseBorrows for HashMap<K, V, S> {}

// SAFETY: as above.
unsafe impl<T, S: Default + 'static> ReleaseBorrows for HashSet<T, S> {}

// SAFETY: as above, without a hasher.
unsafe impl<T> ReleaseBorrows for HashTable<T> {}

#[cfg(feature = "zeroize")]
mod wipe {
    use super::{HashMap, HashSet, HashTable};
    use crate::Wipe;
    use crate::wipe::{WipeOnHeap, wipe_all};

    // As for std's: there is no way to a key, nor to what an entry left in its bucket.
    macro_rules! drained {
        ($([$($params:tt)*] $ty:ty;)+) => {$(
            /// Emptied; the table is kept. Of its entries it is what lies on the heap that is
            /// wiped, and they must have all of their secrets there.
            impl<$($params)*> Wipe for $ty {
                fn wipe(&mut self) {
                    wipe_all(self.drain());
                }
            }

            impl<$($params)*> WipeOnHeap for $ty {}
        )+};
    }

    drained! {
        [K: WipeOnHeap, V: WipeOnHeap, S] HashMap<K, V, S>;
        [T: WipeOnHeap, S] HashSet<T, S>;
        [T: WipeOnHeap] HashTable<T>;
    }
}

#[cfg(test)]
mod tests {
    use core::hash::BuildHasherDefault;
    use std::hash::{DefaultHasher, RandomState};

    use super::*;

    type Fixed = BuildHasherDefault<DefaultHasher>;
    type Map<K, V> = HashMap<K, V, Fixed>;
    type Set<T> = HashSet<T, Fixed>;

    fn table(keys: core::ops::Range<u64>) -> HashTable<u64> {
        let mut table = HashTable::new();
        for key in keys {
            table.insert_unique(key, key, |key| *key);
        }
        table
    }

    #[test]
    fn tables_are_emptied_and_keep_their_memory() {
        let mut map: Map<u32, Box<u32>> = (0..100).map(|key| (key, Box::new(key))).collect();
        let kept = (map.capacity(), map.allocation_size());
        map.reset();
        assert_eq!((map.len(), map.capacity(), map.retained_bytes()), (0, kept.0, kept.1));
        assert!(kept.1 >= 100 * size_of::<(u32, Box<u32>)>());

        let mut set: Set<u32> = (0..100).collect();
        let kept = (set.capacity(), set.allocation_size());
        set.reset();
        assert_eq!((set.len(), set.capacity(), set.retained_bytes()), (0, kept.0, kept.1));

        let mut bare = table(0..100);
        let kept = (bare.capacity(), bare.allocation_size());
        bare.reset();
        assert_eq!((bare.len(), bare.capacity(), bare.retained_bytes()), (0, kept.0, kept.1));
    }

    #[test]
    fn blank_tables_retain_nothing() {
        assert_eq!(Map::<u32, u32>::blank().retained_bytes(), 0);
        assert_eq!(Set::<u32>::blank().retained_bytes(), 0);
        assert_eq!(HashTable::<u32>::blank().retained_bytes(), 0);
    }

    #[test]
    fn table_emptied_entry_by_entry_has_all_of_its_room_again() {
        // Side by side, so that the removals leave tombstones.
        let mut bare = table(0..7_000);
        let full = bare.capacity();
        bare.retain(|_| false);
        assert!(bare.capacity() < full, "the removals must leave tombstones");
        bare.reset();
        assert_eq!(bare.capacity(), full);

        let mut map: Map<u64, u64> = (0..28_672).map(|key| (key, key)).collect();
        let full = map.capacity();
        map.retain(|_, _| false);
        assert!(map.capacity() < full, "the removals must leave tombstones");
        map.reset();
        assert_eq!(map.capacity(), full);
    }

    #[test]
    fn maps_and_sets_are_governed() {
        let mut map = <Map<u8, u8> as Capacity>::with_capacity(100);
        assert!(Capacity::capacity(&map) >= 100);
        assert_eq!(map.insert(1, 2), None);
        map.grow_to(1000);
        assert!(map.capacity() >= 1000);
        Capacity::shrink_to(&mut map, 50);
        assert!((50..1000).contains(&map.capacity()));
        Capacity::shrink_to(&mut map, 0);
        assert!((1..50).contains(&map.capacity()));
        assert_eq!(map.get(&1), Some(&2));

        let mut set = <HashSet<u8, RandomState> as Capacity>::with_capacity(100);
        let born = Capacity::capacity(&set);
        assert!(set.insert(1) && born >= 100);
        set.grow_to(born);
        Capacity::shrink_to(&mut set, born);
        assert_eq!(set.capacity(), born, "it was there already");
        set.grow_to(1000);
        Capacity::shrink_to(&mut set, 0);
        assert!((1..50).contains(&set.capacity()) && set.contains(&1));
    }

    #[cfg(feature = "zeroize")]
    mod wiped {
        use core::cell::Cell;
        use core::panic::AssertUnwindSafe;
        use std::panic::{catch_unwind, resume_unwind};

        use super::*;
        use crate::Wipe;

        #[test]
        fn tables_are_emptied_and_kept() {
            let mut map: Map<String, Vec<u8>> = [("key".into(), vec![1])].into_iter().collect();
            let mut set: Set<String> = ["key".into()].into_iter().collect();
            let mut bare = HashTable::new();
            bare.insert_unique(1, String::from("key"), |_| 1);
            let capacities = (map.capacity(), set.capacity(), bare.capacity());
            map.wipe();
            set.wipe();
            bare.wipe();
            assert!(map.is_empty() && set.is_empty() && bare.is_empty());
            assert_eq!((map.capacity(), set.capacity(), bare.capacity()), capacities);
        }

        std::thread_local! {
            static WIPED: Cell<u32> = const { Cell::new(0) };
        }

        #[derive(PartialEq, Eq, Hash)]
        struct Spy(u8);

        impl Wipe for Spy {
            fn wipe(&mut self) {
                WIPED.set(WIPED.get() + 1);
                if self.0 == 1 {
                    resume_unwind(Box::new(()));
                }
            }
        }

        #[test]
        fn a_wipe_that_panics_does_not_save_the_other_entries() {
            let mut map: Map<String, Box<Spy>> =
                (0..4).map(|key| (key.to_string(), Box::new(Spy(key)))).collect();
            assert!(catch_unwind(AssertUnwindSafe(|| map.wipe())).is_err());
            assert_eq!((WIPED.take(), map.len()), (4, 0));

            let mut set: Set<Box<Spy>> = (0..4).map(|key| Box::new(Spy(key))).collect();
            assert!(catch_unwind(AssertUnwindSafe(|| set.wipe())).is_err());
            assert_eq!((WIPED.take(), set.len()), (4, 0));
        }
    }
}
