//! How a task comes by a resource whose check is a future.

use core::future::poll_fn;
use core::pin::pin;
use core::task::{Poll, Waker};
use std::sync::Arc;
use std::time::Instant;

use super::admission::{Panic, Unfit};
use super::alarms::Alarm;
use super::async_manager::AsyncManager;
use super::cancel::{CancelToken, Watch};
use super::core::End;
use super::entry::{Entry, Meta};
use super::error::{GetError, Stage};
use super::get::{Term, Until};
use super::getting::{Getting, Got};
use super::home::Home;
use super::hooks::BoxError;
use super::lease::Lease;
use super::reason::Reason;
use super::state::earlier;
use super::ticket::Failure;
use crate::raw_pool::caught;

/// A pool and its manager, for one get.
pub(crate) struct Fetcher<'a, M: AsyncManager> {
    pub(super) home: &'a Arc<Home<M::Resource>>,
    pub(super) manager: &'a M,
}

/// Why a getter does not have the object that it looked at.
enum Refusal<R> {
    /// It gets another one.
    Unfit(Unfit<R>),
    /// Its time is up. The object is gone.
    Late,
    /// Its token is cancelled. The object is gone.
    Cancelled,
}

impl<'a, M: AsyncManager> Fetcher<'a, M> {
    pub(super) async fn get(
        &self,
        until: Until,
        cancel: Option<&CancelToken>,
    ) -> Result<Lease<M::Resource>, GetError<Failure>> {
        if cancel.is_some_and(CancelToken::is_cancelled) {
            return Err(GetError::Cancelled);
        }
        if self.is_try(until) {
            return self.try_get(cancel).await;
        }
        let mut term = None;
        let mut number = 0;
        let mut refusal = None;
        if !self.home.is_crowded() {
            if let Some(taken) = self.home.take_idle() {
                number = taken.number;
                match self.admit(taken.object, false, until, &mut term, cancel).await {
                    Ok(lease) => return Ok(lease),
                    Err(refused) => refusal = Some(refused),
                }
            }
        }
        self.get_slow(until, cancel, term, number, refusal).await
    }

    /// The rest, out of the way of those who are served at once.
    async fn get_slow(
        &self,
        until: Until,
        cancel: Option<&CancelToken>,
        term: Option<Term>,
        number: u64,
        refusal: Option<Refusal<M::Resource>>,
    ) -> Result<Lease<M::Resource>, GetError<Failure>> {
        let term = term.unwrap_or_else(|| self.home.term(until, false));
        let mut getting = poll_fn(|context| {
            Poll::Ready(Getting::new(self.home, number, term, cancel, context.waker()))
        })
        .await;
        match refusal {
            Some(refusal) => Self::go_on(&mut getting, refusal)?,
            None => getting.join(),
        }
        loop {
            let lease = match poll_fn(|context| getting.poll(context.waker())).await? {
                Got::Lease(lease) => lease,
                Got::Object(object, is_fresh) => {
                    let term = &mut Some(term);
                    match self.admit(object, is_fresh, until, term, cancel).await {
                        Ok(lease) => lease,
                        Err(refusal) => {
                            Self::go_on(&mut getting, refusal)?;
                            continue;
                        }
                    }
                }
            };
            getting.served();
            return Ok(lease);
        }
    }

    /// An object that is idle and fit.
    pub(super) async fn try_get(
        &self,
        cancel: Option<&CancelToken>,
    ) -> Result<Lease<M::Resource>, GetError<Failure>> {
        let until = match self.home.rules.timeouts.wait {
            Some(wait) if wait.is_zero() => Until::Deadline(None),
            _ => Until::Default,
        };
        while let Some(taken) = self.home.take_idle() {
            let mut term = None;
            let refusal = match self.admit(taken.object, false, until, &mut term, cancel).await {
                Ok(lease) => return Ok(lease),
                Err(refusal) => refusal,
            };
            if let Refusal::Unfit(unfit) = refusal {
                self.home.withhold(unfit);
            } else {
                let term = term.unwrap_or_else(|| self.home.term(until, true));
                let waker = Waker::noop();
                let mut getting = Getting::new(self.home, taken.number, term, cancel, waker);
                Self::go_on(&mut getting, refusal)?;
            }
        }
        if self.home.core.is_closed() {
            return Err(GetError::Closed);
        }
        // Whoever tries again finds it.
        self.home.create_for_later();
        Err(GetError::Exhausted)
    }

    /// Whether there is no time to wait.
    fn is_try(&self, until: Until) -> bool {
        match until {
            Until::Default => self.home.rules.timeouts.wait.is_some_and(|wait| wait.is_zero()),
            Until::Timeout(wait) => wait.is_zero(),
            Until::Deadline(at) => at.is_some_and(|at| at <= self.home.clock.now()),
        }
    }

    /// Has a getter wait for another object, if it still may.
    fn go_on(
        getting: &mut Getting<'_, M::Resource>,
        refusal: Refusal<M::Resource>,
    ) -> Result<(), GetError<Failure>> {
        match refusal {
            Refusal::Unfit(unfit) => getting.exchange(unfit),
            Refusal::Late => Err(getting.time_out(Stage::Check)),
            Refusal::Cancelled => Err(getting.cancel()),
        }
    }

