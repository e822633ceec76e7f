//! Maps and sets of std: wiped where all that they hold lies behind pointers.
//!
//! They give no way to an inline key, nor to what a removed entry left in its bucket or its
//! node. So they are wiped only if the inline bytes of their entries are no secret.

use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, LinkedList, VecDeque};
use std::ffi::OsString;
use std::path::PathBuf;

use super::Wipe;
use crate::{Poolable, Pooled, Reset, RetainMap, RetainVec};

/// A value whose secrets are all on the heap: what is inline are pointers and lengths, which
/// may be moved about and left behind.
#[diagnostic::on_unimplemented(
    message = "`{Self}` lies inline in its map or set, where `zeroize` cannot overwrite all of it",
    label = "not wiped inside of a map or set of std",
    note = "use `poolable::SecretMap`, which wipes its table, behind the feature `hashbrown`; a set is a map to `()`",
    note = "or put keys and values on the heap, as `String`, `Vec` and `Box` do",
    note = "or give a function that overwrites what it can: `#[pool(zeroize, with = PATH)]`"
)]
pub trait WipeOnHeap: Wipe {}

macro_rules! on_heap {
    ($([$($params:tt)*] $ty:ty;)*) => {
        $(impl<$($params)*> WipeOnHeap for $ty {})*
    };
}

on_heap! {
    [] ();
    [] String;
    [] OsString;
    [] PathBuf;
    [T: Wipe + ?Sized] Box<T>;
    [T: Wipe] Vec<T>;
    [T: Wipe] VecDeque<T>;
    [T: Wipe + Ord] BinaryHeap<T>;
    [T: Wipe] LinkedList<T>;
    [T: WipeOnHeap, S] HashSet<T, S>;
    [T: WipeOnHeap] BTreeSet<T>;
    [K: WipeOnHeap, V: WipeOnHeap, S] HashMap<K, V, S>;
    [K: WipeOnHeap, V: WipeOnHeap] BTreeMap<K, V>;
    [T: WipeOnHeap] Option<T>;
    [A: WipeOnHeap, B: WipeOnHeap] (A, B);
    [A: WipeOnHeap, B: WipeOnHeap, C: WipeOnHeap] (A, B, C);
    [T: Poolable + Wipe] Pooled<T>;
    [T: Wipe + Reset] RetainVec<T>;
    [K: Wipe + Reset, V: Wipe + Reset, S] RetainMap<K, V, S>;
}

/// Wipes and drops each value of a list that hands them out.
///
/// What is moved to the stack on the way are pointers and lengths.
pub(crate) fn wipe_all<T: WipeOnHeap>(values: impl Iterator<Item = T>) {
    /// Unwinding out of one value goes on with the next.
    struct Rest<T: WipeOnHeap, I: Iterator<Item = T>>(I);

    impl<T: WipeOnHeap, I: Iterator<Item = T>> Rest<T, I> {
        fn run(&mut self) {
            for mut value in self.0.by_ref() {
                value.wipe();
            }
        }
    }

    impl<T: WipeOnHeap, I: Iterator<Item = T>> Drop for Rest<T, I> {
        fn drop(&mut self) {
            self.run();
        }
    }

    // That of an empty one is a wipe too.
    #[cfg(feature = "mlock")]
    crate::mlock::note::<[u8]>(&[]);
    Rest(values).run();
}

/// Emptied; the table is kept.
impl<K: WipeOnHeap, V: WipeOnHeap, S> Wipe for HashMap<K, V, S> {
    fn wipe(&mut self) {
        wipe_all(self.drain());
    }
}

/// Emptied; the table is kept.
impl<T: WipeOnHeap, S> Wipe for HashSet<T, S> {
    fn wipe(&mut self) {
        wipe_all(self.drain());
    }
}

/// Emptied; the nodes are freed.
impl<K: WipeOnHeap, V: WipeOnHeap> Wipe for BTreeMap<K, V> {
    fn wipe(&mut self) {
        wipe_all(core::mem::take(self).into_iter());
    }
}

/// Emptied; the nodes are freed.
impl<T: WipeOnHeap> Wipe for BTreeSet<T> {
    fn wipe(&mut self) {
        wipe_all(core::mem::take(self).into_iter());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_emptied_and_kept() {
        let mut map = HashMap::from([(String::from("key"), vec![1_u8])]);
        let mut set = HashSet::from([String::from("key")]);
        let capacities = (map.capacity(), set.capacity());
        map.wipe();
        set.wipe();
        assert!(map.is_empty() && set.is_empty());
        assert_eq!((map.capacity(), set.capacity()), capacities);
    }

    #[test]
    fn trees_are_emptied() {
        let mut map = BTreeMap::from([(String::from("key"), Some(vec![1_u8]))]);
        let mut set = BTreeSet::from([(String::from("key"), ())]);
        map.wipe();
        set.wipe();
        assert!(map.is_empty() && set.is_empty());
    }
}
