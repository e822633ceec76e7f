//! Which gets must be hits, while one thread at a time takes a step.
//!
//! For every thread and pool the forecast knows of some objects that this thread finds
//! without a create, and no more than there are: it need not know how many objects move
//! between a cache and the depot. What the thread returned last is in its own cache; older
//! returns may have gone to the depot, where they are there for this thread as long as no
//! other has come for some. Whatever frees idle objects ends what was known.

use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::book::BOOKS;
use crate::house::{House, Keeping, Terms};
use crate::script::THREADS;
use crate::verdict::broken;

/// What is known of one thread and one pool.
#[derive(Clone, Copy, Debug)]
struct Near {
    /// Objects that the thread finds.
    found: usize,
    /// Those of them that are in its own cache.
    own: usize,
    /// The most that `own` can be; known from the first get on.
    most_own: usize,
    /// How often it got or returned an object.
    moves: u64,
    /// Whether the thread may have been told to come to the depot: then it leaves what it
    /// returns next there.
    summoned: bool,
}

impl Near {
    const NOTHING: Self = Self { found: 0, own: 0, most_own: 0, moves: 0, summoned: true };

    /// Idle objects were freed.
    fn forget(&mut self) {
        (self.found, self.own, self.summoned) = (0, 0, true);
    }
}

#[derive(Debug)]
struct Forecast {
    turn: usize,
    near: [[Near; BOOKS]; THREADS],
}

/// Spares free running threads the lock.
static LISTENS: AtomicBool = AtomicBool::new(false);
static FORETOLD_GETS: AtomicU64 = AtomicU64::new(0);
static FORECAST: Mutex<Forecast> =
    Mutex::new(Forecast { turn: 0, near: [[Near::NOTHING; BOOKS]; THREADS] });

fn with(change: impl FnOnce(&mut Forecast)) {
    if LISTENS.load(Ordering::Relaxed) {
        change(&mut FORECAST.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// Starts to listen, if anything can be foretold.
pub(crate) fn start(keeping: Keeping) {
    LISTENS.store(keeping == Keeping::Foreseeable, Ordering::Relaxed);
    with(|forecast| forecast.near = [[Near::NOTHING; BOOKS]; THREADS]);
}

/// Listens no more: several threads are at it from here on.
pub(crate) fn stop() {
    LISTENS.store(false, Ordering::Relaxed);
}

/// How many gets had to be hits, since this was asked last.
pub(crate) fn foretold() -> u64 {
    FORETOLD_GETS.swap(0, Ordering::Relaxed)
}

/// It is a thread's turn.
pub(crate) fn turn(thread: usize) {
    with(|forecast| forecast.turn = thread);
}

/// The thread whose turn it is has ended, and another takes its place.
pub(crate) fn replaced() {
    with(|forecast| forecast.near[forecast.turn] = [Near::NOTHING; BOOKS]);
}

/// How many objects the thread finds in a pool.
pub(crate) fn found(book: usize) -> usize {
    let mut found = 0;
    with(|forecast| found = forecast.near[forecast.turn][book].found);
    found
}

/// The thread got an object, or found none if it had to create. Before that it would
/// have found `before`: what a create gets and returns in between comes too late.
pub(crate) fn got(house: &dyn House, before: usize, missed: bool) {
    with(|forecast| {
        let book = house.book();
        for (thread, near) in forecast.near.iter_mut().enumerate() {
            let near = &mut near[book];
            if thread != forecast.turn {
                near.found = near.found.min(near.own);
                continue;
            }
            near.most_own = most_own(house.terms());
            let before = before.min(near.found);
            if before > 0 && missed {
                broken(format!(
                    "a get from pool {book} missed, though the thread had {before} objects there"
                ));
            }
            FORETOLD_GETS.fetch_add(u64::from(before > 0), Ordering::Relaxed);
            near.moves += 1;
            near.found = near.found.saturating_sub(1);
            near.own = near.own.saturating_sub(1);
        }
    });
}

/// What is known to be in the thread's own cache: what it returned last, and no more, for
/// an overflow may move all that was there before.
fn most_own(terms: Terms) -> usize {
    let is_sure =
        terms.cache != Some(0) && terms.max_object_bytes.is_none() && terms.max_bytes.is_none();
    usize::from(is_sure)
}

/// How often the thread got or returned an object of a pool.
pub(crate) fn moves(book: usize) -> u64 {
    let mut moves = 0;
    with(|forecast| moves = forecast.near[forecast.turn][book].moves);
    moves
}

/// The thread returned an object, which is idle now. `moves` is what it was before that: if
/// a drop in between got this very object and returned it, it has been noted already.
pub(crate) fn returned(book: usize, small: bool, moves: u64) {
    with(|forecast| {
        let near = &mut forecast.near[forecast.turn][book];
        if near.moves != moves {
            return;
        }
        near.moves += 1;
        near.found += 1;
        let summoned = core::mem::replace(&mut near.summoned, false);
        if small && !summoned {
            near.own = (near.own + 1).min(near.most_own);
        } else {
            // It may have gone to the depot, or sent others there.
            near.own = 0;
        }
    });
}

/// The depot got objects that any thread finds.
pub(crate) fn warmed(book: usize, count: usize) {
    with(|forecast| forecast.near.iter_mut().for_each(|near| near[book].found += count));
}

/// The thread's cache is empty.
pub(crate) fn flushed(book: usize) {
    with(|forecast| forecast.near[forecast.turn][book].own = 0);
}

/// A pool has freed an object.
pub(crate) fn died(book: usize) {
    with(|forecast| {
        for near in &mut forecast.near {
            near[book].forget();
        }
    });
}

/// All pools may free objects.
pub(crate) fn all_may_have_died() {
    with(|forecast| {
        for near in forecast.near.iter_mut().flatten() {
            near.forget();
        }
    });
}
