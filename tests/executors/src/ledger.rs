//! What becomes of every resource, as its manager sees it.
//!
//! # Invariants
//!
//! 1. `open` is at most what the pool counts as open: a create from its first poll until it has
//!    failed or been dropped, and what it made until that is known to be given up.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::crew::lock;

#[derive(Default)]
pub(crate) struct Ledger {
    /// The maximum of `open`; zero is none.
    pub(crate) max_open: u64,
    open: AtomicU64,
    /// Creates that have begun and not ended.
    pub(crate) creating: AtomicU64,
    /// Checks that have begun and not ended.
    pub(crate) checking: AtomicU64,
    pub(crate) made: AtomicU64,
    pub(crate) destroyed: AtomicU64,
    pub(crate) dropped: AtomicU64,
    faults: Mutex<Vec<String>>,
}

pub(crate) fn add(count: &AtomicU64) -> u64 {
    count.fetch_add(1, Ordering::SeqCst) + 1
}

pub(crate) fn subtract(count: &AtomicU64) {
    count.fetch_sub(1, Ordering::SeqCst);
}

pub(crate) fn told(count: &AtomicU64) -> u64 {
    count.load(Ordering::SeqCst)
}

impl Ledger {
    pub(crate) fn new(max_open: usize) -> Self {
        Self { max_open: max_open as u64, ..Self::default() }
    }

    /// One more resource counts as open.
    pub(crate) fn open(&self) {
        let open = add(&self.open);
        if self.max_open > 0 && open > self.max_open {
            self.fault(format!("{open} are open, of {}", self.max_open));
        }
    }

    /// It counts no more.
    pub(crate) fn shut(&self) {
        subtract(&self.open);
    }

    /// Notes what must not be. An assertion within a task would be the executor's to tell.
    pub(crate) fn fault(&self, what: impl Into<String>) {
        lock(&self.faults).push(what.into());
    }

    pub(crate) fn faults(&self) -> Vec<String> {
        lock(&self.faults).clone()
    }

    /// The counts that must agree when the pool has been closed and drained.
    pub(crate) fn assert_settled(&self) {
        let [made, destroyed, dropped] = [&self.made, &self.destroyed, &self.dropped].map(told);
        assert_eq!((destroyed, dropped), (made, made), "each is destroyed once");
        let under_way = [&self.creating, &self.checking, &self.open].map(told);
        assert_eq!(under_way, [0; 3], "creates, checks and resources that are left");
        assert_eq!(self.faults(), [""; 0]);
    }
}
