//! Memory that stays in memory: the objects of pools that keep theirs out of swap and of
//! core dumps.
//!
//! What to lock is found out by watching: the memory that a reset wipes is the memory that
//! keeps secrets, so every wipe tells [`note`] what it has overwritten. A return compares
//! that with what its object has locked. While it is the same, as in a steady state, that is
//! all, without a system call. Otherwise buffers have come or gone, perhaps in the reset
//! itself, and the blank object is reset once more: what is wiped then is what it still
//! owns, and that is locked from there on, in place of what was. A new object is reset for
//! that before its first user gets it.
//!
//! # Invariants
//!
//! 1. No user code runs while the table is locked, but for the global allocator.
//! 2. A page is counted once for each object with a secret on it. It is unlocked when the
//!    last of them goes, not before: locks do not nest in the kernel.
//! 3. A range that is new for an object is always locked by a system call, whatever the
//!    count: its page may have been given back, and be another one by the same address.
//! 4. An object's entry leaves the table before its slot is freed, so that the next object
//!    at its address finds none.
//!
//! # Rejected
//!
//! To lock whatever a first reset has wiped, and unlock when the object is freed: a
//! `Vec<String>` frees its strings in the reset. Their addresses would pile up, and memory
//! that nobody owns be locked, or fail to be.
//!
//! A method that shows all memory of a value, beside `Wipe`: each type would have to say the
//! same thing twice, and a type that forgot one would not be noticed.

mod record;
mod report;
mod system;

use core::fmt;
use core::mem;
use core::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

#[cfg(feature = "hashbrown")]
pub(crate) use self::record::note_span;
use self::record::{Recorded, record};
pub(crate) use self::record::{is_watched, note};
use self::report::Cause;
pub use self::report::{LockError, MemoryLock};
use crate::sync::Mutex;

/// Addresses, or numbers of pages: from the one up to, and without, the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Span {
    start: usize,
    end: usize,
}

impl Span {
    fn len(self) -> usize {
        self.end - self.start
    }

    fn contains(self, other: Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// The pages that a range of addresses touches.
    fn pages(self) -> Self {
        let size = system::page_size();
        Self { start: self.start / size, end: self.end.div_ceil(size) }
    }
}

/// Sorts spans, and joins those that touch.
fn merge(spans: &mut Vec<Span>) {
    spans.sort_unstable();
    spans.dedup_by(|next, span| {
        let touch = next.start <= span.end;
        if touch {
            span.end = span.end.max(next.end);
        }
        touch
    });
}

/// The pages of some ranges, merged.
fn pages_of(spans: impl Iterator<Item = Span>) -> Vec<Span> {
    let mut pages = spans.map(Span::pages).collect();
    merge(&mut pages);
    pages
}

/// What a pool that locks its memory has to tell of that.
#[derive(Debug, Default)]
pub(crate) struct Locker {
    objects: AtomicUsize,
    bytes: AtomicUsize,
    unlocked: AtomicUsize,
    /// The first error.
    error: OnceLock<LockError>,
    /// Whether a reset has wiped something.
    seen: AtomicU8,
}

/// Objects were reset, and nothing was wiped.
const NOT_WIPED: u8 = 1;
/// Something was wiped.
const WIPED: u8 = 2;

impl Locker {
    pub(crate) fn new() -> Self {
        let locker = Self::default();
        if let Some(error) = system::UNSUPPORTED {
            locker.fail(|| error);
        }
        locker
    }

    /// Keeps an error, unless there was one before.
    fn fail(&self, error: impl FnOnce() -> LockError) {
        // The first one stands: it tells since when the promise has not been kept.
        self.error.get_or_init(error);
    }

    /// Takes note of what the reset of an object has done.
    fn observe(&self, recorded: &Recorded) {
        let seen = if recorded.has_wiped() { WIPED } else { NOT_WIPED };
        // Relaxed: it is a figure of the report's, and only grows.
        if self.seen.load(Ordering::Relaxed) < seen {
            self.seen.fetch_max(seen, Ordering::Relaxed);
        }
    }

    pub(crate) fn report(&self) -> MemoryLock {
        // Relaxed: figures to look at, all of them written under the lock of the table.
        let objects = self.objects.load(Ordering::Relaxed);
        let bytes = self.bytes.load(Ordering::Relaxed);
        let wipes_nothing = self.seen.load(Ordering::Relaxed) == NOT_WIPED;
        let error = self.error.get().copied();
        match error.or(wipes_nothing.then_some(LockError(Cause::NothingWiped))) {
            None => MemoryLock::Locked { objects, bytes },
            Some(error) => {
                let unlocked = self.unlocked.load(Ordering::Relaxed);
                MemoryLock::Degraded { objects, bytes, unlocked, error }
            }
        }
    }

