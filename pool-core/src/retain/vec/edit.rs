//! Removing, inserting and appending, as users of a `Vec` know it.
//!
//! # Invariants
//!
//! 1. User code that panics leaves every element in use that was, but for those which the
//!    method has reset or dropped by then.

use super::RetainVec;
use crate::Reset;
use crate::retain::swap;

impl<T> RetainVec<T> {
    /// Removes the last element and returns it; nothing of it is kept.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::RetainVec;
    ///
    /// let mut numbers = RetainVec::from_iter([1, 2]);
    /// assert_eq!(numbers.pop(), Some(2));
    /// assert_eq!(numbers, [1]);
    /// ```
    #[inline]
    pub fn pop(&mut self) -> Option<T> {
        let last = self.live.checked_sub(1)?;
        Some(self.swap_remove(last))
    }

    /// Removes an element and returns it; the last one takes its place. Nothing of it is
    /// kept.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::RetainVec;
    ///
    /// let mut numbers = RetainVec::from_iter([1, 2, 3]);
    /// assert_eq!(numbers.swap_remove(0), 1);
    /// assert_eq!(numbers, [3, 2]);
    /// ```
    ///
    /// # Panics
    ///
    /// If there is no such element.
    #[inline]
    #[track_caller]
    pub fn swap_remove(&mut self, index: usize) -> T {
        let len = self.live;
        assert!(
            index < len,
            "`RetainVec::swap_remove`: index must be below the length, {index} is not below {len}"
        );
        self.live -= 1;
        swap(&mut self.items, index, self.live);
        // A spare element from the back takes the place; it stays below `unwiped` there.
        self.items.swap_remove(self.live)
    }

    /// Removes an element and returns it; those after it move down. Nothing of it is kept.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::RetainVec;
    ///
    /// let mut numbers = RetainVec::from_iter([1, 2, 3]);
    /// assert_eq!(numbers.remove(0), 1);
    /// assert_eq!(numbers, [2, 3]);
    /// ```
    ///
    /// # Panics
    ///
    /// If there is no such element.
    #[track_caller]
    pub fn remove(&mut self, index: usize) -> T {
        let len = self.live;
        assert!(
            index < len,
            "`RetainVec::remove`: index must be below the length, {index} is not below {len}"
        );
        self[index..].rotate_left(1);
        self.swap_remove(len - 1)
    }

    /// Makes room for `additional` more elements, spare ones counted as room.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::RetainVec;
    ///
    /// let mut numbers = RetainVec::from_iter([1, 2]);
    /// numbers.reserve(100);
    /// assert!(numbers.capacity() >= 102);
    /// ```
    pub fn reserve(&mut self, additional: usize) {
        self.items.reserve(additional.saturating_sub(self.retained()));
    }
}

impl<T: Reset> RetainVec<T> {
    /// Inserts a value; the elements from `index` on move up. For a spare element in the
    /// way the same holds as for [`push`](RetainVec::push).
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::RetainVec;
    ///
    /// let mut numbers = RetainVec::from_iter([1, 3]);
    /// numbers.insert(1, 2);
    /// assert_eq!(numbers, [1, 2, 3]);
    /// ```
    ///
    /// # Panics
    ///
    /// If `index` is beyond the length.
    #[track_caller]
    pub fn insert(&mut self, index: usize, value: T) {
        let len = self.live;
        assert!(
            index <= len,
            "`RetainVec::insert`: index must be at most the length, {index} is above {len}"
        );
        self.push(value);
        self[index..].rotate_right(1);
    }

    /// Removes the elements that `keep` refuses; they are reset and kept. The others stay
    /// in their order.
    ///
    /// If `keep` panics no element is removed, but their order may have changed.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::RetainVec;
    ///
    /// let mut numbers = RetainVec::from_iter(1..6);
    /// numbers.retain(|number| number % 2 == 1);
    /// assert_eq!(numbers, [1, 3, 5]);
    /// assert_eq!(numbers.retained(), 2);
    /// ```
    pub fn retain(&mut self, mut keep: impl FnMut(&T) -> bool) {
        self.retain_mut(|element| keep(element));
    }

    /// Does what [`retain`](RetainVec::retain) does, by a predicate that may change the
    /// elements.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::RetainVec;
    ///
    /// let mut numbers = RetainVec::from_iter([2, 1, 0]);
    /// numbers.retain_mut(|number| {
    ///     *number -= 1;
    ///     *number >= 0
    /// });
    /// assert_eq!(numbers, [1, 0]);
    /// ```
    pub fn retain_mut(&mut self, mut keep: impl FnMut(&mut T) -> bool) {
        let mut kept = 0;
        for index in 0..self.live {
            if keep(&mut self[index]) {
                swap(&mut self.items, kept, index);
                kept += 1;
            }
        }
        self.truncate(kept);
    }

    /// Appends blank elements, or truncates, until there are `len`.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::RetainVec;
    ///
    /// let mut rows = RetainVec::<Vec<u8>>::new();
    /// rows.resize_blank(2);
    /// assert_eq!(rows, [Vec::<u8>::new(), Vec::new()]);
    /// ```
    pub fn resize_blank(&mut self, len: usize) {
        self.truncate(len);
        self.reserve(len - self.live);
        while self.live < len {
            self.push_blank();
        }
    }

