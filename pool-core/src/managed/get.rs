//! How a getter comes by an object: at once, or by its place in the queue.

use core::future::poll_fn;
use core::task::{Poll, Waker};
use core::time::Duration;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::Instant;

use super::admission::Unfit;
use super::cancel::CancelToken;
use super::core::{End, Taken};
use super::creation::Slot;
use super::disposal::go_on;
use super::entry::Entry;
use super::error::GetError;
use super::getting::Getting;
use super::home::Home;
use super::lease::Lease;
use super::runner::Runner;
use super::ticket::{Failure, Grant};
use super::wait::thread_waker;
use crate::raw_pool::{caught, forget_panic};

/// The shortest wait in which a coarse clock's lag is of no account.
const PATIENCE: Duration = Duration::from_secs(1);

/// More than a coarse clock lags on any system.
const CLOCK_LAG: Duration = Duration::from_millis(20);

/// For how long a getter waits.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Until {
    /// As long as the pool was told.
    Default,
    Timeout(Duration),
    Deadline(Option<Instant>),
}

/// From when until when a getter waits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Term {
    pub(super) start: Instant,
    pub(super) deadline: Option<Instant>,
}

impl Term {
    /// Whether there is no time to wait.
    pub(super) fn is_try(&self) -> bool {
        self.deadline.is_some_and(|at| at <= self.start)
    }
}

