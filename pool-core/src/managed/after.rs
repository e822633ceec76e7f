//! What a change of a pool's state leaves to do once the lock is released.

use core::task::Waker;

use super::reason::Reason;
use crate::raw_pool::{caught, forget_panic};

/// What is to be done once the lock is released.
#[derive(Debug)]
#[must_use = "those who were served have to be woken"]
pub(crate) struct After<T> {
    /// The first apart from the others, so that to wake one takes no allocation.
    first: Option<Waker>,
    more: Vec<Waker>,
    /// An object that the pool did not keep, and whose place is free already.
    pub(crate) refused: Option<(T, Reason)>,
    /// Whether the idle objects are to be looked at earlier than it was thought:
    /// [`Core::armed`] says when.
    pub(crate) is_armed: bool,
    /// Whether fewer are idle than should be.
    pub(crate) is_short: bool,
    /// Creates that those have left for whom they were begun, and that nobody has taken up.
    pub(crate) left: Vec<u64>,
}

impl<T> After<T> {
    pub(super) const fn nothing() -> Self {
        Self {
            first: None,
            more: Vec::new(),
            refused: None,
            is_armed: false,
            is_short: false,
            left: Vec::new(),
        }
    }

    pub(super) fn will_wake(&mut self, waker: Option<Waker>) {
        if self.first.is_none() {
            self.first = waker;
        } else {
            self.more.extend(waker);
        }
    }

    /// Wakes those who were served: all of them, though a waker panics. Those of tasks are their
    /// executor's code.
    pub(crate) fn wake(&mut self) {
        if let Some(waker) = self.first.take() {
            forget_panic(caught(|| waker.wake()));
            for waker in self.more.drain(..) {
                forget_panic(caught(|| waker.wake()));
            }
        }
    }
}