    /// Hands out an object if it is fit; if this is dropped while that is checked, so is the
    /// object. `is_fresh` is one that has just been created. The term is that of the getter: it is
    /// reckoned when a check has to wait.
    ///
    /// All in one: each `async fn` more takes a get 40 instructions.
    #[inline]
    async fn admit(
        &self,
        mut entry: Box<Entry<M::Resource>>,
        is_fresh: bool,
        until: Until,
        term: &mut Option<Term>,
        cancel: Option<&CancelToken>,
    ) -> Result<Lease<M::Resource>, Refusal<M::Resource>> {
        let home = self.home;
        entry.meta.uses += 1;
        let now = home.recent();
        if let Some(reason) = home.unfit_by_age(&entry, now) {
            return Err(Refusal::Unfit(Unfit { entry, reason, began: now, panic: None }));
        }
        if !is_fresh && home.is_check_due(&entry, now) {
            let mut checking = Checking { home, entry: Some(entry) };
            let outcome = {
                let (value, meta) = checking.parts();
                let mut check = pin!(self.manager.check(value, meta));
                let mut limits = None;
                poll_fn(|context| {
                    match caught(|| check.as_mut().poll(context)) {
                        Ok(Poll::Ready(checked)) => return Poll::Ready(Outcome::Over(checked)),
                        Ok(Poll::Pending) => {}
                        Err(panic) => return Poll::Ready(Outcome::Panicked(panic)),
                    }
                    let limits = limits.get_or_insert_with(|| {
                        let term = *term.get_or_insert_with(|| home.term(until, true));
                        Limits::new(home, term, cancel)
                    });
                    limits.poll(context.waker())
                })
                .await
            };
            match outcome {
                Outcome::Over(Ok(())) => entry = checking.finish(),
                outcome => return Err(checking.fail(outcome, now)),
            }
        }
        home.core.lent();
        Ok(home.lease(entry))
    }
}

/// How a check ends.
enum Outcome<E> {
    Over(Result<(), E>),
    Panicked(Panic),
    /// It has taken longer than a check may.
    TooLong,
    /// The time of its getter is up.
    Late,
    Cancelled,
}

/// An object that is being checked. If nobody takes it out it is destroyed: what is on its way
/// there is not known.
struct Checking<'a, R: Send + 'static> {
    home: &'a Arc<Home<R>>,
    entry: Option<Box<Entry<R>>>,
}

impl<R: Send + 'static> Checking<'_, R> {
    fn parts(&mut self) -> (&mut R, &Meta) {
        match &mut self.entry {
            Some(entry) => entry.parts(),
            None => unreachable!("it is there until the check is over"),
        }
    }

    fn finish(mut self) -> Box<Entry<R>> {
        match self.entry.take() {
            Some(entry) => entry,
            None => unreachable!("it is there until the check is over"),
        }
    }
}

impl<R: Send + 'static> Checking<'_, R> {
    /// Why the getter does not have it.
    #[cold]
    fn fail<E: Into<BoxError>>(self, outcome: Outcome<E>, began: Instant) -> Refusal<R> {
        let (reason, error, panic) = match outcome {
            Outcome::Over(Err(error)) => (Reason::Broken, error.into(), None),
            Outcome::Over(Ok(())) => unreachable!("it has passed"),
            Outcome::TooLong => {
                (Reason::Broken, "the check took longer than its limit".into(), None)
            }
            Outcome::Panicked(panic) => {
                (Reason::Panicked, "the check panicked".into(), Some(panic))
            }
            Outcome::Late => return Refusal::Late,
            Outcome::Cancelled => return Refusal::Cancelled,
        };
        let home = self.home;
        let entry = self.finish();
        home.check_failed(entry.meta.id, error);
        Refusal::Unfit(Unfit { entry, reason, began, panic })
    }
}

impl<R: Send + 'static> Drop for Checking<'_, R> {
    fn drop(&mut self) {
        let Some(entry) = self.entry.take() else { return };
        self.home.end(entry, End::Withheld(Reason::Broken), Reason::Broken);
    }
}

/// What ends a check from outside.
struct Limits<'a, R: Send + 'static> {
    home: &'a Arc<Home<R>>,
    /// When its getter has waited for long enough.
    deadline: Option<Instant>,
    /// When it has taken long enough.
    limit: Option<Instant>,
    cancel: Option<&'a CancelToken>,
    /// They wake the task that polled last.
    wakes: Option<(Waker, Option<Alarm<'a>>, Option<Watch>)>,
}

impl<'a, R: Send + 'static> Limits<'a, R> {
    fn new(home: &'a Arc<Home<R>>, term: Term, cancel: Option<&'a CancelToken>) -> Self {
        let limit = home.rules.timeouts.check;
        let limit = limit.and_then(|limit| home.clock.now().checked_add(limit));
        Self { home, deadline: term.deadline, limit, cancel, wakes: None }
    }

    fn poll<E>(&mut self, waker: &Waker) -> Poll<Outcome<E>> {
        let first = earlier(self.deadline, self.limit);
        if self.wakes.as_ref().is_none_or(|(known, ..)| !known.will_wake(waker)) {
            let alarm = first.map(|at| self.home.set_alarm(at, waker));
            let watch = self.cancel.map(|cancel| cancel.watch(waker));
            self.wakes = Some((waker.clone(), alarm, watch));
        }
        if self.cancel.is_some_and(CancelToken::is_cancelled) {
            return Poll::Ready(Outcome::Cancelled);
        }
        let Some(first) = first else { return Poll::Pending };
        let now = self.home.clock.now();
        if now < first {
            Poll::Pending
        } else if self.deadline.is_some_and(|at| at <= now) {
            Poll::Ready(Outcome::Late)
        } else {
            Poll::Ready(Outcome::TooLong)
        }
    }
}
