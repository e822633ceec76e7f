//! The one thread of the process that fires timers.

use std::task::Waker;
use std::time::Instant;

/// A timer, which is cancelled when this is dropped.
#[derive(Debug)]
pub(crate) struct Timer;

pub(crate) fn wake_at(_at: Instant, _waker: Waker) -> Timer {
    Timer
}
