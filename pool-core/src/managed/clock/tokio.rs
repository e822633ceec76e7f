//! The clock of a tokio runtime, and timers that are tasks of it.

use core::task::Waker;
use std::time::Instant;

use tokio::runtime::Handle;
use tokio::time::sleep_until;

use crate::managed::keeper::{self, Timer};
use crate::raw_pool::caught;

/// The clock of a runtime. Whoever asks may be outside of it.
#[derive(Clone)]
pub(super) struct Tokio(Handle);

impl Tokio {
    #[track_caller]
    pub(super) fn current() -> Self {
        let Ok(runtime) = Handle::try_current() else {
            panic!("`Clock::tokio`: call it in a tokio runtime, or in one that is entered");
        };
        let clock = Self(runtime);
        // It says so now, and not in the first task that waits.
        let sleep = caught(|| drop(sleep_until(clock.now().into())));
        assert!(
            sleep.is_ok(),
            "`Clock::tokio`: the runtime needs a timer: build it with `enable_time`"
        );
        clock
    }

    pub(super) fn now(&self) -> Instant {
        if Handle::try_current().is_err_and(|error| error.is_thread_local_destroyed()) {
            // The thread ends, and no runtime can be entered any more.
            return Instant::now();
        }
        let _runtime = self.0.enter();
        tokio::time::Instant::now().into_std()
    }

    /// Has the waker woken at that time, by a task. One of a runtime that has ended is dropped at
    /// once, and wakes nobody.
    pub(super) fn wake_at(&self, at: Instant, waker: Waker) -> Timer {
        let task = self.0.spawn(async move {
            sleep_until(at.into()).await;
            keeper::wake(waker);
        });
        Timer::tokio(at, task.abort_handle())
    }
}
