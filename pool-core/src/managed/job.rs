//! Work that several may drive, one at a time: so that it outlives each of them.
//!
//! A create is such work. It is driven by the thread or the task that it was given to, or by the
//! getter that waits for it and, when that goes away, by another one.
//!
//! # Invariants
//!
//! 1. The work is in its cell, or in the hands of one driver: its code runs with no lock held.
//! 2. Whoever was told that it is pending is woken when it can go on, and looks again or has told
//!    another to.
//! 3. It ends once: done by a driver, or cancelled by whoever has it in hand.

use core::mem;
use core::task::{Poll, Waker};
use std::sync::Arc;
use std::task::Wake;

use crate::raw_pool::{caught, forget_panic};
use crate::sync::Mutex;

/// Work that several may drive.
#[derive(Debug)]
pub(crate) struct Job<W> {
    id: u64,
    state: Mutex<State<W>>,
}

#[derive(Debug)]
struct State<W> {
    /// Out while it is driven, and when it is over.
    work: Option<W>,
    is_over: bool,
    is_cancelled: bool,
    /// Whether it can go on.
    is_ready: bool,
    /// Those who were told that it is pending, by their numbers. There is one as a rule, and two
    /// while one takes over from another.
    drivers: Vec<(u64, Waker)>,
}

/// How far a driver has come.
#[derive(Debug)]
pub(crate) enum Driven<W, O> {
    /// The driver will be woken.
    Pending,
    /// The driver has brought it to its end, and drops what is left.
    Done(O, W),
    /// It was cancelled while it was driven: the driver has it in hand, and ends it.
    Cancelled(W),
    /// Another one has ended it.
    Over,
}

impl<W: Send + 'static> Job<W> {
    pub(crate) fn new(id: u64, work: W) -> Arc<Self> {
        let state = State {
            work: Some(work),
            is_over: false,
            is_cancelled: false,
            is_ready: true,
            drivers: Vec::new(),
        };
        Arc::new(Self { id, state: Mutex::new(state) })
    }

    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    /// Goes on with the work, if it can. `poll` contains the panics of the work.
    pub(crate) fn drive<O>(
        self: &Arc<Self>,
        driver: u64,
        waker: &Waker,
        poll: impl FnOnce(&mut W, &Waker) -> Poll<O>,
    ) -> Driven<W, O> {
        // A waker is its executor's code: it is cloned and dropped with no lock held.
        let own = waker.clone();
        let mut state = self.state.lock();
        if state.is_over {
            drop(state);
            return Driven::Over;
        }
        let former = state.remove(driver);
        state.drivers.push((driver, own));
        // Whoever has it in hand wakes this one too, if it can go on by then.
        let work = if state.is_ready { state.work.take() } else { None };
        let Some(mut work) = work else {
            drop(state);
            let_go(former);
            return Driven::Pending;
        };
        state.is_ready = false;
        drop(state);
        let_go(former);

        let polled = poll(&mut work, &Waker::from(self.clone()));
        let mut state = self.state.lock();
        let driven = match polled {
            Poll::Ready(output) => Driven::Done(output, work),
            Poll::Pending if state.is_cancelled => Driven::Cancelled(work),
            Poll::Pending => {
                state.work = Some(work);
                Driven::Pending
            }
        };
        state.is_over = state.work.is_none();
        // If it was woken meanwhile, those who have come since were not.
        let is_news = state.is_over || state.is_ready;
        let drivers = if is_news { mem::take(&mut state.drivers) } else { Vec::new() };
        drop(state);
        wake_all(drivers);
        driven
    }

    /// Has a driver woken no more, who goes away: if another one should take over, it has been
    /// told.
    pub(crate) fn leave(&self, driver: u64) {
        let former = self.state.lock().remove(driver);
        let_go(former);
    }

    /// Ends the work. It comes back, unless it is over, or a driver has it in hand, who will end
    /// it.
    pub(crate) fn cancel(&self) -> Option<W> {
        let mut state = self.state.lock();
        state.is_cancelled = true;
        let work = state.work.take()?;
        state.is_over = true;
        let drivers = mem::take(&mut state.drivers);
        drop(state);
        wake_all(drivers);
        Some(work)
    }
}

impl<W> State<W> {
    fn remove(&mut self, driver: u64) -> Option<Waker> {
        let index = self.drivers.iter().position(|(number, _)| *number == driver)?;
        Some(self.drivers.swap_remove(index).1)
    }
}

impl<W: Send + 'static> Wake for Job<W> {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let mut state = self.state.lock();
        state.is_ready = true;
        let drivers = mem::take(&mut state.drivers);
        drop(state);
        wake_all(drivers);
    }
}

/// Drops a waker, whatever comes of it.
fn let_go(waker: Option<Waker>) {
    forget_panic(caught(|| drop(waker)));
}

/// Wakes all of them, though one panics.
fn wake_all(drivers: Vec<(u64, Waker)>) {
    for (_, driver) in drivers {
        forget_panic(caught(|| driver.wake()));
    }
}
