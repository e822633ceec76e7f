//! A vector whose cleared elements stay for reuse.
//!
//! # Invariants
//!
//! 1. `live` is at most `items.len()`. Elements at and above it are spare: blank, and
//!    seen by nobody.
//! 2. `spare_heap` is the sum of what the spare elements retained when they became
//!    spare; it is zero when there are none.
//! 3. An element whose reset did not return is dropped; it never becomes spare.
//! 4. Elements at and above `unwiped` have been seen by nobody since the last wipe, so
//!    that one large use does not make every later wipe a large one.
//! 5. There are at most `limit` spare elements.
//! 6. Where a call that resets returns, and where it unwinds, every element at and above
//!    `live` is one whose reset returned, and which since then was lent to nothing but its
//!    own `retained_bytes` and, before one more reset, its own `wipe`; and the vector holds
//!    no other value of `T`. So an element that borrows has nothing of what it borrowed
//!    once it is spare, and after [`Reset::reset`] none has: if that unwinds too.
//!
//! # Rejected
//!
//! Keeping every spare element that `push` meets: a user who pushes ten values and
//! clears them would own ten elements more after each round.

mod edit;
mod traits;

use core::mem;

#[cfg(feature = "zeroize")]
use crate::wipe::{Wipe, bytes_of, wipe_memory};
use crate::{Capacity, Reset};

/// A `Vec` that resets and keeps its elements when it is cleared.
///
/// It derefs to the slice of its elements. [`push_blank`](RetainVec::push_blank) hands
/// out a kept element before it creates one.
///
/// An element that a method returns by value has left, with its memory; a bytewise copy of it
/// stays behind in the buffer, as in a `Vec`. All others that are removed are reset, which
/// wipes fields of theirs that are marked as secrets, and kept: by
/// [`clear`](RetainVec::clear), [`truncate`](RetainVec::truncate),
/// [`retain`](RetainVec::retain) and [`resize_blank`](RetainVec::resize_blank). To keep
/// a single one, swap it with the last and truncate.
///
/// # Examples
///
/// ```
/// use poolable::RetainVec;
///
/// let mut lines = RetainVec::<String>::new();
/// lines.push_blank().push_str("GET /");
/// let place = lines[0].as_ptr();
///
/// lines.clear();
/// assert!(lines.is_empty());
/// assert_eq!(lines.push_blank(), "");
/// assert_eq!(lines[0].as_ptr(), place);
/// ```
pub struct RetainVec<T> {
    items: Vec<T>,
    live: usize,
    spare_heap: usize,
    unwiped: usize,
    limit: usize,
}

impl<T> RetainVec<T> {
    /// Returns an empty vector without an allocation.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::RetainVec;
    ///
    /// static EMPTY: RetainVec<String> = RetainVec::new();
    /// assert!(EMPTY.is_empty());
    /// ```
    #[inline]
    #[must_use]
    pub const fn new() -> Self {
        Self { items: Vec::new(), live: 0, spare_heap: 0, unwiped: 0, limit: usize::MAX }
    }

    /// Returns an empty vector with room for at least `capacity` elements.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::RetainVec;
    ///
    /// let lines = RetainVec::<String>::with_capacity(16);
    /// assert!(lines.is_empty() && lines.capacity() >= 16);
    /// ```
    #[inline]
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self { items: Vec::with_capacity(capacity), ..Self::new() }
    }

    /// Returns for how many elements there is room, spare ones included.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::RetainVec;
    ///
    /// assert_eq!(RetainVec::<String>::new().capacity(), 0);
    /// ```
    #[inline]
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.items.capacity()
    }

    /// Returns how many spare elements are kept for reuse.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::RetainVec;
    ///
    /// let mut numbers = RetainVec::from_iter([1, 2, 3]);
    /// numbers.truncate(1);
    /// assert_eq!(numbers.retained(), 2);
    /// ```
    #[inline]
    #[must_use]
    pub fn retained(&self) -> usize {
        self.items.len() - self.live
    }

    /// Borrows the elements.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::RetainVec;
    ///
    /// assert_eq!(RetainVec::from_iter([1, 2]).as_slice(), [1, 2]);
    /// ```
    #[inline]
    #[must_use]
    pub fn as_slice(&self) -> &[T] {
        &self.items[..self.live]
    }

    /// Borrows the elements mutably.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::RetainVec;
    ///
    /// let mut numbers = RetainVec::from_iter([2, 1]);
    /// numbers.as_mut_slice().sort();
    /// assert_eq!(numbers.as_slice(), [1, 2]);
    /// ```
    #[inline]
    #[must_use]
    pub fn as_mut_slice(&mut self) -> &mut [T] {
        &mut self.items[..self.live]
    }

    /// Restores the second half of invariant 2, whatever the elements told about
    /// themselves.
    #[inline]
    fn settle(&mut self) {
        if self.retained() == 0 {
            self.spare_heap = 0;
        }
    }
}

