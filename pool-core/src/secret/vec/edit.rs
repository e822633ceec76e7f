//! What comes into a vector and what goes out.
//!
//! # Invariants
//!
//! 1. A value that is passed in is wiped from our stack once it is in the buffer, and wiped
//!    and dropped if it does not get there.

use core::mem::MaybeUninit;
use core::ops::{Bound, Range, RangeBounds};
use core::ptr;

use super::SecretVec;
use super::memory::{IN_REGISTERS, Passing, bury, hand_over};
use crate::wipe::{Wipe, bytes_of, swap, wipe_memory};

/// A vector with a gap, whose length is lowered to where the gap begins.
///
/// It closes the gap when it drops, and wipes what becomes free at the end.
pub(in crate::secret) struct Gap<'a, T: Wipe> {
    vec: &'a mut SecretVec<T>,
    /// Where the gap ends: the elements from here to `len` are to be kept.
    end: usize,
    /// The length before.
    len: usize,
}

impl<'a, T: Wipe> Gap<'a, T> {
    /// Opens an empty gap.
    #[inline]
    pub(in crate::secret) fn at(vec: &'a mut SecretVec<T>, start: usize) -> Self {
        let len = vec.items.len();
        assert!(start <= len, "a gap lies within the length");
        // SAFETY: the length is lowered.
        unsafe { vec.items.set_len(start) };
        Self { vec, end: start, len }
    }

    /// The places from the beginning of the gap to the old length.
    fn places(&mut self) -> &mut [MaybeUninit<T>] {
        let places = self.len - self.vec.items.len();
        &mut self.vec.items.spare_capacity_mut()[..places]
    }

    /// The next `count` elements, which are seen once: the gap reaches over them from now on.
    fn widen(&mut self, count: usize) -> &mut [MaybeUninit<T>] {
        let from = self.end - self.vec.items.len();
        assert!(count <= self.len - self.end, "a gap lies within the length");
        self.end += count;
        &mut self.places()[from..][..count]
    }

    /// Wipes and drops the next `count` elements.
    pub(in crate::secret) fn discard(&mut self, count: usize) {
        let places = self.widen(count);
        // SAFETY: these are elements of the vector above its lowered length; the gap has gone
        // over them, so that nobody sees them again.
        unsafe { bury(places, count) };
    }

    /// Moves the next element out; its place is wiped with the gap.
    #[inline]
    fn take(&mut self) -> T {
        // SAFETY: it is an element of the vector, and the gap has gone over it, so that
        // nobody reads it again.
        unsafe { self.widen(1)[0].assume_init_read() }
    }

    /// Keeps the next `count` elements: they move down to where the gap begins.
    pub(in crate::secret) fn keep(&mut self, count: usize) {
        let kept = self.vec.items.len();
        let offset = self.end - kept;
        assert!(count <= self.len - self.end, "they lie within the length");
        let first = self.places().as_mut_ptr();
        let next = first.wrapping_add(offset);
        // SAFETY: both are valid for `count` elements of the buffer. Of what is overwritten,
        // all has been moved or dropped, or is moved by this very copy.
        unsafe { ptr::copy(next, first, count) };
        self.end += count;
        // SAFETY: the places below the new length hold the elements now.
        unsafe { self.vec.items.set_len(kept + count) };
    }

    /// The elements behind the gap, which may be asked about.
    pub(in crate::secret) fn rest(&mut self) -> &mut [T] {
        let offset = self.end - self.vec.items.len();
        let rest = ptr::from_mut(&mut self.places()[offset..]) as *mut [T];
        // SAFETY: from the end of the gap to the old length there are elements that have not
        // been moved; `MaybeUninit<T>` has the layout of `T`.
        unsafe { &mut *rest }
    }
}