    /// Appends clones of `values`, by [`Clone::clone_from`] into spare elements as far as
    /// there are any. `String` and `Vec` reuse their memory for it; a derived `Clone` does
    /// not.
    ///
    /// If a clone panics, the element that it was written to is the last one.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::RetainVec;
    ///
    /// let mut words = RetainVec::<String>::new();
    /// words.extend_from_slice(&["to".into(), "be".into()]);
    /// assert_eq!(words, ["to", "be"]);
    /// ```
    pub fn extend_from_slice(&mut self, values: &[T])
    where
        T: Clone,
    {
        self.reserve(values.len());
        for value in values {
            self.push_blank().clone_from(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{DROPS, Fails, is_consistent, panics, places, probe, texts, unwind};
    use super::*;

    fn numbers(vec: &RetainVec<super::super::tests::Probe>) -> Vec<u8> {
        vec.iter().map(|probe| probe.number).collect()
    }

    /// Elements 5 and up, and two spare ones behind them.
    fn probes(count: u8) -> RetainVec<super::super::tests::Probe> {
        let all = (5..5 + count + 2).map(|n| probe(n, Fails::Nowhere));
        let mut vec = RetainVec::from_iter(all);
        vec.truncate(usize::from(count));
        vec
    }

    #[test]
    fn removed_element_leaves_and_the_spare_ones_stay() {
        let mut vec = probes(4);
        assert_eq!(vec.swap_remove(0).number, 5);
        assert_eq!(numbers(&vec), [8, 6, 7]);
        assert_eq!(vec.remove(0).number, 8);
        assert_eq!(numbers(&vec), [6, 7]);
        assert_eq!(vec.pop().map(|probe| probe.number), Some(7));
        assert_eq!(vec.pop().map(|probe| probe.number), Some(6));
        assert!(vec.pop().is_none());
        is_consistent(&mut vec, 2);
    }

    #[test]
    fn removed_element_leaves_a_vector_without_spare_ones() {
        let mut vec = RetainVec::from_iter([1, 2, 3, 4]);
        assert_eq!((vec.swap_remove(1), vec.remove(0), vec.pop()), (2, 1, Some(3)));
        assert_eq!((vec.as_slice(), vec.retained()), (&[4][..], 0));
    }

    #[test]
    fn removal_refuses_a_spare_element() {
        let mut vec = probes(1);
        assert!(panics(|| drop(vec.swap_remove(1))));
        assert!(panics(|| drop(vec.remove(1))));
        assert!(panics(|| vec.insert(2, probe(9, Fails::Nowhere))));
        assert_eq!(numbers(&vec), [5]);
        is_consistent(&mut vec, 2);
    }

    #[test]
    fn inserted_value_moves_the_others_up() {
        let mut vec = probes(2);
        vec.insert(0, probe(9, Fails::Nowhere));
        vec.insert(3, probe(8, Fails::Nowhere));
        assert_eq!(numbers(&vec), [9, 5, 6, 8]);
        assert!(vec.push_blank().number == 1);
    }

    #[test]
    fn refused_elements_are_reset_and_kept() {
        let mut vec = texts(&["one", "two", "three", "four"]);
        let mut before = places(&vec);
        vec.retain(|text| text.contains('o') && text != "two");
        assert_eq!((vec.as_slice(), vec.retained()), (&texts(&["one", "four"])[..], 2));
        let mut after = places(&vec);
        before.sort();
        after.sort();
        assert_eq!(before, after);
        vec.resize_blank(4);
        vec.retain_mut(|text| {
            text.push('!');
            true
        });
        assert_eq!(vec, ["one!", "four!", "!", "!"]);
    }

    #[test]
    fn panic_in_the_predicate_removes_nothing() {
        let mut vec = probes(4);
        assert!(panics(|| vec.retain(|probe| match probe.number {
            7 => unwind(),
            number => number != 5,
        })));
        let mut left = numbers(&vec);
        left.sort();
        assert_eq!(left, [5, 6, 7, 8]);
        is_consistent(&mut vec, 2);
    }

    #[test]
    fn panic_in_the_reset_of_a_refused_element_drops_it() {
        let mut vec = probes(4);
        vec[1].fails = Fails::InReset;
        DROPS.set(0);
        assert!(panics(|| vec.retain(|probe| probe.number % 2 == 1)));
        assert_eq!(numbers(&vec), [5, 7]);
        assert_eq!(DROPS.get(), 2, "the one that failed, and the one after it");
        is_consistent(&mut vec, 2);
    }

    #[test]
    fn spare_elements_are_room() {
        let mut vec = texts(&["one"; 8]);
        vec.shrink_to(0);
        vec.truncate(3);
        vec.reserve(5);
        assert_eq!(vec.capacity(), 8);
        vec.reserve(6);
        assert!(vec.capacity() >= 9);
        assert_eq!((vec.len(), vec.retained()), (3, 5));
    }

    #[test]
    fn resizing_hands_out_spare_elements_first() {
        let mut vec = texts(&["one", "two", "three"]);
        let kept = places(&vec);
        vec.resize_blank(1);
        assert_eq!((vec.as_slice(), vec.retained()), (&texts(&["one"])[..], 2));
        vec.resize_blank(4);
        assert_eq!(vec, ["one", "", "", ""]);
        assert_eq!(places(&vec)[..3], kept);
    }

    #[test]
    fn clones_are_written_into_spare_elements() {
        let mut vec = texts(&["one", "two", "three"]);
        let kept = places(&vec);
        vec.clear();
        vec.extend_from_slice(&["a".into(), "b".into(), "c".into(), "d".into()]);
        assert_eq!(vec, ["a", "b", "c", "d"]);
        assert_eq!(places(&vec)[..3], kept);
    }
}