impl<T: Reset> RetainVec<T> {
    /// Appends a blank element, a spare one if there is any.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::RetainVec;
    ///
    /// let mut rows = RetainVec::<Vec<u8>>::new();
    /// rows.push_blank().extend([1, 2]);
    /// assert_eq!(rows.as_slice(), [[1, 2]]);
    /// ```
    ///
    /// # Performance
    ///
    /// No allocation while there are spare elements.
    #[inline]
    pub fn push_blank(&mut self) -> &mut T {
        let place = self.live;
        if let Some(spare) = self.items.get_mut(place) {
            let heap = spare.retained_bytes();
            self.spare_heap = self.spare_heap.saturating_sub(heap);
        } else {
            self.items.push(T::blank());
        }
        self.live += 1;
        self.unwiped = self.unwiped.max(self.live);
        self.settle();
        &mut self.items[place]
    }

    /// Appends a value. A spare element in its place moves to the back; if that would
    /// take a larger buffer, it is dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::RetainVec;
    ///
    /// let mut lines = RetainVec::new();
    /// lines.push(String::from("GET /"));
    /// assert_eq!(lines.as_slice(), ["GET /"]);
    /// ```
    pub fn push(&mut self, value: T) {
        // A buffer of elements without size is never full, and would keep all of them.
        let has_room = size_of::<T>() != 0 && self.items.len() < self.items.capacity();
        if self.retained() == 0 || has_room {
            self.items.push(value);
            let last = self.items.len() - 1;
            super::swap(&mut self.items, self.live, last);
            if self.live < self.unwiped {
                // The spare element that moved to the back may be one of them.
                self.unwiped = self.items.len();
            }
            self.live += 1;
            self.unwiped = self.unwiped.max(self.live);
        } else {
            let heap = self.items[self.live].retained_bytes();
            let spare = mem::replace(&mut self.items[self.live], value);
            self.live += 1;
            self.unwiped = self.unwiped.max(self.live);
            self.spare_heap = self.spare_heap.saturating_sub(heap);
            self.settle();
            // Last, for it may panic.
            drop(spare);
        }
    }

    /// Removes all elements; they are reset and kept. If a reset panics, that element
    /// and those after it are dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::RetainVec;
    ///
    /// let mut lines = RetainVec::from_iter([String::from("used")]);
    /// lines.clear();
    /// assert!(lines.is_empty());
    /// assert_eq!(lines.retained(), 1);
    /// ```
    #[inline]
    pub fn clear(&mut self) {
        self.truncate(0);
    }

    /// Removes the elements from `len` on; they are reset and kept. If a reset panics,
    /// that element and those after it are dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::RetainVec;
    ///
    /// let mut numbers = RetainVec::from_iter([1, 2, 3]);
    /// numbers.truncate(1);
    /// assert_eq!(numbers.as_slice(), [1]);
    /// ```
    #[inline]
    pub fn truncate(&mut self, len: usize) {
        if len >= self.live {
            return;
        }
        let end = mem::replace(&mut self.live, len);
        let kept = len.saturating_add(self.limit);
        let mut retiring = Retiring { vec: self, next: len, end, kept };
        if retiring.vec.items.len() > kept {
            retiring.vec.drop_spares_from(end.max(kept));
            if retiring.vec.items.len() == end {
                // Invariant 2, which `settle` cannot restore before they are blank.
                retiring.vec.spare_heap = 0;
            }
        }
        while retiring.next < end {
            let item = &mut retiring.vec.items[retiring.next];
            item.reset();
            if retiring.next < kept {
                let heap = item.retained_bytes();
                retiring.vec.spare_heap = retiring.vec.spare_heap.saturating_add(heap);
            }
            retiring.next += 1;
        }
    }

    /// Drops the spare elements beyond the first `capacity` elements of the buffer,
    /// then lowers its capacity towards that.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::RetainVec;
    ///
    /// let mut numbers = RetainVec::from_iter(0..100);
    /// numbers.truncate(5);
    /// numbers.shrink_to(10);
    /// assert_eq!((numbers.len(), numbers.retained()), (5, 5));
    /// assert!(numbers.capacity() < 100);
    /// ```
    pub fn shrink_to(&mut self, capacity: usize) {
        self.drop_spares_from(capacity.max(self.live));
        if self.items.capacity() > capacity {
            self.items.shrink_to(capacity);
        }
    }