    /// Locks a new object at `slot`, and what it holds if it is blank: a value that a user
    /// gave is not reset for that.
    pub(crate) fn admit<T, R>(self: &Arc<Self>, slot: *const T, reset: Option<impl FnOnce() -> R>) {
        if system::UNSUPPORTED.is_some() {
            return;
        }
        let (result, recorded) = record(slot, || reset.map(|reset| reset()));
        if result.is_some() {
            self.observe(&recorded);
        }
        self.lock(slot.addr(), &recorded);
    }

    /// Runs the reset of a return, and a second one if the object has got other memory.
    pub(crate) fn renew<T, R>(self: &Arc<Self>, slot: *const T, mut reset: impl FnMut() -> R) -> R {
        if system::UNSUPPORTED.is_some() {
            return reset();
        }
        let (result, recorded) = record(slot, &mut reset);
        self.observe(&recorded);
        if TABLE.lock().knows(slot.addr(), recorded.spans()) {
            return result;
        }
        drop(recorded);
        let (result, recorded) = record(slot, reset);
        // A reset that frees secrets differs each time, and what is left does not.
        if !TABLE.lock().knows(slot.addr(), recorded.spans()) {
            self.lock(slot.addr(), &recorded);
        }
        result
    }

    /// Locks the memory of an object in place of what it has locked before.
    fn lock(self: &Arc<Self>, object: usize, recorded: &Recorded) {
        let replaced = TABLE.lock().replace(object, recorded.spans(), self);
        // Not under the lock: the last handle of a pool's is no affair of the table's.
        drop(replaced);
    }
}

/// What is locked for an object, by merged ranges of addresses.
struct Entry {
    spans: Vec<Span>,
    /// Whether all of it is locked.
    is_locked: bool,
    pool: Arc<Locker>,
}

impl Entry {
    fn bytes(&self) -> usize {
        self.spans.iter().map(|span| span.len()).sum()
    }

