//! Those who wait, in the order of their numbers.

use core::mem;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use super::ticket::Ticket;

#[derive(Debug)]
pub(super) struct Waiter<T> {
    /// That of its ticket, or 0 for the next: here so that no other getter's memory is touched.
    pub(super) number: u64,
    pub(super) ticket: Arc<Ticket<T>>,
    /// The create that is under way for it.
    pub(super) create: Option<u64>,
    /// Whether it takes what was returned last, whatever the order: it has found a dead
    /// object before.
    pub(super) is_wary: bool,
    /// When it is to be woken, to give up.
    pub(super) deadline: Option<Instant>,
}

/// Waiters, lowest number first. Newcomers have the highest, so that this is a queue, but for
/// those who come back to their old places.
#[derive(Debug)]
pub(super) struct Queue<T>(VecDeque<Waiter<T>>);

impl<T> Queue<T> {
    pub(super) const fn new() -> Self {
        Self(VecDeque::new())
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn find(&self, number: u64) -> Result<usize, usize> {
        self.0.binary_search_by_key(&number, |waiter| waiter.number)
    }

    pub(super) fn insert(&mut self, waiter: Waiter<T>) {
        let number = waiter.number;
        if self.0.back().is_none_or(|last| last.number < number) {
            return self.0.push_back(waiter);
        }
        let found = self.find(number);
        debug_assert!(found.is_err(), "a ticket queues once at a time");
        self.0.insert(found.unwrap_or_else(|index| index), waiter);
    }

    pub(super) fn first(&self) -> Option<&Waiter<T>> {
        self.0.front()
    }

    pub(super) fn last(&self) -> Option<&Waiter<T>> {
        self.0.back()
    }

    pub(super) fn pop_first(&mut self) -> Option<Waiter<T>> {
        self.0.pop_front()
    }

    pub(super) fn get(&self, number: u64) -> Option<&Waiter<T>> {
        self.0.get(self.find(number).ok()?)
    }

    pub(super) fn get_mut(&mut self, number: u64) -> Option<&mut Waiter<T>> {
        let index = self.find(number).ok()?;
        self.0.get_mut(index)
    }

    pub(super) fn remove(&mut self, number: u64) -> Option<Waiter<T>> {
        let index = self.find(number).ok()?;
        self.0.remove(index)
    }

    /// Removes those of whom that is so.
    pub(super) fn extract(&mut self, is_it: impl Fn(&Waiter<T>) -> bool) -> Vec<Waiter<T>> {
        if !self.0.iter().any(&is_it) {
            return Vec::new();
        }
        let (out, left) = mem::take(&mut self.0).into_iter().partition(is_it);
        self.0 = left;
        Vec::from(out)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Waiter<T>> {
        self.0.iter()
    }
}