    /// Keeps no more than `limit` spare elements from now on: those beyond it are reset
    /// and dropped. Without this call there is no such bound.
    ///
    /// It is meant for the birth of the vector, and holds as long as the vector does:
    /// `#[pool(init = RetainVec::new().max_retained(64))]` on a field. To bound what a pool
    /// keeps from one user to the next, `#[pool(max_capacity = 64)]` will do.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::RetainVec;
    ///
    /// let mut lines = RetainVec::<String>::new().max_retained(2);
    /// lines.resize_blank(10);
    /// lines.clear();
    /// assert_eq!(lines.retained(), 2);
    /// ```
    #[must_use]
    pub fn max_retained(mut self, limit: usize) -> Self {
        self.set_max_retained(limit);
        self
    }

    /// Does what [`max_retained`](RetainVec::max_retained) does, in place.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::RetainVec;
    ///
    /// let mut numbers = RetainVec::from_iter(0..10);
    /// numbers.clear();
    /// numbers.set_max_retained(4);
    /// assert_eq!(numbers.retained(), 4);
    /// ```
    pub fn set_max_retained(&mut self, limit: usize) {
        // First: the drop of a spare element may panic.
        self.limit = limit;
        self.drop_spares_from(self.live.saturating_add(limit));
    }

    /// Drops the spare elements at and above `start`, which is not below the elements in
    /// use nor, during a truncation, below those that are about to become spare.
    fn drop_spares_from(&mut self, start: usize) {
        while let Some(spare) = self.items.get_mut(start..).and_then(<[T]>::last_mut) {
            let heap = spare.retained_bytes();
            let spare = self.items.pop();
            self.spare_heap = self.spare_heap.saturating_sub(heap);
            self.settle();
            drop(spare);
        }
    }
}

/// Elements on their way to become spare: from `next` to `end` they are not blank yet.
/// Unwinding drops those (invariant 3). The end of the way drops those from `kept` on,
/// which are too many (invariant 5).
struct Retiring<'a, T> {
    vec: &'a mut RetainVec<T>,
    next: usize,
    end: usize,
    kept: usize,
}

impl<T> Drop for Retiring<'_, T> {
    #[inline]
    fn drop(&mut self) {
        let first = self.next.min(self.kept);
        if first < self.end {
            drop(self.vec.items.drain(first..self.end));
        }
    }
}

impl<T: Reset> Reset for RetainVec<T> {
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
        // None is in use behind a reset, but there may be some at birth, which count then.
        let in_use = self.items[..self.live].iter_mut().map(T::retained_bytes);
        let heap = in_use.fold(self.spare_heap, usize::saturating_add);
        self.items.capacity().saturating_mul(size_of::<T>()).saturating_add(heap)
    }
}

impl<T: Reset> Capacity for RetainVec<T> {
    #[inline]
    fn with_capacity(capacity: usize) -> Self {
        Self::with_capacity(capacity)
    }

    #[inline]
    fn capacity(&self) -> usize {
        self.items.capacity()
    }

    #[inline]
    fn grow_to(&mut self, capacity: usize) {
        self.items.grow_to(capacity);
    }

    #[inline]
    fn shrink_to(&mut self, capacity: usize) {
        Self::shrink_to(self, capacity);
    }
}

/// Becomes empty. All elements that were in use since the last wipe are wiped, spare ones
/// too, then reset and kept. A spare element that a pushed value takes the place of, and one
/// that the vector is shrunk below, was reset, and is freed as its drop leaves it.
#[cfg(feature = "zeroize")]
impl<T: Wipe + Reset> Wipe for RetainVec<T> {
    fn wipe(&mut self) {
        /// Wipes what lies behind the elements, on unwind too; the elements are dropped
        /// before, for they are wiped in part, or wiped and not yet blank.
        struct Wiping<'a, T> {
            vec: &'a mut RetainVec<T>,
            returned: bool,
        }

        impl<T> Drop for Wiping<'_, T> {
            fn drop(&mut self) {
                if !self.returned {
                    self.vec.live = 0;
                    self.vec.spare_heap = 0;
                    self.vec.items.clear();
                }
                wipe_memory(bytes_of(self.vec.items.spare_capacity_mut()));
            }
        }

        let unwiped = self.unwiped.min(self.items.len());
        // A watch takes what is not wiped for freed.
        #[cfg(feature = "mlock")]
        let unwiped = if crate::mlock::is_watched() { self.items.len() } else { unwiped };
        let mut wiping = Wiping { vec: self, returned: false };
        T::wipe_slice(&mut wiping.vec.items[..unwiped]);
        // The wiped ones have to be reset once more, so they are spare no longer.
        let live = mem::replace(&mut wiping.vec.live, unwiped);
        for index in live..unwiped {
            let heap = wiping.vec.items[index].retained_bytes();
            wiping.vec.spare_heap = wiping.vec.spare_heap.saturating_sub(heap);
        }
        wiping.returned = true;
        drop(wiping);
        self.unwiped = 0;
        self.clear();
    }
}

