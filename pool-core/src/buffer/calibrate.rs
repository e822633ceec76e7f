//! What was written into a pool's buffers, and what follows for the default size.
//!
//! Each return notes the class that would have covered what was written: in a count of the
//! thread's own, so that nothing is shared. Every [`EXCHANGE`] returns, and when it ends, a
//! thread adds its counts to the *window*. When that holds [`WINDOW`] of them it is closed:
//! the default size becomes the smallest that covers [`USUAL`] of what was written, the
//! threshold the smallest that covers [`NEARLY_ALL`], and the next window begins with
//! nothing. So both follow the load, up and down. What is idle above the threshold is freed
//! then, and a buffer that grows beyond it when it comes home. One that was asked for in its
//! size goes home as ever: small contents say nothing against the size that a user wants.
//!
//! What counts as written is the greatest length at any mutable access through the guard,
//! and at the drop. A buffer that was emptied before it came home counts all the same: the
//! length at the return, which bytebufferpool of Go goes by, says nothing of such a one, and
//! so its default size falls to the least (bytebufferpool#15).
//!
//! # Invariants
//!
//! 1. Nothing is freed while the thread's counts are borrowed or a window is locked.

use core::cell::RefCell;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

use super::ladder::Ladder;
use crate::sync::Mutex;

/// After so many returns a thread adds its counts to the window.
const EXCHANGE: u32 = 1024;
/// So many returns make a window.
const WINDOW: u64 = 8 * EXCHANGE as u64;
/// Of a hundred buffers, so many are to fit into the default size.
const USUAL: u64 = 90;
/// Of a hundred buffers, so many are to be worth keeping.
const NEARLY_ALL: u64 = 99;

/// The default size where nothing was measured: 4 KiB, or the next that there is.
const UNMEASURED: usize = 4 << 10;

/// The default size of a pool that does not measure.
pub(super) fn unmeasured(sizes: &[usize]) -> usize {
    size_at(sizes, sizes.partition_point(|&size| size < UNMEASURED))
}

/// The size of a place, or the largest.
fn size_at(sizes: &[usize], place: usize) -> usize {
    sizes[place.min(sizes.len() - 1)]
}

/// What one pool has learnt.
#[derive(Debug)]
pub(super) struct Tuner {
    /// Of the classes, in bytes, rising; one at least.
    sizes: Box<[usize]>,
    default_size: AtomicUsize,
    drop_threshold: AtomicUsize,
    window: Mutex<Counts>,
    /// Where idle buffers above the threshold are freed when a window is closed.
    ladder: Weak<Ladder>,
}

/// How many buffers of each class were written, and in the last place how many of more.
#[derive(Debug)]
struct Counts(Box<[u64]>);

impl Counts {
    fn new(classes: usize) -> Self {
        Self(vec![0; classes + 1].into_boxed_slice())
    }

    fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// Moves all counts here.
    fn merge(&mut self, other: &mut Self) {
        for (count, other) in self.0.iter_mut().zip(&mut other.0) {
            *count += core::mem::take(other);
        }
    }

    /// The first place up to which there are `percent` of all.
    fn place_of(&self, percent: u64) -> usize {
        let wanted = (self.total() * percent).div_ceil(100);
        let mut covered = 0;
        let reaches = |&count: &u64| {
            covered += count;
            covered >= wanted
        };
        self.0.iter().position(reaches).unwrap_or(0)
    }
}

impl Tuner {
    pub(super) fn new(sizes: &[usize], ladder: Weak<Ladder>) -> Self {
        Self {
            sizes: sizes.into(),
            ladder,
            default_size: AtomicUsize::new(unmeasured(sizes)),
            drop_threshold: AtomicUsize::new(size_at(sizes, sizes.len())),
            window: Mutex::new(Counts::new(sizes.len())),
        }
    }

    pub(super) fn default_size(&self) -> usize {
        self.default_size.load(Ordering::Relaxed)
    }

    /// The largest size whose buffers are kept.
    pub(super) fn drop_threshold(&self) -> usize {
        self.drop_threshold.load(Ordering::Relaxed)
    }

    /// Notes what was written into one buffer.
    pub(super) fn note(self: &Arc<Self>, written: usize) {
        let place = self.sizes.partition_point(|&size| size < written);
        let noted = THREADS_OWN.try_with(|own| {
            // Borrowed only where the allocator comes back here.
            let mut own = own.try_borrow_mut().ok()?;
            let own = own.of(self);
            own.counts.0[place] += 1;
            own.notes += 1;
            if own.notes >= EXCHANGE { own.exchange(self) } else { None }
        });
        self.free_above(noted.ok().flatten());
    }

    /// Closes the window as it is, with what this thread has noted.
    pub(super) fn calibrate(self: &Arc<Self>) {
        let own = THREADS_OWN.try_with(|own| {
            let mut own = own.try_borrow_mut().ok()?;
            Some(core::mem::replace(&mut own.of(self).counts, Counts::new(self.sizes.len())))
        });
        let mut window = self.window.lock();
        if let Some(mut own) = own.ok().flatten() {
            window.merge(&mut own);
        }
        let closed = self.close(&mut window);
        drop(window);
        self.free_above(closed);
    }

