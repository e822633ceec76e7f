//! How a getter comes by an object: at once, or by its place in the queue.

use core::task::{Poll, Waker};
use core::time::Duration;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use super::cancel::CancelToken;
use super::core::{End, Leave};
use super::creation::Slot;
use super::entry::Entry;
use super::error::{GetError, Stage};
use super::home::{Home, Unfit, go_on};
use super::lease::Lease;
use super::observer::Event;
use super::reason::Reason;
use super::ticket::{Failure, Grant, Ticket};
use super::wait::thread_waker;
use crate::raw_pool::{caught, forget_panic};

/// For how long a getter waits.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Until {
    /// As long as the pool was told.
    Default,
    Timeout(Duration),
    Deadline(Option<Instant>),
}

impl<R: Send + 'static> Home<R> {
    /// An object, at once or after a wait. Errors of a create come as they are.
    #[inline]
    pub(super) fn get(
        self: &Arc<Self>,
        until: Until,
        cancel: Option<&CancelToken>,
    ) -> Result<Lease<R>, GetError<Failure>> {
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

    /// An object that is idle, if there is one; its number in the queue if it is not fit.
    #[inline]
    #[expect(clippy::type_complexity, reason = "nobody else has use for a name")]
    fn take(self: &Arc<Self>) -> Option<Result<Lease<R>, (Unfit<R>, u64)>> {
        let is_checked = self.is_checked;
        let taken = self.core.take(is_checked)?;
        if taken.is_short {
            self.replenish(true);
        }
        if !is_checked {
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
        if self.rules.is_apart {
            // Whoever tries again finds it.
            self.create_for_later();
            return Err(GetError::Exhausted);
        }
        match Slot::take(self) {
            Some(slot) => slot.create(),
            None => Err(GetError::Exhausted),
        }
    }

    #[cold]
    fn get_slow(
        self: &Arc<Self>,
        until: Until,
        cancel: Option<&CancelToken>,
        unfit: Option<(Unfit<R>, u64)>,
    ) -> Result<Lease<R>, GetError<Failure>> {
        let start = self.clock.now();
        let deadline = match until {
            Until::Default => self.rules.timeouts.wait.map(|wait| start.checked_add(wait)),
            Until::Timeout(wait) => Some(start.checked_add(wait)),
            Until::Deadline(at) => at.map(Some),
        };
        // What lies beyond the end of time is never reached.
        let deadline = deadline.flatten();
        let is_try = deadline.is_some_and(|at| at <= start);
        let number = unfit.as_ref().map_or(0, |(_, number)| *number);
        let mut place = Place::new(self, start, deadline, number);
        if let Some((unfit, _)) = unfit {
            if is_try {
                self.withhold(unfit);
                return self.try_get();
            }
            place.exchange(unfit)?;
        } else if is_try {
            return self.try_get();
        } else if !self.rules.is_apart {
            // In a pool that creates in its getters, one may be served without a ticket.
            if let Some(slot) = Slot::take(self) {
                return slot.create();
            }
            place.join();
        } else {
            place.join();
        }
        loop {
            match place.wait(cancel)? {
                Grant::Object { object, was_idle } => {
                    let is_fresh = !was_idle && object.meta.uses == 0;
                    match self.admit(object, is_fresh) {
                        Ok(lease) => {
                            place.served();
                            return Ok(lease);
                        }
                        Err(unfit) => place.exchange(unfit)?,
                    }
                }
                Grant::Begin(create) => place.begin(create),
                Grant::Slot => return Slot::granted(self).create(),
                Grant::Failed(failure) => return Err(GetError::Create(failure)),
                Grant::Closed => return Err(GetError::Closed),
            }
        }
    }

    /// Frees the place of what a getter found unfit, and destroys it. The panic of its check goes
    /// on.
    fn withhold(self: &Arc<Self>, mut unfit: Unfit<R>) {
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
    fn bury(self: &Arc<Self>, unfit: Unfit<R>) {
        if self.rules.is_apart {
            self.dispose(vec![(unfit.entry, unfit.reason)], true);
        } else {
            self.destroy(unfit.entry, unfit.reason);
        }
    }

    /// Passes on what was granted to a getter who has gone.
    fn pass_on(self: &Arc<Self>, grant: Grant<Box<Entry<R>>>) {
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
            Grant::Begin(create) => {
                let after = self.core.abandon(create);
                self.follow(after);
            }
            Grant::Failed(failure) => failure.forget(),
            Grant::Closed => {}
        }
    }
}

/// A getter's place in the queue, which it gives up when this is dropped.
pub(crate) struct Place<'a, R: Send + 'static> {
    home: &'a Arc<Home<R>>,
    ticket: Arc<Ticket<Box<Entry<R>>>>,
    start: Instant,
    deadline: Option<Instant>,
    /// The create that was begun for this getter, which may have ended since.
    create: Option<u64>,
    /// When it has taken too long.
    create_deadline: Option<Instant>,
    is_queued: bool,
}

impl<'a, R: Send + 'static> Place<'a, R> {
    fn new(home: &'a Arc<Home<R>>, start: Instant, deadline: Option<Instant>, number: u64) -> Self {
        Self {
            home,
            ticket: Arc::new(Ticket::new(number)),
            start,
            deadline,
            create: None,
            create_deadline: None,
            is_queued: false,
        }
    }

    fn join(&mut self) {
        self.is_queued = true;
        let after = self.home.core.join(&self.ticket, self.deadline);
        self.home.follow(after);
    }

    /// Queues again, at the old place, for another object.
    fn exchange(&mut self, unfit: Unfit<R>) -> Result<(), GetError<Failure>> {
        let is_late = unfit.reason == Reason::Broken
            && self.deadline.is_some_and(|at| self.home.clock.now() >= at);
        if unfit.panic.is_some() || is_late {
            self.home.withhold(unfit);
            self.leave(Leave::TimedOut);
            return Err(self.timed_out(Stage::Check));
        }
        self.is_queued = true;
        let reason = unfit.reason;
        let after = self.home.core.rejoin(&self.ticket, self.deadline, self.create, reason);
        self.home.follow(after);
        self.home.bury(unfit);
        Ok(())
    }

    /// Begins a create on a thread apart, and waits on: the getter takes what comes first.
    fn begin(&mut self, create: u64) {
        self.create = Some(create);
        let limit = self.home.rules.timeouts.create;
        self.create_deadline = limit.and_then(|limit| self.home.clock.now().checked_add(limit));
        self.home.create_apart(create);
    }

    /// Waits for what is granted.
    fn wait(
        &mut self,
        cancel: Option<&CancelToken>,
    ) -> Result<Grant<Box<Entry<R>>>, GetError<Failure>> {
        let waker = thread_waker();
        let _watch = cancel.map(|cancel| cancel.watch(&waker));
        loop {
            if let Poll::Ready(grant) = self.poll(&waker) {
                return Ok(grant);
            }
            if cancel.is_some_and(CancelToken::is_cancelled) {
                if let Some(grant) = self.leave(Leave::Cancelled) {
                    self.home.pass_on(grant);
                }
                return Err(GetError::Cancelled);
            }
            let limit = match (self.deadline, self.create_deadline) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            };
            if limit.is_some_and(|at| self.home.clock.now() >= at) {
                let stage = if self.create.is_some() { Stage::Create } else { Stage::Wait };
                // What came in the last moment is as good as what comes in time.
                return self.leave(Leave::TimedOut).ok_or_else(|| self.timed_out(stage));
            }
            // To park with a limit costs a microsecond more here than without one, so the pool's
            // own timer sees to deadlines. Limits of creates are too few for that.
            if limit.is_none() || (limit == self.deadline && self.home.is_tended()) {
                thread::park();
            } else {
                self.home.clock.park_until(limit);
            }
        }
    }

    fn poll(&mut self, waker: &Waker) -> Poll<Grant<Box<Entry<R>>>> {
        let Poll::Ready((grant, needless)) = self.ticket.poll(waker) else { return Poll::Pending };
        self.is_queued = matches!(grant, Grant::Begin(_));
        if let Some(create) = needless {
            let after = self.home.core.abandon(create);
            self.home.follow(after);
        }
        Poll::Ready(grant)
    }

    fn timed_out(&self, stage: Stage) -> GetError<Failure> {
        let waited = self.home.clock.now().saturating_duration_since(self.start);
        self.home.tell(&Event::TimedOut { stage, waited });
        GetError::Timeout {
            stage,
            waited,
            stats: Box::new(self.home.stats()),
            last_error: self.home.last_error(),
        }
    }

    fn served(&self) {
        if !self.home.has_observer() {
            return;
        }
        let waited = self.home.clock.now().saturating_duration_since(self.start);
        self.home.tell(&Event::Waited { waited });
    }

    /// Gives up the place; what was granted at the last moment.
    fn leave(&mut self, why: Leave) -> Option<Grant<Box<Entry<R>>>> {
        self.is_queued = false;
        let (grant, after) = self.home.core.leave(&self.ticket, why);
        self.home.follow(after);
        grant
    }
}

impl<R: Send + 'static> Drop for Place<'_, R> {
    fn drop(&mut self) {
        if self.is_queued {
            if let Some(grant) = self.leave(Leave::Dropped) {
                self.home.pass_on(grant);
            }
        }
    }
}
