//! The clock of a tokio runtime, and timers that are tasks of it.

use core::task::Waker;
use std::time::Instant;

use tokio::runtime::Handle;
use tokio::time::{Sleep, sleep_until};

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
        let sleep = caught(|| clock.sleep_until(clock.now()));
        assert!(
            sleep.is_ok(),
            "`Clock::tokio`: the runtime needs a timer: build it with `enable_time`"
        );
        clock
    }

    pub(super) fn now(&self) -> Instant {
        // To enter a runtime takes longer than to find out that this is there already.
        let is_current = Handle::try_current().is_ok_and(|current| current.id() == self.0.id());
        let _runtime = (!is_current).then(|| self.0.enter());
        tokio::time::Instant::now().into_std()
    }

    fn sleep_until(&self, at: Instant) -> Sleep {
        let _runtime = self.0.enter();
        sleep_until(at.into())
    }

    /// Has the waker woken at that time, by a task. One of a runtime that has ended is dropped at
    /// once, and wakes nobody.
    pub(super) fn wake_at(&self, at: Instant, waker: Waker) -> Timer {
        let sleep = self.sleep_until(at);
        let task = self.0.spawn(async move {
            sleep.await;
            keeper::wake(waker);
        });
        Timer::tokio(at, task.abort_handle())
    }
}
