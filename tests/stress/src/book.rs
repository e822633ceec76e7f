//! What the player counted of each pool, for the pool's own counters to be held against.
//!
//! # Invariants
//!
//! 1. Every access is `Relaxed`: the books must not order what the pool under test forgot
//!    to order, or no sanitizer would see that it did.

use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// How many pools one script can have.
pub(crate) const BOOKS: usize = 32;

/// A count.
#[derive(Debug)]
pub(crate) struct Count(AtomicU64);

impl Count {
    pub(crate) const fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn sub(&self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }

    pub(crate) fn reset(&self) {
        self.0.store(0, Ordering::Relaxed);
    }
}

/// The book of one pool.
#[derive(Debug)]
pub(crate) struct Book {
    /// Values that `create` made.
    pub(crate) created: Count,
    /// Those of them that a get made.
    pub(crate) created_by_get: Count,
    /// Creates of a get that panicked.
    pub(crate) failed: Count,
    /// Values that the player gave.
    pub(crate) attached: Count,
    /// Gets that gave a guard.
    pub(crate) gets: Count,
    /// Guards dropped.
    pub(crate) returned: Count,
    /// Objects taken out for good.
    pub(crate) detached: Count,
    /// Objects in the player's hands, forgotten guards included.
    pub(crate) held: Count,
    /// Values dropped by the pool.
    pub(crate) died: Count,
    /// Values that `validate` had to refuse, or panicked over.
    pub(crate) refused: Count,
    /// Resets that panicked.
    pub(crate) panicked: Count,
    /// Objects discarded by the player.
    pub(crate) discarded: Count,
    /// Calls of `trim`.
    pub(crate) trims: Count,
    /// Other calls that free objects for having been idle.
    pub(crate) shrinks: Count,
    /// Values dropped by the pool that were idle through two trims.
    pub(crate) died_old: Count,
    /// Values created by a prewarm.
    pub(crate) prewarmed: Count,
    /// Calls that free all idle objects.
    pub(crate) clears: Count,
    /// Whether the pool has a `validate`.
    validates: AtomicBool,
    /// The largest `max_idle` that was ever set.
    allowed: AtomicU64,
    /// The `max_idle` that was set last.
    max_idle: AtomicU64,
}

impl Book {
    const fn new() -> Self {
        Self {
            created: Count::new(),
            created_by_get: Count::new(),
            failed: Count::new(),
            attached: Count::new(),
            gets: Count::new(),
            returned: Count::new(),
            detached: Count::new(),
            held: Count::new(),
            died: Count::new(),
            refused: Count::new(),
            panicked: Count::new(),
            discarded: Count::new(),
            trims: Count::new(),
            shrinks: Count::new(),
            died_old: Count::new(),
            prewarmed: Count::new(),
            clears: Count::new(),
            validates: AtomicBool::new(false),
            allowed: AtomicU64::new(0),
            max_idle: AtomicU64::new(0),
        }
    }

    fn counts(&self) -> [&Count; 17] {
        [
            &self.created,
            &self.created_by_get,
            &self.failed,
            &self.attached,
            &self.gets,
            &self.returned,
            &self.detached,
            &self.held,
            &self.died,
            &self.refused,
            &self.panicked,
            &self.discarded,
            &self.trims,
            &self.shrinks,
            &self.died_old,
            &self.prewarmed,
            &self.clears,
        ]
    }

    /// Notes whether the pool has a `validate`.
    pub(crate) fn set_validates(&self, validates: bool) {
        self.validates.store(validates, Ordering::Relaxed);
    }

    /// Whether the pool has a `validate`.
    pub(crate) fn validates(&self) -> bool {
        self.validates.load(Ordering::Relaxed)
    }

    /// Notes that the pool may keep so many from here on.
    pub(crate) fn allow(&self, max_idle: usize) {
        self.allowed.fetch_max(max_idle as u64, Ordering::Relaxed);
        self.max_idle.store(max_idle as u64, Ordering::Relaxed);
    }

    /// What the depot may keep, unless several threads have changed it at once.
    pub(crate) fn max_idle(&self) -> u64 {
        self.max_idle.load(Ordering::Relaxed)
    }

    /// The most that the pool may have been allowed to keep in its depot.
    pub(crate) fn allowed(&self) -> u64 {
        self.allowed.load(Ordering::Relaxed)
    }

    /// Values that exist, and that the player has not.
    pub(crate) fn idle(&self) -> i128 {
        let born = i128::from(self.created.get()) + i128::from(self.attached.get());
        let gone = i128::from(self.died.get()) + i128::from(self.detached.get());
        born - gone - i128::from(self.held.get())
    }
}

static ALL: [Book; BOOKS] = [const { Book::new() }; BOOKS];

/// The book of a pool.
pub(crate) fn book(index: usize) -> &'static Book {
    &ALL[index]
}

/// Starts all books anew.
pub(crate) fn open() {
    for book in &ALL {
        book.counts().into_iter().for_each(Count::reset);
        book.allowed.store(0, Ordering::Relaxed);
        book.max_idle.store(0, Ordering::Relaxed);
    }
}

/// Notes that all pools free what was idle for long.
pub(crate) fn trim_all() {
    ALL.iter().for_each(|book| book.shrinks.add());
}
