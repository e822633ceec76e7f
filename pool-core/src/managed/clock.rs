//! The time that a pool goes by.

use std::task::Waker;
use std::time::{Duration, Instant};

use super::keeper::{self, Timer};

#[derive(Clone, Debug, Default)]
pub struct Clock;

impl Clock {
    pub fn system() -> Self {
        Self
    }

    pub fn manual() -> Self {
        Self
    }

    pub fn now(&self) -> Instant {
        Instant::now()
    }

    pub fn advance(&self, _time: Duration) {}

    pub(crate) fn recent(&self) -> Instant {
        Instant::now()
    }

    pub(crate) fn wake_at(&self, at: Instant, waker: Waker) -> Timer {
        keeper::wake_at(at, waker)
    }

    pub(crate) fn park_until(&self, deadline: Option<Instant>) {
        match deadline {
            Some(at) => std::thread::park_timeout(at.saturating_duration_since(Instant::now())),
            None => std::thread::park(),
        }
    }
}
