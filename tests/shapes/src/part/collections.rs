//! Collections, and those that keep their elements.

use core::hash::{BuildHasher, Hash};
use core::mem::MaybeUninit;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, LinkedList, VecDeque};

use poolable::{Reset, RetainOption, RetainVec};

use super::{Allocation, Part, governed, list as show_list, made};
use crate::rng::Rng;

/// How many elements a collection gets.
fn count(rng: &mut Rng) -> usize {
    1 + rng.below(5)
}

/// Renders a collection without an order of its own.
fn sorted(mut shown: Vec<String>) -> String {
    shown.sort_unstable();
    format!("{{{}}}", shown.join(", "))
}

/// Renders an entry of a map.
fn entry<K: Part, V: Part>((key, value): (&K, &V)) -> String {
    format!("{}: {}", key.show(), value.show())
}

impl<T: Part + Default> Part for Vec<T> {
    fn fill(&mut self, rng: &mut Rng) {
        self.clear();
        self.extend((0..count(rng)).map(|_| made::<T>(rng)));
    }

    fn show(&self) -> String {
        show_list(self)
    }

    fn allocations(&mut self, list: &mut Vec<Allocation>) {
        list.push(Allocation::new(self.as_ptr(), self.capacity()));
    }

    fn heap_bytes(&self) -> usize {
        self.capacity() * size_of::<T>()
    }

    fn spare_memory(&mut self, visit: &mut dyn FnMut(&mut [MaybeUninit<u8>])) {
        if T::is_dense() {
            visit(bytes_of(self.spare_capacity_mut()));
        }
    }

    governed!(Self::with_capacity);
}

/// Views memory that holds no values as bytes.
fn bytes_of<T>(spare: &mut [MaybeUninit<T>]) -> &mut [MaybeUninit<u8>] {
    let length = size_of_val(spare);
    // SAFETY: the pointer and the length describe the memory of `spare`, which stays
    // borrowed as long as the result; a `MaybeUninit<u8>` has no alignment and accepts
    // any byte, as does a `MaybeUninit<T>`.
    unsafe { core::slice::from_raw_parts_mut(spare.as_mut_ptr().cast(), length) }
}

impl<T: Part + Default> Part for VecDeque<T> {
    fn fill(&mut self, rng: &mut Rng) {
        self.clear();
        self.extend((0..count(rng)).map(|_| made::<T>(rng)));
        // Its content then wraps around the end of the buffer.
        if let Some(first) = self.pop_back() {
            self.push_front(first);
        }
    }

    fn show(&self) -> String {
        show_list(self)
    }

    fn allocations(&mut self, list: &mut Vec<Allocation>) {
        list.push(Allocation::somewhere(self.capacity()));
    }

    governed!(Self::with_capacity);
}

impl<T: Part + Default + Ord> Part for BinaryHeap<T> {
    fn fill(&mut self, rng: &mut Rng) {
        self.clear();
        self.extend((0..count(rng)).map(|_| made::<T>(rng)));
    }

    fn show(&self) -> String {
        sorted(self.iter().map(T::show).collect())
    }

    fn allocations(&mut self, list: &mut Vec<Allocation>) {
        list.push(Allocation::new(self.as_slice().as_ptr(), self.capacity()));
    }

    governed!(Self::with_capacity);
}

impl<T: Part + Default> Part for LinkedList<T> {
    fn fill(&mut self, rng: &mut Rng) {
        self.clear();
        self.extend((0..count(rng)).map(|_| made::<T>(rng)));
    }

    fn show(&self) -> String {
        show_list(self)
    }
}

impl<K, V, S> Part for HashMap<K, V, S>
where
    K: Part + Default + Eq + Hash,
    V: Part + Default,
    S: BuildHasher + Default,
{
    fn fill(&mut self, rng: &mut Rng) {
        self.clear();
        self.extend((0..count(rng)).map(|_| (made::<K>(rng), made::<V>(rng))));
    }

    fn show(&self) -> String {
        sorted(self.iter().map(entry).collect())
    }

    fn allocations(&mut self, list: &mut Vec<Allocation>) {
        list.push(Allocation::somewhere(self.capacity()));
    }

    governed!(reserved);
}

impl<T, S> Part for HashSet<T, S>
where
    T: Part + Default + Eq + Hash,
    S: BuildHasher + Default,
{
    fn fill(&mut self, rng: &mut Rng) {
        self.clear();
        self.extend((0..count(rng)).map(|_| made::<T>(rng)));
    }

    fn show(&self) -> String {
        sorted(self.iter().map(T::show).collect())
    }

    fn allocations(&mut self, list: &mut Vec<Allocation>) {
        list.push(Allocation::somewhere(self.capacity()));
    }

    governed!(reserved);
}

/// A table with room for so many entries: the type of an entry makes no difference.
fn reserved(capacity: usize) -> HashSet<u32> {
    HashSet::with_capacity(capacity)
}

impl<K: Part + Default + Ord, V: Part + Default> Part for BTreeMap<K, V> {
    fn fill(&mut self, rng: &mut Rng) {
        self.clear();
        self.extend((0..count(rng)).map(|_| (made::<K>(rng), made::<V>(rng))));
    }

    fn show(&self) -> String {
        sorted(self.iter().map(entry).collect())
    }
}

impl<T: Part + Default + Ord> Part for BTreeSet<T> {
    fn fill(&mut self, rng: &mut Rng) {
        self.clear();
        self.extend((0..count(rng)).map(|_| made::<T>(rng)));
    }

    fn show(&self) -> String {
        show_list(self)
    }
}

impl<T: Part + Default + Reset> Part for RetainVec<T> {
    fn fill(&mut self, rng: &mut Rng) {
        self.clear();
        for _ in 0..count(rng) {
            self.push_blank().fill(rng);
        }
        self.push(made(rng));
    }

    fn show(&self) -> String {
        show_list(self)
    }

    /// The buffer, then those of all elements, kept ones too.
    fn allocations(&mut self, list: &mut Vec<Allocation>) {
        list.push(Allocation::new(self.as_slice().as_ptr(), self.capacity()));
        let seen = self.len();
        for _ in 0..self.retained() {
            self.push_blank();
        }
        self.iter_mut().for_each(|value| value.allocations(list));
        self.truncate(seen);
    }

    governed!(Self::with_capacity);
}

impl<T: Part + Reset> Part for RetainOption<T> {
    fn fill(&mut self, rng: &mut Rng) {
        self.insert_blank().fill(rng);
    }

    fn show(&self) -> String {
        self.as_ref()
            .map_or_else(|| String::from("None"), |value| format!("Some({})", value.show()))
    }

    /// Those of the value, a kept one too.
    fn allocations(&mut self, list: &mut Vec<Allocation>) {
        let is_none = self.is_none();
        self.get_or_insert_blank().allocations(list);
        if is_none {
            self.clear();
        }
    }

    fn spare_memory(&mut self, visit: &mut dyn FnMut(&mut [MaybeUninit<u8>])) {
        let is_none = self.is_none();
        self.get_or_insert_blank().spare_memory(visit);
        if is_none {
            self.clear();
        }
    }
}