#[cfg(test)]
pub(super) mod tests {
    use core::cell::Cell;
    use core::panic::AssertUnwindSafe;
    use std::panic::{catch_unwind, resume_unwind};

    use super::*;

    pub(in crate::retain) fn texts(texts: &[&str]) -> RetainVec<String> {
        texts.iter().copied().map(String::from).collect()
    }

    pub(in crate::retain) fn places(vec: &RetainVec<String>) -> Vec<*const u8> {
        vec.items.iter().map(|text| text.as_ptr()).collect()
    }

    fn heap(vec: &RetainVec<String>) -> usize {
        vec.items[vec.live..].iter().map(String::capacity).sum()
    }

    pub(in crate::retain) fn panics(act: impl FnOnce()) -> bool {
        catch_unwind(AssertUnwindSafe(act)).is_err()
    }

    /// Unwinds without the noise of a panic hook.
    pub(in crate::retain) fn unwind() -> ! {
        resume_unwind(Box::new(()))
    }

    #[derive(Clone, Copy, Debug, PartialEq)]
    pub(in crate::retain) enum Fails {
        Nowhere,
        InReset,
        InRetained,
        InDrop,
        #[cfg(feature = "zeroize")]
        InWipe,
    }

    thread_local! {
        pub(in crate::retain) static DROPS: Cell<usize> = const { Cell::new(0) };
        pub(in crate::retain) static BIRTHS_LEFT: Cell<usize> = const { Cell::new(usize::MAX) };
        static MEASURED: Cell<usize> = const { Cell::new(0) };
    }

    /// Panics where it is told to; blank if its number is 1.
    #[derive(Debug)]
    pub(in crate::retain) struct Probe {
        pub(in crate::retain) number: u8,
        pub(in crate::retain) fails: Fails,
    }

    pub(in crate::retain) fn probe(number: u8, fails: Fails) -> Probe {
        Probe { number, fails }
    }

    impl Reset for Probe {
        fn blank() -> Self {
            match BIRTHS_LEFT.get().checked_sub(1) {
                Some(left) => BIRTHS_LEFT.set(left),
                None => unwind(),
            }
            probe(1, Fails::Nowhere)
        }
        fn reset(&mut self) {
            if self.fails == Fails::InReset {
                unwind();
            }
            self.number = 1;
        }
        fn retained_bytes(&mut self) -> usize {
            MEASURED.set(MEASURED.get() + 1);
            if self.fails == Fails::InRetained {
                unwind();
            }
            100
        }
    }

    #[cfg(feature = "zeroize")]
    impl Wipe for Probe {
        fn wipe(&mut self) {
            if self.fails == Fails::InWipe {
                unwind();
            }
            self.number = 0;
        }
    }

    impl Drop for Probe {
        fn drop(&mut self) {
            DROPS.set(DROPS.get() + 1);
            if self.fails == Fails::InDrop {
                unwind();
            }
        }
    }

    /// Asserts the invariants, and that whatever is handed out from here on is blank.
    pub(in crate::retain) fn is_consistent(vec: &mut RetainVec<Probe>, retained: usize) {
        assert_eq!(vec.retained(), retained);
        assert_eq!(vec.spare_heap, 100 * retained);
        let live = vec.len();
        for _ in 0..retained + 2 {
            assert_eq!(vec.push_blank().number, 1);
        }
        assert_eq!((vec.len(), vec.spare_heap), (live + retained + 2, 0));
    }

    #[test]
    fn cleared_elements_are_blank_and_kept() {
        let mut vec = texts(&["one", "three", "four"]);
        let (kept, buffer) = (places(&vec), vec.items.as_ptr());
        vec.clear();
        assert_eq!((vec.len(), vec.retained()), (0, 3));
        assert_eq!((places(&vec), vec.items.as_ptr()), (kept.clone(), buffer));
        for place in kept {
            let text = vec.push_blank();
            assert_eq!((text.as_str(), text.as_ptr()), ("", place));
        }
        assert_eq!(vec.retained(), 0);
        assert_eq!(vec.push_blank().capacity(), 0);
    }

