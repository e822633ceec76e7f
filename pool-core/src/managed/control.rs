//! What is done with a pool as a whole: it is resized, looked through, closed and drained.

use core::future::poll_fn;
use core::task::{Poll, Waker};
use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::Instant;

use super::core::{Core, End};
use super::entry::{Entry, Meta};
use super::error::DrainError;
use super::home::Home;
use super::reason::Reason;
use super::wait::thread_waker;
use crate::raw_pool::{caught, forget_panic};

impl<R: Send + 'static> Home<R> {
    pub(super) fn resize(self: &Arc<Self>, max_open: Option<usize>) {
        let (surplus, after) = self.core.resize(max_open.unwrap_or(usize::MAX));
        self.follow(after);
        self.destroy_all(surplus.into_iter().map(|entry| (entry, Reason::Resized)));
    }

    pub(super) fn close(self: &Arc<Self>) {
        let (idle, after) = self.core.close();
        self.follow(after);
        // Whoever drains the pool wants to know of leases that are held for long; and some may
        // still be checking what they were given.
        let looks = [self.warn(self.clock.now()), self.alarms.next()];
        for at in looks.into_iter().flatten() {
            self.core.arm(at);
        }
        self.set_timer();
        self.cancel_creates();
        let idle = idle.into_iter().map(|entry| (entry, Reason::Closed));
        // And those that once found no thread to destroy them, and would wait for the timer.
        self.destroy_all(idle.chain(self.disposal.abandoned()));
    }

    /// Closes the pool, and waits until nothing is out, being created or being destroyed.
    pub(super) fn drain(self: &Arc<Self>, deadline: Instant) -> Result<(), DrainError> {
        let closed = caught(|| self.close());
        let (watch, waker) = (self.watch(), thread_waker());
        let drained = loop {
            match self.poll_drained(&watch, &waker, deadline) {
                Poll::Ready(drained) => break drained,
                Poll::Pending => self.clock.park_until(Some(deadline)),
            }
        };
        if let Err(panic) = closed {
            resume_unwind(panic);
        }
        drained
    }

    /// The same, for a task.
    pub(super) async fn drain_async(self: &Arc<Self>, deadline: Instant) -> Result<(), DrainError> {
        let closed = caught(|| self.close());
        let watch = self.watch();
        let mut alarm = None;
        let drained = poll_fn(|context| {
            let waker = context.waker();
            alarm = Some(self.set_alarm(deadline, waker));
            self.poll_drained(&watch, waker, deadline)
        })
        .await;
        drop(alarm);
        if let Err(panic) = closed {
            resume_unwind(panic);
        }
        drained
    }

    fn poll_drained(
        &self,
        watch: &Watch<'_, R>,
        waker: &Waker,
        deadline: Instant,
    ) -> Poll<Result<(), DrainError>> {
        watch.again(waker);
        let [in_use, creating, ending] = self.core.unfinished();
        if in_use + creating + ending == 0 {
            Poll::Ready(Ok(()))
        } else if self.clock.now() >= deadline {
            Poll::Ready(Err(DrainError { in_use, creating, ending }))
        } else {
            Poll::Pending
        }
    }

    /// Has somebody woken when something comes free.
    pub(super) fn watch(&self) -> Watch<'_, R> {
        Watch { core: &self.core, id: self.core.number() }
    }

    /// Removes the idle objects that `keep` refuses, one at a time, so that the others can be
    /// had meanwhile. How many that were.
    pub(super) fn retain(self: &Arc<Self>, mut keep: impl FnMut(&mut R, &Meta) -> bool) -> usize {
        let mut removed = 0;
        let mut next = 0;
        for id in self.core.map_idle(|entry| entry.meta.id) {
            let taken = self.core.take_idle(next, |entry| entry.meta.id == id);
            let Some((mut entry, index)) = taken else { continue };
            next = index;
            let (value, meta) = entry.parts();
            match caught(|| keep(value, meta)) {
                Ok(true) => {
                    next += 1;
                    let last_used = entry.meta.last_used;
                    let due = self.due(&entry);
                    let after =
                        self.core.put_back(entry, due, |other| other.meta.last_used <= last_used);
                    self.follow(after);
                }
                Ok(false) => {
                    removed += 1;
                    self.end(entry, End::Withheld(Reason::Released), Reason::Released);
                }
                Err(panic) => {
                    let end = End::Withheld(Reason::Panicked);
                    forget_panic(caught(|| self.end(entry, end, Reason::Panicked)));
                    resume_unwind(panic);
                }
            }
        }
        removed
    }
}

/// One who looks at the pool whenever something comes free, as long as this lives.
pub(crate) struct Watch<'a, R> {
    core: &'a Core<Box<Entry<R>>>,
    id: u64,
}

impl<R> Watch<'_, R> {
    /// Its number, which no getter has.
    pub(super) fn id(&self) -> u64 {
        self.id
    }

    /// Call this before each look, so that nothing comes free in between.
    pub(super) fn again(&self, waker: &Waker) {
        self.core.watch(self.id, waker);
    }
}

impl<R> Drop for Watch<'_, R> {
    fn drop(&mut self) {
        self.core.unwatch(self.id);
    }
}