impl<R: Send + 'static> Home<R> {
    /// An object, at once or after a wait. Errors of a create come as they are.
    #[inline]
    pub(super) fn get(
        self: &Arc<Self>,
        until: Until,
        cancel: Option<&CancelToken>,
    ) -> Result<Lease<R>, GetError<Failure>> {
        if self.is_crowded() {
            return self.get_slow(until, cancel, None);
        }
        match self.take() {
            Some(Ok(lease)) => Ok(lease),
            Some(Err((unfit, number))) => self.get_slow(until, cancel, Some((unfit, number))),
            None => self.get_slow(until, cancel, None),
        }
    }

    /// An object, at once or after a wait that ends with a deadline or a cancel.
    pub(super) fn get_with(
        self: &Arc<Self>,
        deadline: Option<Instant>,
        cancel: &CancelToken,
    ) -> Result<Lease<R>, GetError<Failure>> {
        if cancel.is_cancelled() {
            return Err(GetError::Cancelled);
        }
        self.get(Until::Deadline(deadline), Some(cancel))
    }

    /// An object that is idle, if there is one, for a getter that counts its check if it has to.
    #[inline]
    pub(super) fn take_uncounted(self: &Arc<Self>) -> Option<Taken<Box<Entry<R>>>> {
        self.take_idle(false)
    }

    #[inline]
    fn take_idle(self: &Arc<Self>, is_checked: bool) -> Option<Taken<Box<Entry<R>>>> {
        let taken = self.core.take(is_checked)?;
        if taken.is_short {
            self.replenish();
        }
        Some(taken)
    }

    /// An object that is idle, if there is one; its number in the queue if it is not fit.
    #[inline]
    #[expect(clippy::type_complexity, reason = "nobody else has use for a name")]
    fn take(self: &Arc<Self>) -> Option<Result<Lease<R>, (Unfit<R>, u64)>> {
        let taken = self.take_idle(self.is_checked)?;
        if !self.is_checked {
            let mut entry = taken.object;
            entry.meta.uses += 1;
            return Some(Ok(self.lease(entry)));
        }
        Some(self.admit(taken.object, false).map_err(|unfit| (unfit, taken.number)))
    }

    /// An object that is idle and fit, or one that can be had without waiting.
    pub(super) fn try_get(self: &Arc<Self>) -> Result<Lease<R>, GetError<Failure>> {
        while let Some(taken) = self.take() {
            match taken {
                Ok(lease) => return Ok(lease),
                Err((unfit, _)) => {
                    self.withhold(unfit);
                }
            }
        }
        if self.core.is_closed() {
            return Err(GetError::Closed);
        }
        if self.is_apart() {
            // Whoever tries again finds it.
            self.create_for_later();
            return Err(GetError::Exhausted);
        }
        match Slot::take(self) {
            Some(slot) => slot.create(),
            None => Err(GetError::Exhausted),
        }
    }

    /// Whether a getter goes to the queue at once. Not where it never waits.
    #[inline]
    pub(super) fn is_crowded(&self) -> bool {
        self.core.is_crowded() && !self.rules.creates_beyond
    }

    #[cold]
    fn get_slow(
        self: &Arc<Self>,
        until: Until,
        cancel: Option<&CancelToken>,
        unfit: Option<(Unfit<R>, u64)>,
    ) -> Result<Lease<R>, GetError<Failure>> {
        let waker = thread_waker();
        let mut getting = match self.queue_up(until, cancel, unfit, &waker) {
            Ok(getting) => getting,
            Err(got) => return got,
        };
        loop {
            if let Poll::Ready(got) = getting.poll_get(&waker) {
                return got;
            }
            getting.park();
        }
    }

    /// The same as [`get`](Self::get), for a task.
    pub(super) async fn get_async(
        self: &Arc<Self>,
        until: Until,
    ) -> Result<Lease<R>, GetError<Failure>> {
        let unfit = if self.is_crowded() {
            None
        } else {
            match self.take() {
                Some(Ok(lease)) => return Ok(lease),
                Some(Err(unfit)) => Some(unfit),
                None => None,
            }
        };
        let mut unfit = Some(unfit);
        let queued = poll_fn(|context| {
            Poll::Ready(self.queue_up(until, None, unfit.take().flatten(), context.waker()))
        });
        match queued.await {
            Ok(mut getting) => poll_fn(|context| getting.poll_get(context.waker())).await,
            Err(got) => got,
        }
    }

    /// Takes a place in the queue, unless the get is over before that. An unfit object is what
    /// the getter has had at first.
    fn queue_up<'a>(
        self: &'a Arc<Self>,
        until: Until,
        cancel: Option<&'a CancelToken>,
        unfit: Option<(Unfit<R>, u64)>,
        waker: &Waker,
    ) -> Result<Getting<'a, R>, Result<Lease<R>, GetError<Failure>>> {
        let mut term = self.term(until, unfit.is_some());
        if let Some((unfit, _)) = &unfit {
            // When a check began is known by a clock that may lag: what took no time at all, by
            // that, does not count.
            if term.start.saturating_duration_since(unfit.began) > CLOCK_LAG {
                term = self.term_from(unfit.began, until);
            }
        }
        let number = unfit.as_ref().map_or(0, |(_, number)| *number);
        let mut getting = Getting::new(self, number, term, cancel, waker);
        match unfit {
            Some((unfit, _)) if term.is_try() => {
                self.withhold(unfit);
                return Err(self.try_get());
            }
            Some((unfit, _)) => getting.exchange(unfit).map_err(Err)?,
            None if term.is_try() => return Err(self.try_get()),
            None => {
                // Where getters create, one may be served without a ticket.
                if !self.is_apart() && !self.is_crowded() {
                    if let Some(slot) = Slot::take(self) {
                        return Err(slot.create());
                    }
                }
                getting.join();
            }
        }
        Ok(getting)
    }

    /// When a get that begins now is over. One that `is_exact` is to be told to the millisecond.
    pub(super) fn term(&self, until: Until, is_exact: bool) -> Term {
        // Where a wait is long and nobody looks at how long it was, milliseconds do not count.
        let is_patient = matches!(until, Until::Default)
            && self.rules.timeouts.wait.is_none_or(|wait| wait >= PATIENCE)
            && !is_exact
            && !self.has_observer();
        let now = if is_patient { self.clock.recent() } else { self.clock.now() };
        self.term_from(now, until)
    }

    fn term_from(&self, start: Instant, until: Until) -> Term {
        let deadline = match until {
            Until::Default => self.rules.timeouts.wait.map(|wait| start.checked_add(wait)),
            Until::Timeout(wait) => Some(start.checked_add(wait)),
            Until::Deadline(at) => at.map(Some),
        };
        // What lies beyond the end of time is never reached.
        Term { start, deadline: deadline.flatten() }
    }

    /// Frees the place of what a getter found unfit, and destroys it. The panic of its check goes
    /// on.
    pub(super) fn withhold(self: &Arc<Self>, mut unfit: Unfit<R>) {
        let panic = unfit.panic.take();
        let after = self.core.end(End::Unfit(unfit.reason));
        self.follow(after);
        let buried = caught(|| self.bury(unfit));
        match panic {
            Some(panic) => {
                forget_panic(buried);
                resume_unwind(panic);
            }
            None => buried.unwrap_or_else(go_on),
        }
    }

    /// Destroys what a getter found unfit, and was counted as gone: apart, if that may take its
    /// time.
    pub(super) fn bury(self: &Arc<Self>, unfit: Unfit<R>) {
        if matches!(self.runner, Runner::Threads) {
            self.dispose(vec![(unfit.entry, unfit.reason)], true);
        } else {
            self.destroy(unfit.entry, unfit.reason);
        }
    }

    /// Passes on what was granted to a getter who has gone.
    pub(super) fn pass_on(self: &Arc<Self>, grant: Grant<Box<Entry<R>>>) {
        match grant {
            Grant::Object { object, .. } => {
                let due = self.due(&object);
                let after = self.core.give_unused(object, due);
                self.follow(after);
            }
            Grant::Slot => {
                let after = self.core.free(false);
                self.follow(after);
            }
            Grant::Begin(begin) => {
                let after = self.core.abandon(begin.id);
                self.follow(after);
            }
            Grant::Failed(failure) => failure.forget(),
            Grant::Closed | Grant::TimedOut { .. } => {}
        }
    }
}