impl<T: Wipe> Drop for Gap<'_, T> {
    #[inline]
    fn drop(&mut self) {
        let start = self.vec.items.len();
        let (gap, rest) = (self.end - start, self.len - self.end);
        if gap == 0 {
            // SAFETY: nothing was moved: the elements are where they were.
            return unsafe { self.vec.items.set_len(self.len) };
        }
        let places = self.places();
        let first = places.as_mut_ptr();
        let source = first.wrapping_add(gap);
        // SAFETY: both are valid for that many elements of the buffer. Of what is overwritten,
        // all has been moved or dropped, or is moved by this very copy.
        unsafe { ptr::copy(source, first, rest) };
        wipe_memory(bytes_of(&mut places[rest..]));
        // SAFETY: the elements that were behind the gap have closed it.
        unsafe { self.vec.items.set_len(start + rest) };
    }
}

/// The bounds of a range in something of length `len`.
#[track_caller]
pub(in crate::secret) fn bounds(range: impl RangeBounds<usize>, len: usize) -> Range<usize> {
    let start = match range.start_bound() {
        Bound::Included(start) => *start,
        Bound::Excluded(before) => before.saturating_add(1),
        Bound::Unbounded => 0,
    };
    let end = match range.end_bound() {
        Bound::Included(last) => last.saturating_add(1),
        Bound::Excluded(end) => *end,
        Bound::Unbounded => len,
    };
    assert!(
        start <= end && end <= len,
        "range {start}..{end} must lie within the length, which is {len}"
    );
    start..end
}

impl<T: Wipe> SecretVec<T> {
    /// Appends a value.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretVec;
    ///
    /// let mut key = SecretVec::from([1_u8]);
    /// key.push(2);
    /// assert_eq!(key, [1, 2]);
    /// ```
    ///
    /// # Panics
    ///
    /// If the new capacity is more than `isize::MAX` bytes.
    #[inline(always)]
    pub fn push(&mut self, mut value: T) {
        if T::__PLAIN && size_of::<T>() <= IN_REGISTERS {
            // It need not be in memory for anything; a wipe on unwind would put it there.
            let len = self.items.len();
            self.room_for_one().write(value);
            // SAFETY: the place at the old length holds the value now.
            unsafe { self.items.set_len(len + 1) };
        } else {
            hand_over!(value: T => self.push_passing(value));
        }
    }

    /// The place behind the last element, after growing if there is none.
    #[inline(always)]
    fn room_for_one(&mut self) -> &mut MaybeUninit<T> {
        if self.items.len() == self.items.capacity() {
            self.grow_slow(1);
        }
        &mut self.items.spare_capacity_mut()[0]
    }

    #[inline(always)]
    fn push_passing(&mut self, value: Passing<'_, T>) {
        let len = self.items.len();
        value.move_to(self.room_for_one());
        // SAFETY: the place at the old length holds the value now.
        unsafe { self.items.set_len(len + 1) };
    }

    /// Appends every value of an array.
    pub(super) fn push_array<const N: usize>(&mut self, mut values: Passing<'_, [T; N]>) {
        self.reserve(N);
        let source = values.get().as_ptr();
        let places = self.items.spare_capacity_mut()[..N].as_mut_ptr().cast();
        // SAFETY: both are valid for `N` elements; the array is not in the buffer. Its
        // memory is forgotten next.
        unsafe { ptr::copy_nonoverlapping(source, places, N) };
        values.forget();
        let len = self.items.len();
        // SAFETY: the copy has filled that many places more.
        unsafe { self.items.set_len(len + N) };
    }

    /// Appends the values of an iterator. What it hands out passes through here.
    #[inline]
    pub(super) fn push_all(&mut self, mut values: impl Iterator<Item = T>) {
        self.reserve(values.size_hint().0);
        loop {
            let mut next = values.next();
            if next.is_none() {
                break;
            }
            hand_over!(next: Option<T> => self.push_next(next, || values.size_hint().0));
        }
    }