    fn count(&self) {
        // Relaxed, here and below: see `Locker::report`.
        if self.is_locked {
            self.pool.objects.fetch_add(1, Ordering::Relaxed);
            self.pool.bytes.fetch_add(self.bytes(), Ordering::Relaxed);
        } else {
            self.pool.unlocked.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn discount(&self) {
        if self.is_locked {
            self.pool.objects.fetch_sub(1, Ordering::Relaxed);
            self.pool.bytes.fetch_sub(self.bytes(), Ordering::Relaxed);
        } else {
            self.pool.unlocked.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// All that is locked in the process: pools share pages.
struct Table {
    /// By the addresses of their slots.
    objects: BTreeMap<usize, Entry>,
    /// How many objects have a secret on each page.
    pages: BTreeMap<usize, usize>,
}

static TABLE: Mutex<Table> = Mutex::new(Table { objects: BTreeMap::new(), pages: BTreeMap::new() });

impl Table {
    /// Whether an object has been through a lock of all that was wiped. One whose lock
    /// failed tries again when it has got other memory: a limit that is reached is reached
    /// at every return, and the calls would be as many.
    fn knows(&self, object: usize, wiped: &[Span]) -> bool {
        self.objects.get(&object).is_some_and(|entry| entry.spans == wiped)
    }

    /// Locks the memory of an object, then unlocks what it had locked before, or the other
    /// way round where there is no room for both; returns the entry that it had.
    fn replace(&mut self, object: usize, spans: &[Span], pool: &Arc<Locker>) -> Option<Entry> {
        let old = self.objects.remove(&object);
        for page in pages_of(spans.iter().copied()).iter().flat_map(|span| span.start..span.end) {
            *self.pages.entry(page).or_insert(0) += 1;
        }
        // Invariant 3, and all of it again if something failed before.
        let known = old.as_ref().filter(|old| old.is_locked).map_or(&[][..], |old| &old.spans);
        let new = spans.iter().copied().filter(|span| known.binary_search(span).is_err());
        let mut is_locked = true;
        let mut held = old.as_ref();
        for pages in pages_of(new) {
            let mut locked = system::lock(pages);
            if locked.is_err() {
                // What it had before may be what takes up the limit. None of it is needed
                // any more: the pages of `spans` are counted.
                if let Some(old) = held.take() {
                    self.release(old);
                    locked = system::lock(pages);
                }
            }
            if let Err(failure) = locked {
                pool.fail(|| system::explain(&failure, pages));
                is_locked = false;
            }
        }
        if let Some(old) = held {
            self.release(old);
        }
        let entry = Entry { spans: spans.to_vec(), is_locked, pool: Arc::clone(pool) };
        entry.count();
        self.objects.insert(object, entry);
        old
    }

    /// Unlocks the pages of an entry that no other object has a secret on.
    fn release(&mut self, entry: &Entry) {
        entry.discount();
        for pages in pages_of(entry.spans.iter().copied()) {
            let mut free = Span { start: pages.start, end: pages.start };
            for page in pages.start..pages.end {
                if self.discount(page) {
                    free.end = page + 1;
                    continue;
                }
                system::unlock(mem::replace(&mut free, Span { start: page + 1, end: page + 1 }));
            }
            system::unlock(free);
        }
    }

    /// Counts an object less on a page, and tells whether it was the last.
    fn discount(&mut self, page: usize) -> bool {
        let Some(count) = self.pages.get_mut(&page) else { return true };
        *count -= 1;
        let is_last = *count == 0;
        if is_last {
            self.pages.remove(&page);
        }
        is_last
    }
}

/// The lock of an object that is about to leave its pool. Its memory is unlocked when this
/// is dropped.
///
/// An object that is idle or moves out is unlocked before its memory is freed: it is blank,
/// or its new owner's affair, and what is unlocked is sure to be its own.
///
/// One that goes as its user left it is unlocked last. Its secrets are wiped by its drop,
/// which is code of a user's that may panic: a panic on top of another aborts the process,
/// and the core dump must not show them. The price is that the memory of its buffers may
/// have found another owner meanwhile. One who had locked it by other means than this
/// module would lose that lock; the same happens to whoever locks a part of a page.
pub(crate) struct Held(Entry);

impl Held {
    /// Takes the object at `slot` out of the table (invariant 4).
    pub(crate) fn take<T>(slot: *const T) -> Option<Self> {
        TABLE.lock().objects.remove(&slot.addr()).map(Self)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        TABLE.lock().release(&self.0);
    }
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Held").field(&self.0.spans).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Pool, Wipe};

    fn spans<const N: usize>(spans: [(usize, usize); N]) -> Vec<Span> {
        spans.map(|(start, end)| Span { start, end }).to_vec()
    }

    #[test]
    fn spans_that_touch_become_one() {
        let mut some = spans([(8, 9), (1, 3), (3, 5), (2, 4), (7, 8)]);
        merge(&mut some);
        assert_eq!(some, spans([(1, 5), (7, 9)]));
    }

    #[test]
    fn ranges_touch_the_pages_that_they_begin_and_end_on() {
        let size = system::page_size();
        let range = |start, end| Span { start, end };
        assert_eq!(range(size, 2 * size).pages(), range(1, 2));
        assert_eq!(range(size - 1, size + 1).pages(), range(0, 2));
        let two = [range(size, size + 8), range(size + 16, size + 24)];
        assert_eq!(pages_of(two.into_iter()), [range(1, 2)]);
    }

    #[cfg(unix)]
    fn words() -> Pool<Vec<String>> {
        let create = || Vec::with_capacity(64);
        Pool::builder()
            .create(create)
            .reset(|words: &mut Vec<String>| words.wipe())
            .lock_memory()
            .build()
    }

    #[cfg(unix)]
    /// Returns one object, which its reset frees strings of, and counts the system's calls.
    fn calls_of_returns(pool: &Pool<Vec<String>>, count: usize) -> usize {
        let before = system::testing::calls();
        for size in 1..=count {
            pool.get().extend((0..20).map(|index| "s3cr3t".repeat(size + index)));
        }
        system::testing::calls() - before
    }

    #[cfg(unix)]
    #[test]
    fn return_of_an_object_with_the_same_memory_makes_no_call() {
        let pool = words();
        assert!(calls_of_returns(&pool, 1) > 0, "it was born");
        assert_eq!(calls_of_returns(&pool, 100), 0);
    }

    #[cfg(unix)]
    #[test]
    fn lock_that_failed_is_not_asked_for_again_for_the_same_memory() {
        system::testing::refuse(true);
        let pool = words();
        assert!(calls_of_returns(&pool, 1) > 0, "it was born");
        assert_eq!(calls_of_returns(&pool, 100), 0);
        assert!(matches!(pool.memory_lock(), MemoryLock::Degraded { objects: 0, unlocked: 1, .. }));
        // Other memory is another matter.
        pool.get().reserve(1000);
        system::testing::refuse(false);
        assert_eq!(calls_of_returns(&pool, 1), 0);
        pool.get().reserve(10_000);
        assert!(matches!(pool.memory_lock(), MemoryLock::Degraded { objects: 1, unlocked: 0, .. }));
    }

    #[test]
    fn page_is_counted_for_each_object() {
        let mut table = Table { objects: BTreeMap::new(), pages: BTreeMap::from([(5, 2)]) };
        assert!(!table.discount(5));
        assert!(table.discount(5));
        assert!(table.pages.is_empty());
    }
}
