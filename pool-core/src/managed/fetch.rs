//! How a task comes by a resource whose check is a future.

use core::future::poll_fn;
use core::mem;
use core::pin::pin;
use core::task::{Poll, Waker};
use core::time::Duration;
use std::sync::Arc;
use std::time::Instant;

use super::admission::{Panic, Unfit};
use super::alarms::Alarm;
use super::async_manager::AsyncManager;
use super::cancel::{CancelToken, Watch};
use super::core::End;
use super::entry::Entry;
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

/// How long a check may take in a pool where nobody waits.
const USUAL_WAIT: Duration = Duration::from_secs(30);

/// What a getter has asked for, and what it has met with.
struct Ask<'a, R> {
    until: Until,
    cancel: Option<&'a CancelToken>,
    /// Reckoned when it has to wait: for a check, or in the queue.
    term: Option<Term>,
    /// Why it does not have the object that it looked at last.
    refusal: Option<Refusal<R>>,
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
        let mut ask = Ask { until, cancel, term: None, refusal: None };
        let mut number = 0;
        if !self.home.is_crowded() {
            if let Some(taken) = self.home.take_uncounted() {
                number = taken.number;
                if let Some(lease) = self.admit(taken.object, Look::Uncounted, &mut ask).await {
                    return Ok(lease);
                }
            }
        }
        self.get_slow(ask, number).await
    }

    /// The rest, out of the way of those who are served at once.
    async fn get_slow(
        &self,
        mut ask: Ask<'_, M::Resource>,
        number: u64,
    ) -> Result<Lease<M::Resource>, GetError<Failure>> {
        let term = *ask.term.get_or_insert_with(|| self.home.term(ask.until, false));
        let mut getting = poll_fn(|context| {
            Poll::Ready(Getting::new(self.home, number, term, ask.cancel, context.waker()))
        })
        .await;
        match ask.refusal.take() {
            Some(refusal) => Self::go_on(&mut getting, refusal)?,
            None => getting.join(),
        }
        loop {
            let lease = match poll_fn(|context| getting.poll(context.waker())).await? {
                Got::Lease(lease) => Some(lease),
                Got::Object(object, true) => self.admit(object, Look::Fresh, &mut ask).await,
                Got::Object(object, false) => self.admit(object, Look::Counted, &mut ask).await,
            };
            if let Some(lease) = lease {
                getting.served();
                return Ok(lease);
            }
            if let Some(refusal) = ask.refusal.take() {
                Self::go_on(&mut getting, refusal)?;
            }
        }
    }

    /// An object that is idle and fit.
    pub(super) async fn try_get(
        &self,
        cancel: Option<&CancelToken>,
    ) -> Result<Lease<M::Resource>, GetError<Failure>> {
        // A check has to have an end.
        let until = match self.home.rules.timeouts.wait {
            Some(wait) if wait.is_zero() => Until::Timeout(USUAL_WAIT),
            _ => Until::Default,
        };
        while let Some(taken) = self.home.take_uncounted() {
            let mut ask = Ask { until, cancel, term: None, refusal: None };
            if let Some(lease) = self.admit(taken.object, Look::Uncounted, &mut ask).await {
                return Ok(lease);
            }
            match ask.refusal {
                Some(Refusal::Unfit(unfit)) => self.home.withhold(unfit),
                Some(refusal) => {
                    let term = ask.term.unwrap_or_else(|| self.home.term(until, true));
                    let waker = Waker::noop();
                    let mut getting = Getting::new(self.home, taken.number, term, cancel, waker);
                    Self::go_on(&mut getting, refusal)?;
                }
                None => {}
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
    /// object.
    ///
    /// All in one, and with what is seldom needed elsewhere: a get in four `async fn` took 80
    /// instructions more.
    #[inline]
    async fn admit(
        &self,
        mut entry: Box<Entry<M::Resource>>,
        look: Look,
        ask: &mut Ask<'_, M::Resource>,
    ) -> Option<Lease<M::Resource>> {
        let home = self.home;
        entry.meta.uses += 1;
        let is_counted = !matches!(look, Look::Uncounted);
        let mut checking = Checking { home, entry: Some(entry), is_counted };
        let now = home.recent();
        let age = home.unfit_by_age(checking.entry(), now);
        let outcome = if let Some(reason) = age {
            Outcome::Old(reason)
        } else if matches!(look, Look::Fresh) || !home.is_check_due(checking.entry(), now) {
            Outcome::Passed
        } else {
            let Checking { entry: Some(entry), is_counted, .. } = &mut checking else {
                unreachable!("it is there until the check is over")
            };
            let (value, meta) = entry.parts();
            match caught(|| self.manager.check(value, meta)) {
                Ok(check) => {
                    let mut check = pin!(check);
                    let mut limits = None;
                    poll_fn(|context| {
                        let polled = caught(|| check.as_mut().poll(context));
                        if let Ok(Poll::Ready(Ok(()))) = polled {
                            return Poll::Ready(Outcome::Passed);
                        }
                        home.count_check(is_counted);
                        match polled {
                            Ok(Poll::Ready(Ok(()))) => unreachable!("it has passed"),
                            Ok(Poll::Ready(Err(error))) => Poll::Ready(Outcome::Failed(error)),
                            Err(panic) => Poll::Ready(Outcome::Panicked(panic)),
                            Ok(Poll::Pending) => {
                                let limits = limits.get_or_insert_with(|| {
                                    let until = ask.until;
                                    let term =
                                        ask.term.get_or_insert_with(|| home.term(until, true));
                                    Limits::new(home, *term, ask.cancel)
                                });
                                limits.poll(context.waker())
                            }
                        }
                    })
                    .await
                }
                Err(panic) => Outcome::Panicked(panic),
            }
        };
        if !matches!(outcome, Outcome::Passed) {
            ask.refusal = Some(checking.fail(outcome, now));
            return None;
        }
        if checking.is_counted {
            home.core.lent();
        }
        Some(home.lease(checking.finish()))
    }
}

/// What an object is looked at for.
#[derive(Clone, Copy, Debug)]
enum Look {
    /// It was idle, and its check is counted once it has to wait, or fails: most do neither, and
    /// the count takes an atomic operation.
    Uncounted,
    /// It was granted, with its check counted.
    Counted,
    /// Likewise, and it needs no check, since it has just been created.
    Fresh,
}

/// How a check ends.
enum Outcome<E> {
    Passed,
    /// There was none: it is too old.
    Old(Reason),
    Failed(E),
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
    is_counted: bool,
}

impl<R: Send + 'static> Home<R> {
    /// Counts a check that has not been counted.
    #[inline]
    fn count_check(&self, is_counted: &mut bool) {
        if !mem::replace(is_counted, true) {
            self.core.begin_check();
        }
    }
}

impl<R: Send + 'static> Checking<'_, R> {
    fn entry(&self) -> &Entry<R> {
        match &self.entry {
            Some(entry) => entry,
            None => unreachable!("it is there until the check is over"),
        }
    }

    fn finish(mut self) -> Box<Entry<R>> {
        match self.entry.take() {
            Some(entry) => entry,
            None => unreachable!("it is there until the check is over"),
        }
    }

    /// Why the getter does not have it.
    #[cold]
    fn fail<E: Into<BoxError>>(mut self, outcome: Outcome<E>, began: Instant) -> Refusal<R> {
        let home = self.home;
        home.count_check(&mut self.is_counted);
        let (reason, error, panic): (_, BoxError, _) = match outcome {
            Outcome::Passed => unreachable!("it has not failed"),
            Outcome::Late => return Refusal::Late,
            Outcome::Cancelled => return Refusal::Cancelled,
            Outcome::Old(reason) => {
                let entry = self.finish();
                return Refusal::Unfit(Unfit { entry, reason, began, panic: None });
            }
            Outcome::Failed(error) => (Reason::Broken, error.into(), None),
            Outcome::TooLong => {
                (Reason::Broken, "the check took longer than its limit".into(), None)
            }
            Outcome::Panicked(panic) => {
                (Reason::Panicked, "the check panicked".into(), Some(panic))
            }
        };
        let entry = self.finish();
        home.check_failed(entry.meta.id, error);
        Refusal::Unfit(Unfit { entry, reason, began, panic })
    }
}

impl<R: Send + 'static> Drop for Checking<'_, R> {
    fn drop(&mut self) {
        let Some(entry) = self.entry.take() else { return };
        self.home.count_check(&mut self.is_counted);
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