    /// Frees what is idle above the threshold, if a window was closed.
    fn free_above(&self, closed: Option<Closed>) {
        if let (Some(Closed), Some(ladder)) = (closed, self.ladder.upgrade()) {
            ladder.clear_unwanted();
        }
    }

    /// Learns from a window, and empties it.
    fn close(&self, window: &mut Counts) -> Option<Closed> {
        if window.total() == 0 {
            return None;
        }
        let default_size = size_at(&self.sizes, window.place_of(USUAL));
        let threshold = size_at(&self.sizes, window.place_of(NEARLY_ALL));
        window.0.fill(0);
        self.default_size.store(default_size, Ordering::Relaxed);
        self.drop_threshold.store(threshold, Ordering::Relaxed);
        Some(Closed)
    }
}

/// A window was closed. What is idle above the threshold is to be freed, as soon as nothing
/// is locked.
#[must_use]
struct Closed;

/// What a thread has noted for one pool since its last exchange.
#[derive(Debug)]
struct Own {
    tuner: Weak<Tuner>,
    counts: Counts,
    notes: u32,
}

impl Own {
    /// Adds the counts to the window, and closes that if it is full.
    fn exchange(&mut self, tuner: &Tuner) -> Option<Closed> {
        self.notes = 0;
        let mut window = tuner.window.lock();
        window.merge(&mut self.counts);
        if window.total() >= WINDOW { tuner.close(&mut window) } else { None }
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        if let Some(tuner) = self.tuner.upgrade() {
            let closed = self.exchange(&tuner);
            tuner.free_above(closed);
        }
    }
}

/// What a thread has noted, by the address of the tuner: which no other one gets as long as
/// it is noted here.
#[derive(Debug)]
struct ThreadsOwn(BTreeMap<usize, Own>);

impl ThreadsOwn {
    fn of(&mut self, tuner: &Arc<Tuner>) -> &mut Own {
        let address = Arc::as_ptr(tuner).addr();
        if !self.0.contains_key(&address) {
            // Those of pools that have gone.
            self.0.retain(|_, own| own.tuner.strong_count() > 0);
        }
        self.0.entry(address).or_insert_with(|| {
            let (tuner, counts) = (Arc::downgrade(tuner), Counts::new(tuner.sizes.len()));
            Own { tuner, counts, notes: 0 }
        })
    }
}

thread_local! {
    static THREADS_OWN: RefCell<ThreadsOwn> = const { RefCell::new(ThreadsOwn(BTreeMap::new())) };
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZES: [usize; 3] = [100, 1_000, 10_000];

    fn noted(written: &[(usize, usize)]) -> Arc<Tuner> {
        let tuner = Arc::new(Tuner::new(&SIZES, Weak::new()));
        for &(written, times) in written {
            (0..times).for_each(|_| tuner.note(written));
        }
        tuner
    }

    fn learnt(tuner: &Tuner) -> (usize, usize) {
        (tuner.default_size(), tuner.drop_threshold())
    }

    #[test]
    fn nine_in_ten_fit_the_default_and_all_but_one_in_a_hundred_are_kept() {
        let tuner = noted(&[(80, 90), (100, 9), (20_000, 1)]);
        tuner.calibrate();
        assert_eq!(learnt(&tuner), (100, 100));
        for (written, expected) in [
            ([(80, 89), (900, 11)], (1_000, 1_000)),
            ([(80, 90), (900, 10)], (100, 1_000)),
            ([(80, 98), (9_000, 2)], (100, 10_000)),
            ([(80, 1), (90_000, 99)], (10_000, 10_000)),
        ] {
            let tuner = noted(&written);
            tuner.calibrate();
            assert_eq!(learnt(&tuner), expected, "{written:?}");
        }
    }

    #[test]
    fn a_window_that_is_full_is_closed_by_itself_and_the_next_begins_with_nothing() {
        let tuner = noted(&[(50, WINDOW as usize - 1)]);
        assert_eq!(learnt(&tuner), (10_000, 10_000));
        tuner.note(50);
        assert_eq!(learnt(&tuner), (100, 100));
        (0..WINDOW).for_each(|_| tuner.note(5_000));
        assert_eq!(learnt(&tuner), (10_000, 10_000));
    }

    #[test]
    fn a_window_without_notes_teaches_nothing() {
        let tuner = noted(&[(50, 1)]);
        for _window in 0..2 {
            tuner.calibrate();
            assert_eq!(learnt(&tuner), (100, 100));
        }
    }

    #[test]
    fn the_counts_of_a_thread_that_ends_are_merged() {
        let tuner = noted(&[]);
        std::thread::scope(|scope| {
            let thread = scope.spawn(|| (0..10).for_each(|_| tuner.note(50)));
            thread.join().expect("it only notes");
        });
        tuner.calibrate();
        assert_eq!(learnt(&tuner), (100, 100));
    }
}
