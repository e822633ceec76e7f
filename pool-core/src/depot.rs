//! The idle objects that all threads share.
//!
//! # Invariants
//!
//! 1. `idle` is at least the number of objects in the queues and at most `max_idle`:
//!    room is reserved before a push, and given back after a pop.
//! 2. Magazines are full; what does not fill one goes to the singles.
//! 3. No user code runs in this module.

use core::sync::atomic::{AtomicUsize, Ordering};
use std::sync::OnceLock;

use crossbeam_queue::ArrayQueue;
use crossbeam_utils::CachePadded;

use crate::magazine::{MAGAZINE, Magazine};
use crate::slot::Object;

/// The most objects that a depot or a cache keeps, whatever the limits say: they are
/// arrays, and an array for `usize::MAX` objects cannot be had.
pub(crate) const MOST_IDLE: usize = 1 << 20;

/// Full magazines, and objects one by one.
#[derive(Debug)]
pub(crate) struct Depot {
    max_idle: usize,
    magazine_size: usize,
    idle: CachePadded<AtomicUsize>,
    bytes: AtomicUsize,
    magazines: OnceLock<ArrayQueue<Magazine>>,
    singles: OnceLock<ArrayQueue<Object>>,
}

impl Depot {
    /// `cache` is how many objects a thread keeps: a magazine is half of that.
    pub(crate) const fn new(max_idle: usize, cache: usize) -> Self {
        let half = cache.div_ceil(2);
        Self {
            max_idle: if max_idle < MOST_IDLE { max_idle } else { MOST_IDLE },
            magazine_size: match half {
                0 => 1,
                1..=MAGAZINE => half,
                _ => MAGAZINE,
            },
            idle: CachePadded::new(AtomicUsize::new(0)),
            bytes: AtomicUsize::new(0),
            magazines: OnceLock::new(),
            singles: OnceLock::new(),
        }
    }

    /// How many objects move at once.
    pub(crate) fn magazine_size(&self) -> usize {
        self.magazine_size
    }

    pub(crate) fn idle(&self) -> usize {
        self.idle.load(Ordering::Relaxed)
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    /// How many more objects there is room for.
    pub(crate) fn room(&self) -> usize {
        self.max_idle - self.idle()
    }

    /// Reserves room for up to `count` objects; returns for how many.
    fn reserve(&self, count: usize) -> usize {
        let mut granted = 0;
        // Relaxed: the count limits, and publishes nothing; the queues publish.
        let _ = self.idle.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |idle| {
            granted = count.min(self.max_idle - idle);
            Some(idle + granted)
        });
        granted
    }

    fn release(&self, count: usize, bytes: usize) {
        self.bytes.fetch_sub(bytes, Ordering::Relaxed);
        self.idle.fetch_sub(count, Ordering::Relaxed);
    }

    /// Takes the objects of a magazine in; those without room stay in it.
    pub(crate) fn give(&self, mut magazine: Magazine) -> Magazine {
        if magazine.len() == 0 {
            return magazine;
        }
        let room = self.reserve(magazine.len());
        if room == self.magazine_size && room == magazine.len() && room > 1 {
            let bytes = magazine.bytes();
            self.bytes.fetch_add(bytes, Ordering::Relaxed);
            let queue = self
                .magazines
                .get_or_init(|| ArrayQueue::new((self.max_idle / self.magazine_size).max(1)));
            match queue.push(magazine) {
                Ok(()) => return Magazine::new(),
                Err(back) => {
                    self.release(room, bytes);
                    return back;
                }
            }
        }
        for _ in 0..room {
            let Some(object) = magazine.pop() else { break };
            if let Err(back) = self.push_single(object) {
                magazine.push(back);
            }
        }
        magazine
    }

    /// Takes one object in, or gives it back if there is no room.
    pub(crate) fn give_single(&self, object: Object) -> Result<(), Object> {
        if self.reserve(1) == 1 { self.push_single(object) } else { Err(object) }
    }

    /// Adds an object for which room is reserved.
    fn push_single(&self, object: Object) -> Result<(), Object> {
        let bytes = object.bytes();
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        let queue = self.singles.get_or_init(|| ArrayQueue::new(self.max_idle));
        queue.push(object).inspect_err(|_| self.release(1, bytes))
    }

    /// Takes a full magazine.
    pub(crate) fn take(&self) -> Option<Magazine> {
        let magazine = self.magazines.get()?.pop()?;
        self.release(magazine.len(), magazine.bytes());
        Some(magazine)
    }

    /// Takes one object that came alone, as a magazine.
    pub(crate) fn take_single_alone(&self) -> Option<Magazine> {
        let mut magazine = Magazine::new();
        magazine.push(self.take_single()?);
        Some(magazine)
    }

    /// Takes one object that came alone.
    pub(crate) fn take_single(&self) -> Option<Object> {
        let object = self.singles.get()?.pop()?;
        self.release(1, object.bytes());
        Some(object)
    }
}
