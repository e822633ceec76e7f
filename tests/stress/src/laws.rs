//! What must hold of a pool at rest: its counters agree with the books, and its limits
//! with what it keeps.

use poolable::Stats;

use crate::book::{BOOKS, Book, book};
use crate::house::{Keeping, Terms, Watch};
use crate::verdict::broken;

/// A pool that is watched.
pub(crate) struct Watched {
    pub(crate) book: usize,
    pub(crate) terms: Terms,
    pub(crate) watch: Box<dyn Watch>,
    /// Whether its values have an identity, and so an age.
    pub(crate) has_ages: bool,
}

/// What the pools had counted at an earlier moment.
#[derive(Debug)]
pub(crate) struct Ledger {
    keeping: Keeping,
    /// When the script began: fixed pools have been in others.
    start: [Stats; BOOKS],
    /// At the last step, with what had come in by then that may be idle since.
    last: [(Stats, u64); BOOKS],
}

impl Ledger {
    pub(crate) fn new(keeping: Keeping) -> Self {
        let none = Stats::default();
        Self { keeping, start: [none; BOOKS], last: [(none, 0); BOOKS] }
    }

    /// Notes what a fixed pool has counted before the script.
    pub(crate) fn begin(&mut self, index: usize, stats: Stats) {
        self.start[index] = stats;
        self.last[index].0 = stats;
    }

    /// Compares a pool's counters with its book, while there are so many caches.
    pub(crate) fn compare(&self, watched: &Watched, now: &Stats, caches: usize) {
        let (before, book) = (&self.start[watched.book], book(watched.book));
        let since = |count: fn(&Stats) -> u64| i128::from(count(now)) - i128::from(count(before));
        let at = |law: &str| broken(format!("{}: {law}: {now:?}", watched.watch.name()));
        for (what, count, expected) in expected(book) {
            if since(count) != expected {
                at(&format!("{what} is {} where {expected} was counted", since(count)));
            }
        }
        let there = now.created + now.attached;
        if there != now.idle + now.in_use + now.detached + now.discarded.total() {
            at("objects are not conserved");
        }
        let explicit = since(|stats| stats.discarded.explicit);
        let asked = i128::from(book.discarded.get());
        if explicit < asked || explicit > asked && book.clears.get() == 0 {
            at(&format!("{explicit} were discarded on demand, and {asked} should be"));
        }
        let trims = [book.trims.get(), book.shrinks.get()];
        if since(|stats| stats.discarded.trimmed) > 0 && trims == [0, 0] {
            at("objects were trimmed, and nobody asked for it");
        }
        if since(|stats| stats.discarded.oversize) > 0 && watched.terms.max_object_bytes.is_none() {
            at("objects were found too big");
        }
        match watched.terms.max_bytes {
            None if since(|stats| stats.discarded.bytes) > 0 => at("objects were too much"),
            // Each cache may hold that much before the depot learns of it.
            Some(most) if now.bytes_idle > (most * (1 + caches)) as u64 => {
                at(&format!("more than {most} bytes are idle"));
            }
            _ => {}
        }
        let kept = now.idle > 0 || since(|stats| stats.hits) > 0;
        if kept && self.keeping == Keeping::Nothing {
            at("something was kept");
        }
    }

    /// Looks at one step: no object was freed for lack of room while there was some, and
    /// none was trimmed that had not been idle through two trims.
    pub(crate) fn check_step(&mut self, watched: &Watched, now: &Stats) {
        let book = book(watched.book);
        let (before, came_before) = self.last[watched.book];
        let came = book.returned.get() + book.prewarmed.get();
        self.last[watched.book] = (*now, came);
        if self.keeping != Keeping::Foreseeable {
            return;
        }
        let most = before.idle + came - came_before;
        if now.discarded.full > before.discarded.full && most <= book.max_idle() {
            let name = watched.watch.name();
            broken(format!("{name}: an object was freed though there was room: {now:?}"));
        }
        let trimmed = now.discarded.trimmed - self.start[watched.book].discarded.trimmed;
        // Other calls trim by rules of their own, and values without a size have no age.
        if book.shrinks.get() == 0 && watched.has_ages && trimmed > book.died_old.get() {
            let name = watched.watch.name();
            broken(format!("{name}: an object was trimmed before its time: {now:?}"));
        }
    }
}

type Line = (&'static str, fn(&Stats) -> u64, i128);

/// What a pool must have counted.
fn expected(book: &Book) -> [Line; 11] {
    let counted = i128::from;
    let created_by_get = counted(book.created_by_get.get());
    let hits = counted(book.gets.get()) - created_by_get;
    let misses = created_by_get + counted(book.failed.get());
    [
        ("created", |stats| stats.created, counted(book.created.get())),
        ("attached", |stats| stats.attached, counted(book.attached.get())),
        ("detached", |stats| stats.detached, counted(book.detached.get())),
        ("returned", |stats| stats.returned, counted(book.returned.get())),
        ("hits", |stats| stats.hits, hits),
        ("misses", |stats| stats.misses, misses),
        ("idle", |stats| stats.idle, book.idle()),
        ("in_use", |stats| stats.in_use, counted(book.held.get())),
        ("invalid", |stats| stats.discarded.invalid, counted(book.refused.get())),
        ("panic", |stats| stats.discarded.panic, counted(book.panicked.get())),
        ("discarded", |stats| stats.discarded.total(), counted(book.died.get())),
    ]
}

/// A pool keeps no more than its depot and the caches of so many threads may.
pub(crate) fn check_limit(name: &str, idle: u64, max_idle: u64, caches: usize) {
    if idle > max_idle + caches as u64 {
        broken(format!("{name}: {idle} are idle, and {max_idle} + {caches} may be"));
    }
}

/// A pool that was dropped has dropped its values.
pub(crate) fn check_gone(watched: &Watched) {
    let left = book(watched.book).idle();
    if left != 0 {
        let name = watched.watch.name();
        broken(format!("{name} was dropped, and {left} of its values were not"));
    }
}

/// The list of pools has those that are used, as they are, and no others.
pub(crate) fn check_listed(listed: &[(String, Stats)], watched: &Watched) {
    let name = watched.watch.name();
    let entry = listed.iter().find(|(listed, _)| *listed == name);
    match (watched.watch.stats(), entry) {
        (None, Some(_)) => broken(format!("{name} was dropped, and is listed")),
        (Some(_), None) if book(watched.book).gets.get() > 0 => {
            broken(format!("{name} is used, and is not listed"));
        }
        (Some(stats), Some((_, listed))) if stats != *listed => {
            broken(format!("{name} is listed with {listed:?} instead of {stats:?}"));
        }
        _ => {}
    }
}
