//! Tasks that are to be woken at a time, whatever happens in the pool: while they check an object,
//! say.
//!
//! All of a pool's go by the pool's one timer. Each a timer of its own took 700 instructions more
//! for a check that waits once, and with tokio's clock a task.
//!
//! # Invariants
//!
//! 1. No waker is cloned, woken or dropped while the list is locked.
//! 2. The pool is looked at no later than at `armed`, and that is no later than the first alarm.

use core::mem;
use core::task::Waker;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::home::Home;
use super::keeper::{let_go, wake};

/// The alarms of a pool.
#[derive(Debug, Default)]
pub(crate) struct Alarms(Mutex<List>);

#[derive(Debug, Default)]
struct List {
    /// When the pool is to be looked at for the sake of these.
    armed: Option<Instant>,
    /// In no order: there are as many as there are objects being checked.
    set: Vec<Entry>,
    /// The number of the last one.
    last: u64,
}

#[derive(Debug)]
struct Entry {
    number: u64,
    at: Instant,
    waker: Waker,
}

/// Wakes a task at its time, unless this is dropped before.
#[must_use = "an alarm is called off when it is dropped"]
#[derive(Debug)]
pub(crate) struct Alarm<'a> {
    alarms: &'a Alarms,
    number: u64,
}

impl<R: Send + 'static> Home<R> {
    /// Has a task woken at that time. Look at the time afterwards: it may be over.
    pub(super) fn set_alarm(self: &Arc<Self>, at: Instant, waker: &Waker) -> Alarm<'_> {
        let waker = waker.clone();
        let mut list = self.alarms.lock();
        list.last += 1;
        let number = list.last;
        list.set.push(Entry { number, at, waker });
        let is_first = list.armed.is_none_or(|armed| at < armed);
        if is_first {
            list.armed = Some(at);
        }
        drop(list);
        if is_first {
            self.arm_at(at);
        }
        Alarm { alarms: &self.alarms, number }
    }
}

impl Alarms {
    fn lock(&self) -> MutexGuard<'_, List> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes those whose time has come; when the next one has.
    pub(super) fn ring(&self, now: Instant) -> Option<Instant> {
        let mut list = self.lock();
        let is_due = |entry: &Entry| entry.at <= now;
        let (due, later) = mem::take(&mut list.set).into_iter().partition(is_due);
        list.set = later;
        let next = list.set.iter().map(|entry| entry.at).min();
        list.armed = next;
        drop(list);
        let due: Vec<_> = due;
        due.into_iter().for_each(|entry| wake(entry.waker));
        next
    }

    /// Nobody will look at the pool: the next alarm tries again.
    pub(super) fn disarm(&self) {
        self.lock().armed = None;
    }

    /// When the first one is due.
    pub(super) fn next(&self) -> Option<Instant> {
        self.lock().armed
    }
}

impl Drop for Alarm<'_> {
    fn drop(&mut self) {
        let mut list = self.alarms.lock();
        let index = list.set.iter().position(|entry| entry.number == self.number);
        let entry = index.map(|index| list.set.swap_remove(index));
        drop(list);
        if let Some(entry) = entry {
            let_go(entry.waker);
        }
    }
}