    /// Appends what an iterator has handed out, which says how many are to come.
    #[inline(always)]
    fn push_next(&mut self, mut next: Passing<'_, Option<T>>, to_come: impl FnOnce() -> usize) {
        if self.items.len() == self.items.capacity() {
            self.grow_slow(to_come().saturating_add(1));
        }
        let Some(value) = next.get() else { return };
        let value = ptr::from_mut(value);
        let place = self.items.spare_capacity_mut()[0].as_mut_ptr();
        // SAFETY: both are valid for one element, and the stack is not the buffer. The
        // memory of the other one is forgotten next.
        unsafe { ptr::copy_nonoverlapping(value, place, 1) };
        next.forget();
        let len = self.items.len();
        // SAFETY: the place at the old length holds the value now.
        unsafe { self.items.set_len(len + 1) };
    }

    /// Inserts a value; the elements from `index` on move up.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretVec;
    ///
    /// let mut key = SecretVec::from([1_u8, 3]);
    /// key.insert(1, 2);
    /// assert_eq!(key, [1, 2, 3]);
    /// ```
    ///
    /// # Panics
    ///
    /// If `index` is beyond the length.
    #[inline(always)]
    #[track_caller]
    pub fn insert(&mut self, index: usize, mut value: T) {
        hand_over!(value: T => self.insert_passing(index, value));
    }

    #[track_caller]
    fn insert_passing(&mut self, index: usize, value: Passing<'_, T>) {
        let len = self.items.len();
        assert!(
            index <= len,
            "`SecretVec::insert`: index must be at most the length, {index} is above {len}"
        );
        self.reserve(1);
        // SAFETY: the length is lowered; if it stays there, elements are leaked. Nothing
        // from here to the new length runs code of a user's.
        unsafe { self.items.set_len(index) };
        let places = &mut self.items.spare_capacity_mut()[..=len - index];
        let first = places.as_mut_ptr();
        let second = first.wrapping_add(1);
        // SAFETY: the elements and the place behind them belong to the buffer. What is left in
        // the first place is overwritten next, and not dropped.
        unsafe { ptr::copy(first, second, len - index) };
        value.move_to(&mut places[0]);
        // SAFETY: the elements have moved up by one, and the value is in the gap.
        unsafe { self.items.set_len(len + 1) };
    }

    /// Inserts clones of `values`, which run no code of a user's.
    pub(in crate::secret) fn insert_slice(&mut self, index: usize, values: &[T])
    where
        T: Copy,
    {
        let (len, count) = (self.items.len(), values.len());
        assert!(index <= len, "the callers have compared them");
        self.reserve(count);
        // SAFETY: the length is lowered, and nothing from here to the new one can panic.
        unsafe { self.items.set_len(index) };
        let first = self.items.spare_capacity_mut()[..len - index + count].as_mut_ptr();
        let second = first.wrapping_add(count);
        // SAFETY: the elements and the room behind them belong to the buffer.
        unsafe { ptr::copy(first, second, len - index) };
        // SAFETY: both are valid for `count` elements, which may be copied; what is borrowed
        // is not in a buffer that is borrowed exclusively.
        unsafe { ptr::copy_nonoverlapping(values.as_ptr(), first.cast(), count) };
        // SAFETY: the elements have moved up by `count`, and the others fill the gap.
        unsafe { self.items.set_len(len + count) };
    }

    /// Removes the last element and returns it. Its place is wiped.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretVec;
    ///
    /// let mut key = SecretVec::from([1_u8, 2]);
    /// assert_eq!(key.pop(), Some(2));
    /// assert_eq!(key, [1]);
    /// ```
    #[inline]
    pub fn pop(&mut self) -> Option<T> {
        let last = self.items.len().checked_sub(1)?;
        Some(Gap::at(self, last).take())
    }

    /// Removes an element and returns it; those after it move down. The place that becomes
    /// free is wiped.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretVec;
    ///
    /// let mut key = SecretVec::from([1_u8, 2, 3]);
    /// assert_eq!(key.remove(0), 1);
    /// assert_eq!(key, [2, 3]);
    /// ```
    ///
    /// # Panics
    ///
    /// If there is no such element.
    #[track_caller]
    pub fn remove(&mut self, index: usize) -> T {
        let len = self.items.len();
        assert!(
            index < len,
            "`SecretVec::remove`: index must be below the length, {index} is not below {len}"
        );
        Gap::at(self, index).take()
    }

