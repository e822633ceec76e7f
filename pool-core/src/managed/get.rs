//! How a getter comes by an object: at once, or by its place in the queue.

use core::future::poll_fn;
use core::mem;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use super::admission::Unfit;
use super::cancel::CancelToken;
use super::core::{End, Leave, Left};
use super::creation::Slot;
use super::disposal::go_on;
use super::entry::Entry;
use super::error::{GetError, Stage};
use super::home::Home;
use super::keeper;
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

    /// An object that is idle, if there is one; its number in the queue if it is not fit.
    #[inline]
    #[expect(clippy::type_complexity, reason = "nobody else has use for a name")]
    fn take(self: &Arc<Self>) -> Option<Result<Lease<R>, (Unfit<R>, u64)>> {
        let is_checked = self.is_checked;
        let taken = self.core.take(is_checked)?;
        if taken.is_short {
            self.replenish();
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

    /// Whether a getter goes to the queue at once. Not where it never waits.
    #[inline]
    fn is_crowded(&self) -> bool {
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
        let _watch = cancel.map(|cancel| cancel.watch(&waker));
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
            Ok(getting) => getting.await,
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
        // Where a wait is long and nobody looks at how long it was, milliseconds do not count.
        let is_patient = matches!(until, Until::Default)
            && self.rules.timeouts.wait.is_none_or(|wait| wait >= PATIENCE)
            && unfit.is_none()
            && !self.has_observer();
        let now = if is_patient { self.clock.recent() } else { self.clock.now() };
        // When a check began is known by a clock that may lag: what took no time at all, by that,
        // does not count.
        let began = unfit.as_ref().map_or(now, |(unfit, _)| unfit.began);
        let has_taken_time = now.saturating_duration_since(began) > CLOCK_LAG;
        let start = if has_taken_time { began } else { now };
        let deadline = match until {
            Until::Default => self.rules.timeouts.wait.map(|wait| start.checked_add(wait)),
            Until::Timeout(wait) => Some(start.checked_add(wait)),
            Until::Deadline(at) => at.map(Some),
        };
        // What lies beyond the end of time is never reached.
        let deadline = deadline.flatten();
        let is_try = deadline.is_some_and(|at| at <= start);
        let number = unfit.as_ref().map_or(0, |(_, number)| *number);
        let mut getting = Getting {
            home: self,
            ticket: Arc::new(Ticket::new(number, waker.clone())),
            start,
            deadline,
            cancel,
            create: None,
            is_queued: false,
            is_new: true,
        };
        match unfit {
            Some((unfit, _)) if is_try => {
                self.withhold(unfit);
                return Err(self.try_get());
            }
            Some((unfit, _)) => getting.exchange(unfit).map_err(Err)?,
            None if is_try => return Err(self.try_get()),
            None => {
                // Where getters create, one may be served without a ticket.
                if !self.rules.is_apart && !self.is_crowded() {
                    if let Some(slot) = Slot::take(self) {
                        return Err(slot.create());
                    }
                }
                getting.join();
            }
        }
        Ok(getting)
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

/// A get that waits: its place in the queue, which it gives up when this is dropped.
///
/// A thread polls it with a waker that unparks, a task with that of its executor.
pub(crate) struct Getting<'a, R: Send + 'static> {
    home: &'a Arc<Home<R>>,
    ticket: Arc<Ticket<Box<Entry<R>>>>,
    start: Instant,
    deadline: Option<Instant>,
    cancel: Option<&'a CancelToken>,
    /// The create that was begun for this getter, which may have ended since.
    create: Option<u64>,
    is_queued: bool,
    /// Whether it has just read the clock. If its time is up before it is polled, its ticket's
    /// waker is told.
    is_new: bool,
}

/// The shortest wait in which a coarse clock's lag is of no account.
const PATIENCE: Duration = Duration::from_secs(1);

/// More than a coarse clock lags on any system.
const CLOCK_LAG: Duration = Duration::from_millis(20);

/// How long until a thread looks at the time that nobody will wake.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

impl<R: Send + 'static> Getting<'_, R> {
    fn join(&mut self) {
        self.is_queued = true;
        let after = self.home.core.join(&self.ticket, self.deadline);
        self.home.follow(after);
    }

    /// Queues again, at the old place, for another object.
    fn exchange(&mut self, unfit: Unfit<R>) -> Result<(), GetError<Failure>> {
        // A check may have taken its time.
        let is_late = || self.deadline.is_some_and(|at| self.home.clock.now() >= at);
        if unfit.panic.is_some() {
            self.home.withhold(unfit);
            unreachable!("the panic of the check goes on");
        } else if self.is_cancelled() {
            self.home.withhold(unfit);
            return Err(self.cancel());
        } else if unfit.reason == Reason::Broken && is_late() {
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
        if let Some(late_at) = limit.and_then(|limit| self.home.clock.now().checked_add(limit)) {
            let after = self.home.core.limit_create(create, late_at);
            self.home.follow(after);
        }
        self.home.create_apart(create);
    }

    fn poll_get(&mut self, waker: &Waker) -> Poll<Result<Lease<R>, GetError<Failure>>> {
        loop {
            let grant = match self.poll_grant(waker) {
                Poll::Ready(grant) => grant,
                Poll::Pending if self.is_cancelled() => return Poll::Ready(Err(self.cancel())),
                Poll::Pending if !mem::take(&mut self.is_new) && self.is_late() => {
                    let left = self.leave(Leave::TimedOut);
                    let stage = if left.had_create { Stage::Create } else { Stage::Wait };
                    match left.grant {
                        // What came at the last moment is as good as what comes in time.
                        Some(grant) => grant,
                        None => return Poll::Ready(Err(self.timed_out(stage))),
                    }
                }
                Poll::Pending => return Poll::Pending,
            };
            let got = match grant {
                Grant::Begin(create) => {
                    self.begin(create);
                    continue;
                }
                Grant::Object { object, was_idle } => {
                    let is_fresh = !was_idle && object.meta.uses == 0;
                    match self.home.admit(object, is_fresh) {
                        Ok(lease) => Ok(lease),
                        Err(unfit) => match self.exchange(unfit) {
                            Ok(()) => continue,
                            Err(error) => Err(error),
                        },
                    }
                }
                Grant::Slot => Slot::granted(self.home).create(),
                Grant::Failed(failure) => Err(GetError::Create(failure)),
                Grant::Closed => Err(GetError::Closed),
            };
            if got.is_ok() {
                self.served();
            }
            return Poll::Ready(got);
        }
    }

    fn poll_grant(&mut self, waker: &Waker) -> Poll<Grant<Box<Entry<R>>>> {
        let Poll::Ready((grant, needless)) = self.ticket.poll(waker) else { return Poll::Pending };
        self.is_queued = matches!(grant, Grant::Begin(_));
        if let Some(create) = needless {
            let after = self.home.core.abandon(create);
            self.home.follow(after);
        }
        Poll::Ready(grant)
    }

    fn is_cancelled(&self) -> bool {
        self.cancel.is_some_and(CancelToken::is_cancelled)
    }

    /// Whether the getter, or the create that is under way for it, has run out of time.
    fn is_late(&self) -> bool {
        let limits_creates = self.home.rules.timeouts.create.is_some();
        if self.deadline.is_none() && !limits_creates {
            return false;
        }
        let now = self.home.clock.now();
        self.deadline.is_some_and(|at| at <= now)
            || (limits_creates && self.home.core.is_create_late(&self.ticket, now))
    }

    /// Parks the thread until there is something to look at.
    fn park(&self) {
        let has_limit = self.deadline.is_some() || self.home.rules.timeouts.create.is_some();
        // To park with a limit takes a timer of the kernel's for each wait, and half a
        // microsecond more. The pool's own timer wakes those whose time is up, if there is one.
        // A task's waker may bring the keeper here, if its executor polls at once.
        if !has_limit || (self.home.is_tended() && !keeper::is_this_thread()) {
            thread::park();
        } else {
            self.home.clock.park_until(self.home.clock.now().checked_add(LOOK_AGAIN));
        }
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

    fn cancel(&mut self) -> GetError<Failure> {
        if let Some(grant) = self.leave(Leave::Cancelled).grant {
            self.home.pass_on(grant);
        }
        GetError::Cancelled
    }

    fn served(&self) {
        if self.home.has_observer() {
            let waited = self.home.clock.now().saturating_duration_since(self.start);
            self.home.tell(&Event::Waited { waited });
        }
    }

    /// Gives up the place.
    fn leave(&mut self, why: Leave) -> Left<Box<Entry<R>>> {
        self.is_queued = false;
        let (left, after) = self.home.core.leave(&self.ticket, why);
        self.home.follow(after);
        left
    }
}

impl<R: Send + 'static> Future for Getting<'_, R> {
    type Output = Result<Lease<R>, GetError<Failure>>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.get_mut().poll_get(context.waker())
    }
}

impl<R: Send + 'static> Drop for Getting<'_, R> {
    fn drop(&mut self) {
        if self.is_queued {
            if let Some(grant) = self.leave(Leave::Dropped).grant {
                self.home.pass_on(grant);
            }
        }
    }
}
