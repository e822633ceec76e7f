//! What all threads of a script share: the pools, and the ways to each other.

use core::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};

use crate::act;
use crate::book::{BOOKS, book};
use crate::hand::Hand;
use crate::house::{House, Order, Site};
use crate::laws::Watched;
use crate::script::Plot;

/// How many values one script leaks, of each kind: they add up in a long run.
const LEAKS: usize = 2;

/// What threads send each other.
pub(crate) enum Parcel {
    Hand(Hand),
    /// A pool for one of the rooms, or the news that it closes.
    House(usize, Option<Arc<dyn House>>),
}

/// What all threads of a script share.
pub(crate) struct Stage<'a> {
    pub(crate) site: &'a dyn Site,
    pub(crate) fixed: Vec<Arc<dyn House>>,
    pub(crate) outboxes: Vec<Sender<Parcel>>,
    /// Whether threads run free.
    pub(crate) is_free: bool,
    next_book: AtomicUsize,
    leaks: AtomicUsize,
    watched: Mutex<Vec<Watched>>,
    /// Distinguishes the names of pools.
    name: String,
}

impl<'a> Stage<'a> {
    pub(crate) fn new(
        site: &'a dyn Site,
        outboxes: Vec<Sender<Parcel>>,
        name: String,
        is_free: bool,
    ) -> Self {
        let fixed = site.fixed();
        let stage = Self {
            site,
            outboxes,
            is_free,
            next_book: AtomicUsize::new(fixed.len()),
            leaks: AtomicUsize::new(0),
            watched: Mutex::new(Vec::new()),
            name,
            fixed,
        };
        stage.fixed.iter().for_each(|house| stage.enter(house));
        stage
    }

    /// Begins the book of a pool.
    fn enter(&self, house: &Arc<dyn House>) {
        act::open_door(house);
        let book = book(house.book());
        book.allow(house.terms().max_idle);
        book.set_validates(house.terms().validate);
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        watched.push(Watched {
            book: house.book(),
            terms: house.terms(),
            watch: house.watch(),
            has_ages: house.has_identities(),
        });
    }

    /// Looks at every pool.
    pub(crate) fn each_watched(&self, look: impl FnMut(&Watched)) {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner).iter().for_each(look);
    }

    pub(crate) fn build(&self, plot: Plot) -> Option<Arc<dyn House>> {
        let book = self.next_book.fetch_add(1, Ordering::Relaxed);
        if book >= BOOKS {
            return None;
        }
        let house = self.site.build(&Order {
            book,
            name: format!("{}-{book}", self.name),
            big: plot.big,
            validate: plot.validate,
            cache: plot.cache,
            max_idle: plot.max_idle,
            max_object_bytes: plot.max_object_bytes,
            max_bytes: plot.max_bytes,
        });
        self.enter(&house);
        Some(house)
    }

    pub(crate) fn may_leak(&self) -> bool {
        self.leaks.fetch_add(1, Ordering::Relaxed) < LEAKS
    }
}
