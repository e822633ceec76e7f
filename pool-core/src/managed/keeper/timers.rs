//! Wakers by the time at which they are due.

use core::task::Waker;
use std::collections::BTreeMap;
use std::time::Instant;

/// What a timer is found by: when it is due, and its number, which tells apart those due at
/// the same time.
pub(in crate::managed) type Key = (Instant, u64);

/// The timers that are set. Whoever owns a list locks it, and wakes or drops what comes out
/// when it is no longer locked.
#[derive(Debug)]
pub(in crate::managed) struct Timers {
    wakers: BTreeMap<Key, Waker>,
    /// How many were ever set: the number of the last one.
    set: u64,
}

impl Timers {
    pub(in crate::managed) const fn new() -> Self {
        Self { wakers: BTreeMap::new(), set: 0 }
    }

    pub(in crate::managed) fn set(&mut self, at: Instant, waker: Waker) -> Key {
        self.set += 1;
        let key = (at, self.set);
        self.wakers.insert(key, waker);
        key
    }

    /// Takes a timer off the list, unless it has fired.
    pub(in crate::managed) fn cancel(&mut self, key: Key) -> Option<Waker> {
        self.wakers.remove(&key)
    }

    /// Takes the first timer off the list if it is due: the one with the earliest deadline,
    /// and of those the one that was set first.
    pub(in crate::managed) fn pop_due(&mut self, now: Instant) -> Option<Waker> {
        let first = self.wakers.first_entry()?;
        (first.key().0 <= now).then(|| first.remove())
    }

    /// The earliest deadline.
    pub(in crate::managed) fn next(&self) -> Option<Instant> {
        self.wakers.first_key_value().map(|(&(at, _), _)| at)
    }

    pub(in crate::managed) fn is_empty(&self) -> bool {
        self.wakers.is_empty()
    }
}
