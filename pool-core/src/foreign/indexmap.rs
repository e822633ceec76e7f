//! Crate `indexmap`'s map and set, which hold their entries in a vector, in order, and a table
//! of places in it. Both are kept.
//!
//! # Invariants
//!
//! 1. What is retained follows from the capacity, in constant time: that is the lesser of the
//!    table's and the vector's, and the reset sees to it that the vector is at most twice as
//!    large. Both may be said to be smaller than they are when all entries were removed one
//!    by one, until the map is used again: nothing but an insertion takes the marks away that
//!    they left in the table.

use indexmap::{IndexMap, IndexSet};

use crate::reset::table_bytes;
use crate::{Capacity, ReleaseBorrows, Reset};

macro_rules! tables {
    ($($ty:ident<$($param:ident),+>: $entry:ty;)+) => {$(
        /// Emptied; table and entries keep their memory.
        impl<$($param,)+ S: Default> Reset for $ty<$($param,)+ S> {
            #[inline]
            fn blank() -> Self {
                Self::default()
            }

            #[inline]
            fn reset(&mut self) {
                let was_empty = self.is_empty();
                self.clear();
                // `clone_from` copies the table of a small one, and keeps the vector of a
                // large one (invariant 1). A capacity that is low for marks in the table says
                // nothing about the vector.
                if !was_empty || self.capacity() == 0 {
                    Self::shrink_to(self, self.capacity().saturating_mul(2));
                }
            }

            #[inline]
            fn retained_bytes(&mut self) -> usize {
                let capacity = self.capacity();
                // The hash of a key lies beside it.
                capacity
                    .saturating_mul(size_of::<(usize, $entry)>())
                    .saturating_add(table_bytes(capacity, size_of::<usize>()))
            }
        }

        impl<$($param,)+ S: Default> Capacity for $ty<$($param,)+ S> {
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
                    self.reserve_exact(capacity - self.len());
                }
            }

            #[inline]
            fn shrink_to(&mut self, capacity: usize) {
                if Self::capacity(self) > capacity {
                    Self::shrink_to(self, capacity);
                }
            }
        }

        // SAFETY: the reset leaves no value that could borrow, and the hasher does not.
        unsafe impl<$($param,)+ S: Default + 'static> ReleaseBorrows for $ty<$($param,)+ S> {}
    )+};
}

tables! {
    IndexMap<K, V>: (K, V);
    IndexSet<T>: T;
}

#[cfg(feature = "zeroize")]
mod wipe {
    use std::hash::RandomState;

    use super::{IndexMap, IndexSet};
    use crate::Wipe;
    use crate::wipe::{WipeOnHeap, wipe_all};

    // As for std's: there is no way to what an entry left in its place. What it leaves here
    // is also the hash of its key, of which nobody knows what it gives away unless the hasher
    // is known.
    macro_rules! drained {
        ($([$($params:tt)*] $ty:ty;)+) => {$(
            /// Emptied; table and entries keep their memory. Of its entries it is what lies on
            /// the heap that is wiped, and they must have all of their secrets there.
            ///
            /// What stays are the hashes of the keys, 64 bits of each, and the hasher that
            /// made them. The keys do not follow from them, but who has both can tell whether
            /// a guess is right: keys that can be guessed belong into a `SecretMap`. With
            /// other hashers than std's `RandomState`, which may keep a key as it is, it does
            /// not compile.
            impl<$($params)*> Wipe for $ty {
                fn wipe(&mut self) {
                    wipe_all(self.drain(..));
                }
            }

            impl<$($params)*> WipeOnHeap for $ty {}
        )+};
    }

    drained! {
        [K: WipeOnHeap, V: WipeOnHeap] IndexMap<K, V, RandomState>;
        [T: WipeOnHeap] IndexSet<T, RandomState>;
    }
}

#[cfg(test)]
mod tests {
    use core::hash::BuildHasherDefault;
    use std::hash::DefaultHasher;

    use super::*;

    type Fixed = BuildHasherDefault<DefaultHasher>;
    type Map<K, V> = IndexMap<K, V, Fixed>;
    type Set<T> = IndexSet<T, Fixed>;

    /// Where the entries lie.
    fn place_of<K, V>(map: &Map<K, V>) -> *const u8 {
        core::ptr::from_ref(map.as_slice()).cast()
    }

