//! How a task comes by a resource whose check is a future.

use core::future::poll_fn;
use core::pin::pin;
use core::task::{Poll, Waker};
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use super::admission::Unfit;
use super::async_manager::AsyncManager;
use super::cancel::{CancelToken, Watch};
use super::core::End;
use super::entry::{Entry, Meta};
use super::error::{GetError, Stage};
use super::get::{Term, Until};
use super::getting::{Getting, Got};
use super::home::Home;
use super::hooks::BoxError;
use super::keeper::Timer;
use super::lease::Lease;
use super::reason::Reason;
use super::ticket::Failure;

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
            return self.try_get().await;
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
    pub(super) async fn try_get(&self) -> Result<Lease<M::Resource>, GetError<Failure>> {
        let until = match self.home.rules.timeouts.wait {
            Some(wait) if wait.is_zero() => Until::Deadline(None),
            _ => Until::Default,
        };
        while let Some(taken) = self.home.take_idle() {
            let mut term = None;
            match self.admit(taken.object, false, until, &mut term, None).await {
                Ok(lease) => return Ok(lease),
                Err(Refusal::Unfit(unfit)) => self.home.withhold(unfit),
                Err(_) => {
                    let term = term.unwrap_or_else(|| self.home.term(until, true));
                    let number = taken.number;
                    let mut getting = Getting::new(self.home, number, term, None, Waker::noop());
                    return Err(getting.time_out(Stage::Check));
                }
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

    /// Hands out an object if it is fit. `is_fresh` is one that has just been created. The term is
    /// that of the getter: it is reckoned when a check has to wait.
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
            entry = self.check(entry, until, term, cancel, now).await?;
        }
        home.core.lent();
        Ok(home.lease(entry))
    }

    /// Checks an object. If this is dropped, so is that.
    #[inline]
    async fn check(
        &self,
        entry: Box<Entry<M::Resource>>,
        until: Until,
        term: &mut Option<Term>,
        cancel: Option<&CancelToken>,
        began: Instant,
    ) -> Result<Box<Entry<M::Resource>>, Refusal<M::Resource>> {
        let home = self.home;
        let mut checking = Checking { home, entry: Some(entry) };
        let outcome = {
            let (value, meta) = checking.parts();
            let mut check = pin!(self.manager.check(value, meta));
            let mut limits = None;
            poll_fn(|context| {
                if let Poll::Ready(checked) = check.as_mut().poll(context) {
                    return Poll::Ready(match checked {
                        Ok(()) => Outcome::Passed,
                        Err(error) => Outcome::Failed(error.into()),
                    });
                }
                let limits = limits.get_or_insert_with(|| {
                    let term = *term.get_or_insert_with(|| home.term(until, true));
                    Limits::new(home, term, cancel)
                });
                limits.poll(home, context.waker())
            })
            .await
        };
        let error = match outcome {
            Outcome::Passed => return Ok(checking.finish()),
            Outcome::Late => return Err(Refusal::Late),
            Outcome::Cancelled => return Err(Refusal::Cancelled),
            Outcome::TooLong => "the check took longer than its limit".into(),
            Outcome::Failed(error) => error,
        };
        let entry = checking.finish();
        home.check_failed(entry.meta.id, error);
        Err(Refusal::Unfit(Unfit { entry, reason: Reason::Broken, began, panic: None }))
    }
}

/// How a check ends.
enum Outcome {
    Passed,
    Failed(BoxError),
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

impl<R: Send + 'static> Drop for Checking<'_, R> {
    fn drop(&mut self) {
        let Some(entry) = self.entry.take() else { return };
        let (end, reason) = if thread::panicking() {
            self.home.check_failed(entry.meta.id, "the check panicked".into());
            (End::Unfit(Reason::Panicked), Reason::Panicked)
        } else {
            (End::Withheld(Reason::Broken), Reason::Broken)
        };
        self.home.end(entry, end, reason);
    }
}

/// What ends a check from outside.
struct Limits<'a> {
    /// When its getter has waited for long enough.
    deadline: Option<Instant>,
    /// When it has taken long enough.
    limit: Option<Instant>,
    cancel: Option<&'a CancelToken>,
    /// They wake the task that polled last.
    wakes: Option<(Waker, Option<Timer>, Option<Watch>)>,
}

impl<'a> Limits<'a> {
    fn new<R: Send + 'static>(home: &Home<R>, term: Term, cancel: Option<&'a CancelToken>) -> Self {
        let limit = home.rules.timeouts.check;
        let limit = limit.and_then(|limit| home.clock.now().checked_add(limit));
        Self { deadline: term.deadline, limit, cancel, wakes: None }
    }

    fn poll<R: Send + 'static>(&mut self, home: &Home<R>, waker: &Waker) -> Poll<Outcome> {
        if self.wakes.as_ref().is_none_or(|(known, ..)| !known.will_wake(waker)) {
            let first = match (self.deadline, self.limit) {
                (Some(deadline), Some(limit)) => Some(deadline.min(limit)),
                (one, other) => one.or(other),
            };
            let timer = first.map(|at| home.clock.wake_at(at, waker.clone()));
            let watch = self.cancel.map(|cancel| cancel.watch(waker));
            self.wakes = Some((waker.clone(), timer, watch));
        }
        if self.cancel.is_some_and(CancelToken::is_cancelled) {
            return Poll::Ready(Outcome::Cancelled);
        }
        if self.deadline.is_none() && self.limit.is_none() {
            return Poll::Pending;
        }
        let now = home.clock.now();
        if self.deadline.is_some_and(|at| at <= now) {
            Poll::Ready(Outcome::Late)
        } else if self.limit.is_some_and(|at| at <= now) {
            Poll::Ready(Outcome::TooLong)
        } else {
            Poll::Pending
        }
    }
}