    #[test]
    fn reset_shows_what_blank_shows_and_counts_what_is_kept() {
        let mut vec = texts(&["one", "three"]);
        vec.reset();
        assert_eq!(vec, RetainVec::blank());
        assert_eq!(vec.retained_bytes(), vec.capacity() * size_of::<String>() + heap(&vec));
        assert!(heap(&vec) >= 8);
        assert_eq!(RetainVec::<String>::blank().retained_bytes(), 0);
    }

    #[test]
    fn measuring_asks_no_element() {
        let mut vec = RetainVec::from_iter((0..50).map(|n| probe(n, Fails::Nowhere)));
        vec.reset();
        MEASURED.set(0);
        assert_eq!(vec.retained_bytes(), vec.capacity() * size_of::<Probe>() + 5000);
        assert_eq!(MEASURED.get(), 0);
    }

    #[test]
    fn heap_of_spare_elements_follows_each_call() {
        let mut vec = texts(&["one", "three", "fifteen", "four", "five"]);
        vec.truncate(2);
        assert_eq!(vec.spare_heap, heap(&vec));
        vec.push_blank().push_str("a text that is too long for the buffer it found");
        assert_eq!(vec.spare_heap, heap(&vec));
        vec.push(String::from("six"));
        assert_eq!(vec.spare_heap, heap(&vec));
        vec.clear();
        assert_eq!(vec.spare_heap, heap(&vec));
        assert!(vec.spare_heap >= 47);
        vec.shrink_to(1);
        assert_eq!((vec.spare_heap, vec.retained()), (heap(&vec), 1));
        vec.shrink_to(0);
        assert_eq!((vec.spare_heap, vec.retained_bytes()), (0, 0));
    }

    #[test]
    fn heap_of_no_spare_elements_is_zero_even_if_they_lied() {
        /// Tells less each time it is asked.
        struct Fading(usize);
        impl Reset for Fading {
            fn blank() -> Self {
                Fading(100)
            }
            fn reset(&mut self) {}
            fn retained_bytes(&mut self) -> usize {
                self.0 /= 2;
                self.0
            }
        }
        let mut vec = RetainVec::new();
        for leave in [
            |vec: &mut RetainVec<Fading>| (0..2).for_each(|_| vec.push_blank().reset()),
            |vec: &mut RetainVec<Fading>| vec.shrink_to(0),
            |vec: &mut RetainVec<Fading>| vec.extend([Fading(100), Fading(100)]),
        ] {
            vec.push_blank();
            vec.push_blank();
            vec.shrink_to(0);
            vec.clear();
            assert!(vec.spare_heap > 0);
            leave(&mut vec);
            assert_eq!((vec.retained(), vec.spare_heap), (0, 0));
            vec = RetainVec::new();
        }
    }

    #[test]
    fn truncate_keeps_the_elements_below() {
        let mut vec = texts(&["one", "two", "three"]);
        vec.truncate(usize::MAX);
        vec.truncate(3);
        assert_eq!((vec.as_slice(), vec.retained()), (&texts(&["one", "two", "three"])[..], 0));
        vec.truncate(1);
        assert_eq!((vec.as_slice(), vec.retained()), (&texts(&["one"])[..], 2));
        assert_eq!(vec.push_blank(), "");
    }

    #[test]
    fn pushed_value_sends_a_spare_element_to_the_back() {
        let mut vec = RetainVec::with_capacity(4);
        vec.extend(texts(&["one", "two"]).items);
        let kept = places(&vec);
        vec.clear();
        vec.push(String::from("new"));
        assert_eq!((vec.as_slice(), vec.retained()), (&texts(&["new"])[..], 2));
        assert_eq!(places(&vec)[1..], [kept[1], kept[0]]);
        assert_eq!(vec.push_blank(), "");
    }

    #[test]
    fn pushed_value_takes_the_place_of_a_spare_element_in_a_full_buffer() {
        let mut vec = texts(&["one", "two"]);
        vec.shrink_to(0);
        let (kept, capacity) = (places(&vec), vec.capacity());
        assert_eq!(capacity, 2);
        vec.clear();
        vec.push(String::from("new"));
        assert_eq!((vec.as_slice(), vec.retained()), (&texts(&["new"])[..], 1));
        assert_eq!((vec.capacity(), places(&vec)[1]), (capacity, kept[1]));
    }

    #[test]
    fn rounds_of_pushes_do_not_pile_up_elements() {
        let mut vec = RetainVec::new();
        let mut units = RetainVec::new();
        for _ in 0..1000 {
            vec.extend(texts(&["one"; 10]).items);
            vec.clear();
            units.extend([(); 10]);
            units.clear();
        }
        assert!(vec.capacity() <= 20 && vec.retained() <= vec.capacity());
        assert_eq!(units.retained(), 10);
    }