    #[test]
    fn map_and_set_are_emptied_and_keep_their_memory() {
        let mut map: Map<u32, Box<u32>> = (0..100).map(|key| (key, Box::new(key))).collect();
        let (capacity, place) = (map.capacity(), place_of(&map));
        map.reset();
        assert_eq!((map.len(), map.capacity()), (0, capacity));
        assert_eq!(place_of(&map), place);
        assert!(map.retained_bytes() >= capacity * (8 + 16 + 8));

        let mut set: Set<u64> = (0..100).collect();
        let (capacity, place) = (set.capacity(), core::ptr::from_ref(set.as_slice()).cast::<u8>());
        set.reset();
        assert_eq!((set.len(), set.capacity()), (0, capacity));
        assert_eq!(core::ptr::from_ref(set.as_slice()).cast::<u8>(), place);
        assert!(set.retained_bytes() >= capacity * (8 + 8 + 8));

        assert_eq!(
            (Map::<u8, u8>::blank().retained_bytes(), Map::<u8, u8>::blank().capacity()),
            (0, 0)
        );
        assert_eq!((Set::<u8>::blank().retained_bytes(), Set::<u8>::blank().capacity()), (0, 0));
    }

    #[test]
    fn an_exact_capacity_is_kept_whatever_it_was_used_for() {
        let mut map = <Map<u32, u32> as Capacity>::with_capacity(100);
        for used in [0, 1, 50, 100] {
            map.extend((0..used).map(|key| (key, key)));
            map.reset();
            assert_eq!(map.capacity(), 100, "{used}");
        }
    }

    #[test]
    fn map_and_set_are_governed() {
        let mut map = <Map<u32, u32> as Capacity>::with_capacity(100);
        assert_eq!(Capacity::capacity(&map), 100);
        map.extend([(1, 2), (3, 4)]);
        let place = place_of(&map);
        map.grow_to(100);
        Capacity::shrink_to(&mut map, 100);
        assert_eq!(place_of(&map), place, "it was there already");
        map.grow_to(1000);
        assert_eq!(Capacity::capacity(&map), 1000);
        Capacity::shrink_to(&mut map, 50);
        assert_eq!(Capacity::capacity(&map), 50);
        Capacity::shrink_to(&mut map, 0);
        assert!((2..7).contains(&Capacity::capacity(&map)));
        assert_eq!(map.as_slice(), &Map::from_iter([(1, 2), (3, 4)])[..]);

        let mut set = <Set<u32> as Capacity>::with_capacity(10);
        set.insert(7);
        set.grow_to(1000);
        assert_eq!(Capacity::capacity(&set), 1000);
        Capacity::shrink_to(&mut set, 50);
        assert_eq!(Capacity::capacity(&set), 50);
        assert!(set.contains(&7));
    }

    #[cfg(feature = "zeroize")]
    mod wiped {
        use core::cell::Cell;
        use core::panic::AssertUnwindSafe;
        use std::panic::{catch_unwind, resume_unwind};

        use super::*;
        use crate::Wipe;

        #[test]
        fn map_and_set_are_emptied_and_kept() {
            let mut map = IndexMap::from([(String::from("key"), vec![1_u8])]);
            let mut set = IndexSet::from([String::from("key")]);
            let capacities = (map.capacity(), set.capacity());
            map.wipe();
            set.wipe();
            assert!(map.is_empty() && set.is_empty());
            assert_eq!((map.capacity(), set.capacity()), capacities);
            map.insert(String::from("again"), vec![]);
            assert!(map.contains_key("again") && !map.contains_key("key"));
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
            let mut map: IndexMap<String, Box<Spy>> =
                (0..4).map(|key| (key.to_string(), Box::new(Spy(key)))).collect();
            assert!(catch_unwind(AssertUnwindSafe(|| map.wipe())).is_err());
            assert_eq!((WIPED.take(), map.len()), (4, 0));

            let mut set: IndexSet<Box<Spy>> = (0..4).map(|key| Box::new(Spy(key))).collect();
            assert!(catch_unwind(AssertUnwindSafe(|| set.wipe())).is_err());
            assert_eq!((WIPED.take(), set.len()), (4, 0));
        }
    }
}