    /// Removes an element and returns it; the last one takes its place. The place that becomes
    /// free is wiped.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretVec;
    ///
    /// let mut key = SecretVec::from([1_u8, 2, 3]);
    /// assert_eq!(key.swap_remove(0), 1);
    /// assert_eq!(key, [3, 2]);
    /// ```
    ///
    /// # Panics
    ///
    /// If there is no such element.
    #[track_caller]
    pub fn swap_remove(&mut self, index: usize) -> T {
        let len = self.items.len();
        assert!(
            index < len,
            "`SecretVec::swap_remove`: index must be below the length, {index} is not below {len}"
        );
        swap(&mut self.items, index, len - 1);
        Gap::at(self, len - 1).take()
    }

    /// Removes the elements of a range, and wipes them. Those after it move down.
    ///
    /// It does what dropping a `Vec::drain` does, and hands nothing out.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretVec;
    ///
    /// let mut key = SecretVec::from([1_u8, 2, 3, 4]);
    /// key.remove_range(1..3);
    /// assert_eq!(key, [1, 4]);
    /// ```
    ///
    /// # Panics
    ///
    /// If the range is not within the length.
    #[track_caller]
    pub fn remove_range(&mut self, range: impl RangeBounds<usize>) {
        let range = bounds(range, self.items.len());
        Gap::at(self, range.start).discard(range.len());
    }

    /// Wipes and drops the elements from `len` on; does nothing if there are none.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretVec;
    ///
    /// let mut key = SecretVec::from([1_u8, 2, 3]);
    /// key.truncate(1);
    /// assert_eq!(key, [1]);
    /// ```
    #[inline]
    pub fn truncate(&mut self, len: usize) {
        if len < self.items.len() {
            self.retire(len);
        }
    }

    /// Wipes and drops all elements. The buffer stays.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretVec;
    ///
    /// let mut key = SecretVec::from([1_u8, 2, 3]);
    /// let capacity = key.capacity();
    /// key.clear();
    /// assert!(key.is_empty());
    /// assert_eq!(key.capacity(), capacity);
    /// ```
    ///
    /// # Performance
    ///
    /// It writes over what is in use. What was has been wiped when it left.
    #[inline]
    pub fn clear(&mut self) {
        self.truncate(0);
    }

    /// Removes the elements that `keep` refuses, and wipes them. The others stay in their
    /// order.
    ///
    /// If `keep` panics, the element that it was asked about stays, and those after it.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretVec;
    ///
    /// let mut key = SecretVec::from([1_u8, 2, 3, 4]);
    /// key.retain(|byte| byte % 2 == 0);
    /// assert_eq!(key, [2, 4]);
    /// ```
    pub fn retain(&mut self, mut keep: impl FnMut(&T) -> bool) {
        self.retain_mut(|element| keep(element));
    }

    /// Does what [`retain`](SecretVec::retain) does, by a predicate that may change the
    /// elements.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretVec;
    ///
    /// let mut key = SecretVec::from([2_u8, 1, 3]);
    /// key.retain_mut(|byte| {
    ///     *byte -= 1;
    ///     *byte != 0
    /// });
    /// assert_eq!(key, [1, 2]);
    /// ```
    pub fn retain_mut(&mut self, mut keep: impl FnMut(&mut T) -> bool) {
        let mut gap = Gap::at(self, 0);
        while gap.end < gap.len {
            if keep(&mut gap.rest()[0]) {
                gap.keep(1);
            } else {
                gap.discard(1);
            }
        }
    }

    /// Moves all elements of `other` to the end; they are wiped over there.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretVec;
    ///
    /// let mut key = SecretVec::from([1_u8]);
    /// let mut rest = SecretVec::from([2_u8, 3]);
    /// key.append(&mut rest);
    /// assert_eq!(key, [1, 2, 3]);
    /// assert!(rest.is_empty());
    /// ```
    ///
    /// # Panics
    ///
    /// If the new capacity is more than `isize::MAX` bytes.
    pub fn append(&mut self, other: &mut Self) {
        self.reserve(other.len());
        self.append_from(other, 0);
    }