    #[test]
    fn shrinking_leaves_the_elements_in_use() {
        let mut vec = texts(&["one"; 100]);
        vec.truncate(20);
        Capacity::shrink_to(&mut vec, 10);
        assert_eq!((vec.len(), vec.retained()), (20, 0));
        assert!((20..100).contains(&vec.capacity()));
        assert!(vec.iter().all(|text| text == "one"));
        let capacity = vec.capacity();
        Capacity::shrink_to(&mut vec, capacity);
        assert_eq!(vec.capacity(), capacity);
    }

    #[test]
    fn no_more_spare_elements_are_kept_than_the_bound_allows() {
        for limit in 0..8 {
            // Six that were used, two of them cleared before the others.
            let mut vec = RetainVec::from_iter((5..11).map(|n| probe(n, Fails::Nowhere)));
            vec.set_max_retained(limit);
            vec.truncate(4);
            assert_eq!(vec.retained(), limit.min(2));
            vec.truncate(1);
            assert_eq!((vec.retained(), vec.spare_heap), (limit.min(5), 100 * limit.min(5)));
            vec.clear();
            is_consistent(&mut vec, limit.min(6));
        }
    }

    #[test]
    fn bound_holds_from_the_call_on() {
        let mut vec = RetainVec::from_iter((5..11).map(|n| probe(n, Fails::Nowhere)));
        vec.truncate(1);
        vec = vec.max_retained(3);
        assert_eq!((vec.len(), vec[0].number), (1, 5));
        vec.push(probe(9, Fails::Nowhere));
        vec.clear();
        is_consistent(&mut vec, 3);
    }

    #[test]
    fn elements_beyond_the_bound_are_reset_before_they_are_dropped() {
        thread_local! {
            static DROPPED_IN_USE: Cell<usize> = const { Cell::new(0) };
        }
        struct Lamp(bool);
        impl Reset for Lamp {
            fn blank() -> Self {
                Lamp(false)
            }
            fn reset(&mut self) {
                self.0 = false;
            }
        }
        impl Drop for Lamp {
            fn drop(&mut self) {
                DROPPED_IN_USE.set(DROPPED_IN_USE.get() + usize::from(self.0));
            }
        }
        let mut lamps = RetainVec::from_iter([true; 5].map(Lamp)).max_retained(2);
        lamps.clear();
        assert_eq!((lamps.retained(), DROPPED_IN_USE.get()), (2, 0));
    }

    #[test]
    fn panics_do_not_break_the_bound() {
        for fails in [Fails::InReset, Fails::InRetained, Fails::InDrop] {
            for failing in 0..6 {
                for limit in 0..8 {
                    let mut vec = RetainVec::from_iter((5..11).map(|n| probe(n, Fails::Nowhere)));
                    vec.set_max_retained(limit);
                    vec.truncate(4);
                    if let Some(probe) = vec.items.get_mut(failing) {
                        probe.fails = fails;
                    }
                    panics(|| vec.clear());
                    assert!(vec.is_empty() && vec.retained() <= limit);
                    vec.items.iter_mut().for_each(|probe| probe.fails = Fails::Nowhere);
                    let retained = vec.retained();
                    is_consistent(&mut vec, retained);
                }
            }
        }
    }

    #[test]
    fn heap_is_zero_where_the_bound_leaves_no_spare_element() {
        /// Tells less each time it is asked.
        struct Fading(usize);
        impl Reset for Fading {
            fn blank() -> Self {
                Fading(100)
            }
            fn reset(&mut self) {}
            fn retained_bytes(&mut self) -> usize {
                self.0 /= 2;
                self.0
            }
        }
        let mut vec = RetainVec::from_iter([100; 4].map(Fading));
        vec.truncate(2);
        vec.limit = 0;
        vec.clear();
        assert_eq!((vec.retained(), vec.spare_heap), (0, 0));
    }

    #[test]
    fn capacity_is_given_and_grown() {
        let mut vec = <RetainVec<String> as Capacity>::with_capacity(10);
        assert!(Capacity::capacity(&vec) >= 10);
        vec.push_blank();
        vec.clear();
        vec.grow_to(100);
        assert!(vec.capacity() >= 100);
        assert_eq!((vec.len(), vec.retained()), (0, 1));
    }

