//! Idle objects in a stack that knows how low it got.
//!
//! What came in last goes out first. So what lies below the lowest level of a while was not
//! needed in it, and the surplus of a working-set trim is read off one number.

use crate::slot::{Header, Object};

/// An idle object, and a copy of its header, so that a walk through many of them stays in
/// one piece of memory.
#[derive(Debug)]
pub(crate) struct Entry {
    object: Object,
    pub(crate) header: Header,
}

impl Entry {
    fn new(object: Object) -> Self {
        let header = object.header();
        Self { object, header }
    }

    pub(crate) fn bytes(&self, object_size: usize) -> usize {
        self.header.retained().saturating_add(object_size)
    }

    pub(crate) fn into_object(self) -> Object {
        let Self { mut object, header } = self;
        // Only a trim makes the copy differ.
        if header.is_old() {
            object.make_old();
        }
        object
    }
}

/// A stack that knows how low it got.
#[derive(Debug)]
pub(crate) struct Stack {
    entries: Vec<Entry>,
    /// The least that was in it since the current window began. Until something is taken
    /// for the first time there is no such thing: the gets of a new pool find nothing, and
    /// say nothing about a surplus.
    low: usize,
    /// The same for the window before.
    low_before: usize,
}

impl Stack {
    pub(crate) const fn new() -> Self {
        Self { entries: Vec::new(), low: usize::MAX, low_before: 0 }
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn push(&mut self, object: Object) {
        self.entries.push(Entry::new(object));
    }

    /// Adds objects, the last one on top.
    pub(crate) fn push_many(&mut self, objects: impl Iterator<Item = Object>) {
        self.entries.extend(objects.map(Entry::new));
    }

    /// What is here, from the top down.
    pub(crate) fn top_down(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().rev()
    }

    #[cfg(poolable_chaos)]
    pub(crate) fn put_on_top(&mut self, index: usize) {
        let top = self.entries.len() - 1;
        self.entries.swap(index, top);
    }

    pub(crate) fn pop(&mut self) -> Option<Entry> {
        let entry = self.entries.pop()?;
        self.low = self.low.min(self.entries.len());
        Some(entry)
    }

    /// Takes the uppermost `count`, the lowest of them first.
    pub(crate) fn pop_many(&mut self, count: usize) -> impl Iterator<Item = Entry> + '_ {
        let left = self.entries.len().saturating_sub(count);
        if left < self.entries.len() {
            self.low = self.low.min(left);
        }
        self.entries.drain(left..)
    }

    /// Takes up to `count` from the bottom.
    pub(crate) fn pop_bottom(&mut self, count: usize) -> impl Iterator<Item = Entry> + '_ {
        let count = count.min(self.entries.len());
        self.low = self.low.saturating_sub(count);
        self.low_before = self.low_before.saturating_sub(count);
        self.entries.drain(..count)
    }

    /// Ends a window, and returns how many objects nobody needed in the last two.
    pub(crate) fn end_window(&mut self) -> usize {
        let low = self.low.min(self.entries.len());
        let surplus = low.min(self.low_before);
        self.low_before = low;
        self.low = self.entries.len();
        surplus
    }

    /// Takes those that were idle at the last trim too, and marks the others.
    pub(crate) fn age(&mut self, take: impl FnMut(Entry)) {
        let mut young = 0;
        for index in 0..self.entries.len() {
            if !self.entries[index].header.is_old() {
                // They keep their order, those that go do not.
                self.entries.swap(young, index);
                self.entries[young].header = self.entries[young].header.of_old();
                young += 1;
            }
        }
        let old = self.entries.len() - young;
        self.low = self.low.saturating_sub(old);
        self.low_before = self.low_before.saturating_sub(old);
        self.entries.drain(young..).for_each(take);
    }

    /// Gives the memory of a burst back, when the burst itself is gone.
    pub(crate) fn shrink(&mut self) {
        if self.entries.capacity() / 4 > self.entries.len().max(64) {
            self.entries.shrink_to(self.entries.len() * 2);
        }
    }
}
