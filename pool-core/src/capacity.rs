//! Buffers whose capacity the attributes `capacity` and `max_capacity` govern.
//!
//! # Invariants
//!
//! 1. Growing asks for no more than what is wanted, where std lets it: a floor that
//!    doubled the buffer could exceed the ceiling beside it, and be taken back at each
//!    return.
//! 2. Shrinking leaves the allocator alone if the capacity is low enough already.

use core::hash::{BuildHasher, Hash};
use std::collections::{BinaryHeap, HashMap, HashSet, VecDeque};
use std::ffi::OsString;
use std::path::PathBuf;

/// A container with a capacity that can be given, read and lowered.
///
/// It carries `#[pool(capacity = N)]` and `#[pool(max_capacity = N)]`. The unit is
/// the container's own: bytes for text, elements for collections.
///
/// # Examples
///
/// ```
/// use poolable::Capacity;
///
/// let mut buffer = <Vec<u8> as Capacity>::with_capacity(64);
/// Capacity::grow_to(&mut buffer, 256);
/// assert!(Capacity::capacity(&buffer) >= 256);
/// Capacity::shrink_to(&mut buffer, 64);
/// assert!(Capacity::capacity(&buffer) < 256);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no capacity that a pool could govern",
    label = "`capacity` and `max_capacity` need a buffer",
    note = "remove `capacity` and `max_capacity` from this field, or implement `poolable::Capacity` for its type if it is yours"
)]
pub trait Capacity {
    /// Returns an empty container with room for at least `capacity`.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::Capacity;
    ///
    /// let line = <String as Capacity>::with_capacity(80);
    /// assert!(line.is_empty() && line.capacity() >= 80);
    /// ```
    #[must_use]
    fn with_capacity(capacity: usize) -> Self
    where
        Self: Sized;

    /// Returns how much the container holds without growing.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::Capacity;
    ///
    /// assert_eq!(Capacity::capacity(&Vec::<u32>::with_capacity(8)), 8);
    /// ```
    fn capacity(&self) -> usize;

    /// Grows to a capacity of at least `capacity`; does nothing if it is there.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::Capacity;
    ///
    /// let mut taken = vec![1, 2, 3];
    /// taken.grow_to(64);
    /// assert!(taken.capacity() >= 64);
    /// assert_eq!(taken, [1, 2, 3]);
    /// ```
    fn grow_to(&mut self, capacity: usize);

    /// Lowers the capacity towards `capacity`, as far as length and allocator allow.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::Capacity;
    ///
    /// let mut bloated: Vec<u8> = Vec::with_capacity(4096);
    /// bloated.extend([1, 2, 3]);
    /// Capacity::shrink_to(&mut bloated, 0);
    /// assert!(bloated.capacity() < 4096);
    /// assert_eq!(bloated, [1, 2, 3]);
    /// ```
    fn shrink_to(&mut self, capacity: usize);

    /// Grows to the floor that `capacity = N` sets, if it is below.
    #[doc(hidden)]
    #[inline]
    fn __restore(&mut self, floor: usize) {
        #[cold]
        #[inline(never)]
        fn grow<T: Capacity + ?Sized>(field: &mut T, floor: usize) {
            field.grow_to(floor);
        }

        if self.capacity() < floor {
            grow(self, floor);
        }
    }

    /// Shrinks to the ceiling that `max_capacity = N` sets, if it is above.
    #[doc(hidden)]
    #[inline]
    fn __limit(&mut self, ceiling: usize) {
        #[cold]
        #[inline(never)]
        fn shrink<T: Capacity + ?Sized>(field: &mut T, ceiling: usize) {
            field.shrink_to(ceiling);
        }

        if self.capacity() > ceiling {
            shrink(self, ceiling);
        }
    }
}

macro_rules! governed {
    ($([$($generics:tt)*] $ty:ty: $reserve:ident beyond $($len:ident()).+;)+) => {$(
        impl<$($generics)*> Capacity for $ty {
            #[inline]
            fn with_capacity(capacity: usize) -> Self {
                // The hash tables have no such constructor for every hasher.
                let mut container = <$ty>::default();
                Capacity::grow_to(&mut container, capacity);
                container
            }

            #[inline]
            fn capacity(&self) -> usize {
                <$ty>::capacity(self)
            }

            #[inline]
            fn grow_to(&mut self, capacity: usize) {
                if <$ty>::capacity(self) < capacity {
                    // Reserving counts from the length, which the capacity bounds.
                    <$ty>::$reserve(self, capacity - self.$($len()).+);
                }
            }

            #[inline]
            fn shrink_to(&mut self, capacity: usize) {
                if <$ty>::capacity(self) > capacity {
                    <$ty>::shrink_to(self, capacity);
                }
            }
        }
    )+};
}