    #[test]
    fn spare_elements_are_invisible() {
        let mut vec = texts(&["one", "two"]);
        vec.truncate(1);
        assert_eq!(vec, texts(&["one"]));
        assert_ne!(vec, texts(&["one", ""]));
        assert_eq!(format!("{vec:?}"), r#"["one"]"#);
        assert_eq!(vec.clone(), vec);
        assert_eq!(vec.clone().retained(), 0);
        vec.clear();
        assert_eq!(vec, RetainVec::default());
        assert_eq!((&vec).into_iter().count(), 0);
    }

    #[test]
    fn elements_are_reached_like_those_of_a_slice() {
        let mut vec = RetainVec::from_iter([3, 1, 2]);
        vec.sort();
        for number in &mut vec {
            *number *= 10;
        }
        vec[0] += 1;
        assert_eq!(vec.as_slice(), [11, 20, 30]);
        assert_eq!((&vec).into_iter().sum::<i32>(), 61);
        assert_eq!(vec.as_mut_slice().last(), Some(&30));
    }

    #[test]
    fn elements_without_size_are_counted() {
        let mut vec = RetainVec::<()>::new();
        vec.push_blank();
        vec.push(());
        assert_eq!((vec.len(), vec.capacity()), (2, usize::MAX));
        vec.clear();
        assert_eq!((vec.len(), vec.retained(), vec.retained_bytes()), (0, 2, 0));
        vec.shrink_to(1);
        assert_eq!(vec.retained(), 1);
    }

    #[test]
    fn panic_in_reset_drops_that_element_and_those_after_it() {
        for fails in [Fails::InReset, Fails::InRetained] {
            for failing in 0..4 {
                let mut vec = RetainVec::new();
                // Two spare elements from an earlier use, behind the four.
                vec.extend((0..6).map(|n| probe(n, Fails::Nowhere)));
                vec.truncate(4);
                vec[failing].fails = fails;
                DROPS.set(0);
                assert!(panics(|| vec.clear()));
                assert_eq!(DROPS.get(), 4 - failing);
                assert_eq!(vec.len(), 0);
                is_consistent(&mut vec, failing + 2);
            }
        }
    }

    #[test]
    fn panic_in_reset_leaves_the_elements_that_stay() {
        let mut vec = RetainVec::from_iter((0..4).map(|n| probe(n, Fails::Nowhere)));
        vec[2].fails = Fails::InReset;
        assert!(panics(|| vec.truncate(1)));
        assert_eq!((vec.len(), vec[0].number), (1, 0));
        is_consistent(&mut vec, 1);
    }

    #[test]
    fn panic_in_blank_adds_nothing() {
        let mut vec = RetainVec::from_iter([probe(7, Fails::Nowhere)]);
        BIRTHS_LEFT.set(0);
        assert!(panics(|| vec.push_blank().reset()));
        BIRTHS_LEFT.set(usize::MAX);
        assert_eq!(vec.len(), 1);
        is_consistent(&mut vec, 0);
    }

    #[test]
    fn panic_in_measuring_a_spare_element_hands_nothing_out() {
        let mut vec = RetainVec::from_iter([probe(7, Fails::Nowhere)]);
        vec.shrink_to(0);
        vec.clear();
        vec.items[0].fails = Fails::InRetained;
        assert!(panics(|| vec.push_blank().reset()));
        assert!(panics(|| vec.push(probe(8, Fails::Nowhere))));
        assert!(panics(|| vec.shrink_to(0)));
        assert_eq!(vec.len(), 0);
        vec.items[0].fails = Fails::Nowhere;
        is_consistent(&mut vec, 1);
    }

    #[test]
    fn panic_in_dropping_a_spare_element_leaves_the_rest() {
        let mut vec = RetainVec::from_iter((0..3).map(|n| probe(n, Fails::Nowhere)));
        vec.shrink_to(0);
        vec.clear();
        vec.items[0].fails = Fails::InDrop;
        assert!(panics(|| vec.push(probe(7, Fails::Nowhere))));
        assert_eq!((vec.len(), vec[0].number), (1, 7));
        vec.items[2].fails = Fails::InDrop;
        assert!(panics(|| vec.shrink_to(0)));
        assert_eq!(vec.len(), 1);
        is_consistent(&mut vec, 1);
    }

    #[cfg(feature = "zeroize")]
    mod wipes {
        use super::*;

        #[test]
        fn wipe_covers_elements_in_use_and_spare_ones() {
            let mut vec = texts(&["s3cret", "t0ken!", "passwd"]);
            vec.truncate(1);
            let kept = places(&vec);
            vec.wipe();
            assert_eq!((vec.len(), vec.retained(), places(&vec)), (0, 3, kept));
            assert_eq!(vec.spare_heap, heap(&vec));
            for text in vec.items {
                let mut bytes = text.into_bytes();
                // SAFETY: each text was six bytes long, so they are initialised.
                unsafe { bytes.set_len(6) };
                assert_eq!(bytes, [0; 6]);
            }
        }

        #[test]
        fn wipe_covers_the_buffer_behind_the_elements() {
            let mut vec = RetainVec::from_iter([0xA5_u64; 8]);
            vec.items.truncate(3);
            vec.live = 3;
            vec.wipe();
            assert_eq!((vec.retained(), vec.capacity()), (3, 8));
            // SAFETY: the buffer had eight elements, so they are initialised.
            unsafe { vec.items.set_len(8) };
            assert_eq!(vec.items, [0; 8]);
        }

        #[test]
        fn wiped_elements_are_blank_again() {
            let mut vec = RetainVec::from_iter((5..9).map(|n| probe(n, Fails::Nowhere)));
            vec.truncate(2);
            vec.wipe();
            assert_eq!(vec.len(), 0);
            is_consistent(&mut vec, 4);
        }

        #[test]
        fn wipe_of_nothing_does_nothing() {
            let mut vec = RetainVec::<String>::new();
            vec.wipe();
            assert_eq!((vec.len(), vec.capacity()), (0, 0));
            let mut units = RetainVec::from_iter([(), ()]);
            units.wipe();
            assert_eq!((units.len(), units.retained()), (0, 2));
        }

        #[test]
        fn panic_in_a_wipe_wipes_the_others_and_drops_them_all() {
            for failing in 0..3 {
                let mut vec = RetainVec::from_iter((5..8).map(|n| probe(n, Fails::Nowhere)));
                vec.truncate(2);
                vec.items[failing].fails = Fails::InWipe;
                DROPS.set(0);
                assert!(panics(|| vec.wipe()));
                assert_eq!((DROPS.get(), vec.items.len()), (3, 0));
                is_consistent(&mut vec, 0);
            }
        }

        #[test]
        fn panic_in_measuring_what_was_wiped_drops_them_all() {
            let mut vec = RetainVec::from_iter((5..8).map(|n| probe(n, Fails::Nowhere)));
            vec.truncate(2);
            vec.items[2].fails = Fails::InRetained;
            assert!(panics(|| vec.wipe()));
            assert_eq!(vec.len(), 0);
            is_consistent(&mut vec, 0);
        }

        #[test]
        fn panic_in_the_reset_after_a_wipe_drops_from_there_on() {
            let mut vec = RetainVec::from_iter((5..8).map(|n| probe(n, Fails::Nowhere)));
            vec.items[1].fails = Fails::InReset;
            assert!(panics(|| vec.wipe()));
            assert_eq!(vec.len(), 0);
            is_consistent(&mut vec, 1);
        }
    }

    #[cfg(feature = "zeroize")]
    #[test]
    fn a_wipe_reaches_what_was_in_use_since_the_last_one_and_no_more() {
        use core::cell::Cell;

        std::thread_local! {
            static WIPES: Cell<usize> = const { Cell::new(0) };
        }

        struct Spy(u8);

        impl Reset for Spy {
            fn blank() -> Self {
                Self(0)
            }
            fn reset(&mut self) {}
        }

        impl Wipe for Spy {
            fn wipe(&mut self) {
                WIPES.set(WIPES.get() + 1);
                self.0 = 0;
            }
        }

        let mut spies = RetainVec::<Spy>::with_capacity(16);
        let mut wiped = |work: &dyn Fn(&mut RetainVec<Spy>)| {
            work(&mut spies);
            WIPES.set(0);
            spies.wipe();
            assert!(spies.items.iter().all(|spy| spy.0 == 0), "a secret stayed");
            WIPES.get()
        };
        let fill = |spies: &mut RetainVec<Spy>, count| {
            (0..count).for_each(|_| spies.push_blank().0 = 7);
        };
        assert_eq!(wiped(&|spies| fill(spies, 10)), 10);
        assert_eq!(wiped(&|_| {}), 0);
        assert_eq!(wiped(&|spies| fill(spies, 3)), 3);
        // Cleared in between, so spare, and yet to be wiped.
        let cleared = |spies: &mut RetainVec<Spy>| {
            fill(spies, 5);
            spies.clear();
            fill(spies, 1);
        };
        assert_eq!(wiped(&cleared), 5);
        // A value that is pushed sends an unwiped spare to the back.
        let pushed = |spies: &mut RetainVec<Spy>| {
            fill(spies, 2);
            spies.clear();
            spies.push(Spy(9));
        };
        assert_eq!(wiped(&pushed), 11);
        assert_eq!(wiped(&|spies| spies.extend([Spy(1)])), 1);
    }
}