    /// Moves the elements from `at` on to a new vector; they are wiped here.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretVec;
    ///
    /// let mut key = SecretVec::from([1_u8, 2, 3]);
    /// assert_eq!(key.split_off(1), [2, 3]);
    /// assert_eq!(key, [1]);
    /// ```
    ///
    /// # Panics
    ///
    /// If `at` is beyond the length.
    #[must_use = "use `truncate` if the elements are not needed"]
    #[track_caller]
    pub fn split_off(&mut self, at: usize) -> Self {
        let len = self.items.len();
        assert!(
            at <= len,
            "`SecretVec::split_off`: index must be at most the length, {at} is above {len}"
        );
        let mut split = Self::with_capacity(len - at);
        split.append_from(self, at);
        split
    }

    /// Moves the elements of `other` from `at` on to the end, where there is room for them.
    fn append_from(&mut self, other: &mut Self, at: usize) {
        let count = other.items.len() - at;
        let len = self.items.len();
        // SAFETY: `at` is at most the length, or the subtraction would be wrong: the callers
        // have compared them.
        unsafe { other.items.set_len(at) };
        let source = &mut other.items.spare_capacity_mut()[..count];
        let places = self.items.spare_capacity_mut()[..count].as_mut_ptr();
        // SAFETY: both are valid for `count` elements, in buffers of two vectors. Those that
        // are read are above their vector's length, and are overwritten next.
        unsafe { ptr::copy_nonoverlapping(source.as_ptr(), places, count) };
        wipe_memory(bytes_of(source));
        // SAFETY: the copy has filled that many places more.
        unsafe { self.items.set_len(len + count) };
    }
}

impl<T: Wipe + Clone> SecretVec<T> {
    /// Appends clones of `values`.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretVec;
    ///
    /// let mut key = SecretVec::new();
    /// key.extend_from_slice(b"hunter2");
    /// assert_eq!(key, *b"hunter2");
    /// ```
    ///
    /// # Panics
    ///
    /// If the new capacity is more than `isize::MAX` bytes.
    #[inline]
    pub fn extend_from_slice(&mut self, values: &[T]) {
        self.reserve(values.len());
        // There is room: it does not grow.
        self.items.extend_from_slice(values);
    }

    /// Appends clones of the elements of a range.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretVec;
    ///
    /// let mut key = SecretVec::from([1_u8, 2, 3]);
    /// key.extend_from_within(1..);
    /// assert_eq!(key, [1, 2, 3, 2, 3]);
    /// ```
    ///
    /// # Panics
    ///
    /// If the range is not within the length.
    #[track_caller]
    pub fn extend_from_within(&mut self, range: impl RangeBounds<usize>) {
        let range = bounds(range, self.items.len());
        self.reserve(range.len());
        // There is room: it does not grow.
        self.items.extend_from_within(range);
    }

    /// Appends clones of `value`, or truncates, until there are `len` elements.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretVec;
    ///
    /// let mut key = SecretVec::new();
    /// key.resize(3, 7_u8);
    /// assert_eq!(key, [7, 7, 7]);
    /// key.resize(1, 0);
    /// assert_eq!(key, [7]);
    /// ```
    ///
    /// # Panics
    ///
    /// If the new capacity is more than `isize::MAX` bytes.
    #[inline(always)]
    pub fn resize(&mut self, len: usize, mut value: T) {
        hand_over!(value: T => self.resize_passing(len, value));
    }

    fn resize_passing(&mut self, len: usize, mut value: Passing<'_, T>) {
        self.truncate(len);
        self.reserve(len - self.items.len());
        let value = value.get();
        // There is room: it does not grow.
        self.items.resize_with(len, || value.clone());
    }
}
