//! What a pool counts, and what it shows of it.
//!
//! # Invariants
//!
//! 1. At rest, once the threads that used the pool have been joined,
//!    `created + attached = idle + in_use + detached + discarded.total()`.
//! 2. Nothing on the hit path adds to a counter that another thread writes.

use crate::discarded::{Discarded, Reason};
use crate::sync::{AtomicU64, Ordering, at_compile_time};

/// A snapshot of a pool's counters.
///
/// Exact once the threads that used the pool have been joined; while they run, each
/// figure is current and their sums may be off by what is under way. "Joined" means by a
/// handle's `join`: the implicit join of a `thread::scope` may come before a thread's
/// cache has been handed over.
///
/// # Examples
///
/// ```
/// use poolable::Poolable;
///
/// #[derive(Poolable)]
/// struct Line(String);
///
/// drop(Line::pooled());
/// drop(Line::pooled());
/// let stats = Line::pool().stats();
/// assert_eq!((stats.misses, stats.hits, stats.idle), (1, 1, 1));
/// assert_eq!(stats.hit_rate(), 0.5);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Gets that found an object.
    pub hits: u64,
    /// Gets that had to create one, or tried to.
    pub misses: u64,
    /// Objects created, by gets and by `prewarm`.
    pub created: u64,
    /// Guards dropped, whether the object was then kept or freed.
    pub returned: u64,
    /// Objects taken out for good, by `into_inner` and `leak`.
    pub detached: u64,
    /// Values that a user gave to the pool.
    pub attached: u64,
    /// Objects freed, by reason.
    pub discarded: Discarded,
    /// Objects that wait for their next user.
    pub idle: u64,
    /// Objects in the hands of users, leaked guards included.
    pub in_use: u64,
    /// What the idle objects hold at least, in bytes: as of each thread cache's last
    /// exchange with the depot. What a thread keeps and has not exchanged yet, 1 MiB at the
    /// most unless `cache` is given, counts as nothing.
    pub bytes_idle: u64,
}

impl Stats {
    /// The share of gets that found an object: 0.0 before any get, at most 1.0.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::Poolable;
    ///
    /// #[derive(Poolable)]
    /// struct Unused(u8);
    ///
    /// assert_eq!(Unused::pool().stats().hit_rate(), 0.0);
    /// ```
    #[must_use]
    pub fn hit_rate(&self) -> f64 {
        let gets = self.gets();
        if gets == 0 { 0.0 } else { self.hits as f64 / gets as f64 }
    }

    /// The gets: those that found an object, and those that had to create one. A `try_get` that
    /// found nothing is none.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::Poolable;
    ///
    /// #[derive(Poolable)]
    /// struct Line(String);
    ///
    /// (0..3).for_each(|_| drop(Line::pooled()));
    /// assert_eq!(Line::pool().stats().gets(), 3);
    /// ```
    #[must_use]
    pub fn gets(&self) -> u64 {
        self.hits + self.misses
    }

    /// The sum of the counters of two pools.
    #[cfg(any(feature = "buffer", feature = "metrics"))]
    pub(crate) fn plus(mut self, other: &Self) -> Self {
        self.hits += other.hits;
        self.misses += other.misses;
        self.created += other.created;
        self.returned += other.returned;
        self.detached += other.detached;
        self.attached += other.attached;
        self.discarded = self.discarded.plus(&other.discarded);
        self.idle += other.idle;
        self.in_use += other.in_use;
        self.bytes_idle += other.bytes_idle;
        self
    }
}

/// The counters that any thread may add to, off the hit path.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Hits of threads that have no cache.
    pub(crate) hits: Counter,
    pub(crate) misses: Counter,
    pub(crate) created: Counter,
    /// Returns of threads that have no cache, and those that kept nothing.
    pub(crate) returned: Counter,
    pub(crate) detached: Counter,
    pub(crate) attached: Counter,
    full: Counter,
    oversize: Counter,
    bytes: Counter,
    invalid: Counter,
    panic: Counter,
    explicit: Counter,
    trimmed: Counter,
}

impl Tally {
    at_compile_time! {
        pub(crate) const fn new() -> Self {
            Self {
                hits: Counter::new(),
                misses: Counter::new(),
                created: Counter::new(),
                returned: Counter::new(),
                detached: Counter::new(),
                attached: Counter::new(),
                full: Counter::new(),
                oversize: Counter::new(),
                bytes: Counter::new(),
                invalid: Counter::new(),
                panic: Counter::new(),
                explicit: Counter::new(),
                trimmed: Counter::new(),
            }
        }
    }

    /// The counter of a reason.
    pub(crate) fn discarded(&self, reason: Reason) -> &Counter {
        match reason {
            Reason::Full => &self.full,
            Reason::Oversize => &self.oversize,
            Reason::Bytes => &self.bytes,
            Reason::Invalid => &self.invalid,
            Reason::Panic => &self.panic,
            Reason::Explicit => &self.explicit,
            Reason::Trimmed => &self.trimmed,
        }
    }

    pub(crate) fn all_discarded(&self) -> Discarded {
        Discarded {
            full: self.full.get(),
            oversize: self.oversize.get(),
            bytes: self.bytes.get(),
            invalid: self.invalid.get(),
            panic: self.panic.get(),
            explicit: self.explicit.get(),
            trimmed: self.trimmed.get(),
        }
    }
}

/// A count that only grows.
///
/// Every access is `Relaxed`: a counter publishes nothing but itself.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    at_compile_time! {
        pub(crate) const fn new() -> Self {
            Self(AtomicU64::new(0))
        }
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Adds one, from any thread.
    pub(crate) fn add_one(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// Adds to a counter that no other thread writes: a load and a store.
    #[inline]
    pub(crate) fn add_as_only_writer(&self, count: u64) {
        self.0.store(self.0.load(Ordering::Relaxed).wrapping_add(count), Ordering::Relaxed);
    }
}