governed! {
    [T] Vec<T>: reserve_exact beyond len();
    [T] VecDeque<T>: reserve_exact beyond len();
    [T: Ord] BinaryHeap<T>: reserve_exact beyond len();
    [] String: reserve_exact beyond len();
    [] OsString: reserve_exact beyond len();
    [] PathBuf: reserve_exact beyond as_os_str().len();
    [K: Eq + Hash, V, S: BuildHasher + Default] HashMap<K, V, S>: reserve beyond len();
    [T: Eq + Hash, S: BuildHasher + Default] HashSet<T, S>: reserve beyond len();
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Asserts what every container promises; `fill` puts in a few elements, less than
    /// ten, and `show` renders them.
    fn is_governed<C: Capacity>(fill: impl Fn(&mut C), show: impl Fn(&C) -> String) {
        let empty = show(&C::with_capacity(0));
        assert_eq!(C::with_capacity(0).capacity(), 0, "nothing is allocated for nothing");

        let mut container = C::with_capacity(100);
        assert_eq!(show(&container), empty);
        let born = container.capacity();
        assert!(born >= 100);
        container.grow_to(100);
        container.shrink_to(born);
        assert_eq!(container.capacity(), born, "it was there already");

        fill(&mut container);
        let filled = show(&container);
        assert_ne!(filled, empty);
        container.grow_to(1000);
        assert!(container.capacity() >= 1000, "growing counts from zero, not from the length");
        container.shrink_to(50);
        assert!((50..1000).contains(&container.capacity()));
        container.shrink_to(0);
        assert!((1..50).contains(&container.capacity()), "the elements hold their room");
        assert_eq!(show(&container), filled);
    }

    #[test]
    fn vec_is_governed() {
        is_governed(|vec: &mut Vec<u8>| vec.extend([1, 2, 3]), |vec| format!("{vec:?}"));
    }

    #[test]
    fn deque_is_governed() {
        is_governed(
            |deque: &mut VecDeque<u8>| deque.extend([1, 2, 3]),
            |deque| format!("{deque:?}"),
        );
    }

    #[test]
    fn heap_is_governed() {
        is_governed(|heap: &mut BinaryHeap<u8>| heap.extend([3, 2, 1]), |heap| format!("{heap:?}"));
    }

    #[test]
    fn string_is_governed() {
        is_governed(|text: &mut String| text.push_str("text"), |text| format!("{text:?}"));
    }

    #[test]
    fn os_string_is_governed() {
        is_governed(|text: &mut OsString| text.push("text"), |text| format!("{text:?}"));
    }

    #[test]
    fn path_is_governed() {
        is_governed(|path: &mut PathBuf| path.push("/tmp"), |path| format!("{path:?}"));
    }

    #[test]
    fn map_is_governed() {
        is_governed(
            |map: &mut HashMap<u8, u8>| assert_eq!(map.insert(1, 2), None),
            |map| format!("{map:?}"),
        );
    }

    #[test]
    fn set_is_governed() {
        is_governed(|set: &mut HashSet<u8>| assert!(set.insert(1)), |set| format!("{set:?}"));
    }

    #[test]
    fn growing_stays_within_a_ceiling_that_equals_the_floor() {
        let mut buffer = vec![0_u8; 600];
        buffer.grow_to(1024);
        let grown = buffer.capacity();
        assert!((1024..1200).contains(&grown), "doubling would make it 1200");
    }

    #[test]
    fn elements_without_size_have_room_from_birth() {
        let mut units = <Vec<()> as Capacity>::with_capacity(8);
        units.push(());
        units.grow_to(usize::MAX);
        Capacity::shrink_to(&mut units, 0);
        assert_eq!((units.len(), Capacity::capacity(&units)), (1, usize::MAX));
    }

    #[test]
    fn map_with_removed_entries_grows_to_what_is_asked() {
        let mut map: HashMap<u32, u32> = (0..1000).map(|key| (key, key)).collect();
        map.retain(|key, _| *key < 10);
        map.grow_to(2000);
        assert!(map.capacity() >= 2000);
        assert_eq!(map.len(), 10);
    }
}
