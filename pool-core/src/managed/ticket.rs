//! A getter's place in the queue, and the cell that it is served in.

use core::any::Any;
use core::error::Error;
use core::task::{Poll, Waker};

use crate::raw_pool::{caught, forget_panic};
use crate::sync::{AtomicU64, Mutex, Ordering};

/// What a waiter is given.
#[derive(Debug)]
pub(crate) enum Grant<T> {
    /// An object, counted as out.
    Object {
        object: T,
        /// Whether it comes from among the idle, not straight from a borrower or a create.
        was_idle: bool,
    },
    /// Room for an object, counted as creating, which the waiter is to fill.
    Slot,
    /// A create, counted as creating, which the waiter is to begin or to drive: it waits on.
    Begin(Begin),
    /// The create that it asked for has failed.
    Failed(Failure),
    /// The pool is closed.
    Closed,
    /// Its time is up.
    TimedOut {
        /// Whether a create was under way for it.
        had_create: bool,
        /// That create, if it is to end with it.
        hopeless: Option<u64>,
    },
}

/// A create that is a waiter's from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Begin {
    pub(crate) id: u64,
    /// Whether nobody has begun it. If somebody has, it may be over.
    pub(crate) is_new: bool,
}

/// What became of a create that made nothing.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Of the manager's type.
    Error(Box<dyn Error + Send + Sync>),
    Panic(Box<dyn Any + Send>),
}

/// A getter's place in the queue.
///
/// Whoever serves it does so under the lock of the core, and so does whoever gives it up:
/// a grant is never lost between the two.
#[derive(Debug)]
pub(crate) struct Ticket<T> {
    /// Its number in the queue, lowest first; 0 before it has one.
    number: AtomicU64,
    cell: Mutex<Cell<T>>,
}

#[derive(Debug)]
struct Cell<T> {
    grant: Option<Grant<T>>,
    /// A create that the waiter is to begin or to drive.
    begin: Option<Begin>,
    waker: Option<Waker>,
}

impl<T> Ticket<T> {
    /// A ticket with the number of an object that was had without waiting, or with none yet, and
    /// the waker that it is polled with at first.
    pub(crate) fn new(number: u64, waker: Waker) -> Self {
        Self {
            number: AtomicU64::new(number),
            cell: Mutex::new(Cell { grant: None, begin: None, waker: Some(waker) }),
        }
    }

    /// Relaxed, here and below: the number is written and read by those who hold the core's
    /// lock.
    pub(super) fn number(&self) -> u64 {
        self.number.load(Ordering::Relaxed)
    }

    pub(super) fn set_number(&self, number: u64) {
        self.number.store(number, Ordering::Relaxed);
    }

    /// What has been granted, if anything has; else the waker will be told. What comes beside it
    /// is a create that has become needless.
    pub(crate) fn poll(&self, waker: &Waker) -> Poll<(Grant<T>, Option<u64>)> {
        let mut cell = self.cell.lock();
        if let Some(taken) = cell.take() {
            return Poll::Ready(taken);
        }
        let is_known = cell.waker.as_ref().is_some_and(|known| known.will_wake(waker));
        drop(cell);
        if is_known {
            return Poll::Pending;
        }
        // A waker is its executor's code: it is cloned and dropped with no lock held.
        let waker = waker.clone();
        let mut cell = self.cell.lock();
        if let Some(taken) = cell.take() {
            return Poll::Ready(taken);
        }
        let former = cell.waker.replace(waker);
        drop(cell);
        // Its drop may panic, and a place hangs on what follows.
        forget_panic(caught(|| drop(former)));
        Poll::Pending
    }

    /// Puts a grant into the cell, under the core's lock; whom to wake once that is released.
    pub(super) fn grant(&self, grant: Grant<T>) -> Option<Waker> {
        let mut cell = self.cell.lock();
        debug_assert!(cell.grant.is_none(), "a ticket outside of the queue is not served");
        cell.grant = Some(grant);
        cell.waker.take()
    }

    /// Has the waiter begin a create, or drive it, likewise.
    pub(super) fn begin(&self, begin: Begin) -> Option<Waker> {
        let mut cell = self.cell.lock();
        cell.begin = Some(begin);
        cell.waker.take()
    }

    /// Takes that back, if the waiter has not seen it yet.
    pub(super) fn take_begin(&self) -> Option<Begin> {
        self.cell.lock().begin.take()
    }

    /// Whom to wake to look at the time.
    pub(super) fn nudge(&self) -> Option<Waker> {
        self.cell.lock().waker.take()
    }

    /// What is in the cell of a ticket that is given up, under the core's lock.
    pub(super) fn clear(&self) -> (Option<Grant<T>>, Option<Begin>) {
        let mut cell = self.cell.lock();
        (cell.grant.take(), cell.begin.take())
    }
}

impl<T> Cell<T> {
    fn take(&mut self) -> Option<(Grant<T>, Option<u64>)> {
        match self.grant.take() {
            Some(grant) => {
                let begin = self.begin.take().filter(|begin| begin.is_new);
                Some((grant, begin.map(|begin| begin.id)))
            }
            None => Some((Grant::Begin(self.begin.take()?), None)),
        }
    }
}
