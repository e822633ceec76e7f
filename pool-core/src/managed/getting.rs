//! A getter that waits in the queue, as a thread or as a task.

use core::mem;
use core::task::{Poll, Waker};
use core::time::Duration;
use std::sync::Arc;
use std::thread;

use super::admission::Unfit;
use super::cancel::{CancelToken, Watch};
use super::core::{Leave, Left};
use super::creation::{Job, Slot};
use super::entry::Entry;
use super::error::{GetError, Stage};
use super::get::Term;
use super::home::Home;
use super::keeper;
use super::lease::Lease;
use super::observer::Event;
use super::reason::Reason;
use super::runner::Runner;
use super::ticket::{Begin, Failure, Grant, Ticket};

/// How long until a thread looks at the time that nobody will wake.
pub(super) const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// A get that waits: its place in the queue, which it gives up when this is dropped.
///
/// A thread polls it with a waker that unparks, a task with that of its executor.
pub(crate) struct Getting<'a, R: Send + 'static> {
    home: &'a Arc<Home<R>>,
    ticket: Arc<Ticket<Box<Entry<R>>>>,
    term: Term,
    cancel: Option<&'a CancelToken>,
    /// The token is watched for the task that polled last.
    watch: Option<(Waker, Watch)>,
    /// The create that was begun for this getter, which may have ended since.
    create: Option<u64>,
    /// The create that it drives.
    driven: Option<Arc<Job<R>>>,
    is_queued: bool,
    /// Whether it has just read the clock. If its time is up before it is polled, its ticket's
    /// waker is told.
    is_new: bool,
}

/// How a wait ends whose time is up: what came at the last moment counts.
type Ended<R> = Result<Grant<Box<Entry<R>>>, GetError<Failure>>;

/// What a getter has waited for.
pub(crate) enum Got<R: Send + 'static> {
    /// An object that it has to look at first. The flag says whether it has just been created.
    Object(Box<Entry<R>>, bool),
    Lease(Lease<R>),
}

impl<'a, R: Send + 'static> Getting<'a, R> {
    pub(super) fn new(
        home: &'a Arc<Home<R>>,
        number: u64,
        term: Term,
        cancel: Option<&'a CancelToken>,
        waker: &Waker,
    ) -> Self {
        Self {
            home,
            ticket: Arc::new(Ticket::new(number, waker.clone())),
            term,
            cancel,
            watch: None,
            create: None,
            driven: None,
            is_queued: false,
            is_new: true,
        }
    }

    pub(super) fn join(&mut self) {
        self.is_queued = true;
        let after = self.home.core.join(&self.ticket, self.term.deadline);
        self.home.follow(after);
    }

    /// Queues again, at the old place, for another object.
    pub(super) fn exchange(&mut self, unfit: Unfit<R>) -> Result<(), GetError<Failure>> {
        // A check may have taken its time.
        let is_late = || self.term.deadline.is_some_and(|at| self.home.clock.now() >= at);
        if unfit.panic.is_some() {
            self.home.withhold(unfit);
            unreachable!("the panic of the check goes on");
        } else if self.is_cancelled() {
            self.home.withhold(unfit);
            return Err(self.cancel());
        } else if unfit.reason == Reason::Broken && is_late() {
            self.home.withhold(unfit);
            return Err(self.time_out(Stage::Check));
        }
        self.is_queued = true;
        let reason = unfit.reason;
        let after = self.home.core.rejoin(&self.ticket, self.term.deadline, self.create, reason);
        self.home.follow(after);
        self.home.bury(unfit);
        Ok(())
    }

    /// Begins a create, or drives one that has been begun, and waits on: the getter takes what
    /// comes first.
    fn begin(&mut self, begin: Begin) {
        if !begin.is_new {
            self.driven = self.home.find_create(begin.id);
            return;
        }
        self.create = Some(begin.id);
        self.home.limit_create(begin.id);
        if let Some(job) = self.home.begin(begin.id, None) {
            if matches!(self.home.runner, Runner::Waiters) {
                self.driven = Some(job);
                if let Some(after) = self.home.core.begun(begin.id, self.ticket.number()) {
                    self.home.follow(after);
                }
                if self.home.core.is_closed() {
                    // Whoever closed it may not have found this one.
                    self.home.cancel_create(begin.id);
                }
            } else {
                self.home.block_on(&job);
            }
        }
    }

    /// Goes on with the create that it drives; whether that is over.
    fn drive(&mut self, waker: &Waker) -> bool {
        let Some(job) = &self.driven else { return false };
        let is_over = self.home.drive(job, self.ticket.number(), waker);
        if is_over {
            self.driven = None;
        }
        is_over
    }

    /// An object, or the end of the wait.
    pub(super) fn poll(&mut self, waker: &Waker) -> Poll<Result<Got<R>, GetError<Failure>>> {
        loop {
            let grant = match self.poll_grant(waker) {
                Poll::Ready(grant) => grant,
                Poll::Pending if self.is_cancelled() => return Poll::Ready(Err(self.cancel())),
                // That may have served this getter, if only at the last moment.
                Poll::Pending if self.drive(waker) => continue,
                Poll::Pending if self.is_stalled() => continue,
                Poll::Pending if !mem::take(&mut self.is_new) && self.is_late() => {
                    match self.give_up() {
                        // What came at the last moment is as good as what comes in time.
                        Ok(grant) => grant,
                        Err(error) => return Poll::Ready(Err(error)),
                    }
                }
                Poll::Pending => {
                    self.keep_watch(waker);
                    return Poll::Pending;
                }
            };
            return Poll::Ready(match grant {
                Grant::Begin(begin) => {
                    self.begin(begin);
                    continue;
                }
                Grant::Object { object, was_idle } => {
                    let is_fresh = !was_idle && object.meta.uses == 0;
                    Ok(Got::Object(object, is_fresh))
                }
                Grant::Slot => Slot::granted(self.home).create().map(Got::Lease),
                Grant::Failed(failure) => Err(GetError::Create(failure)),
                Grant::Closed => Err(GetError::Closed),
                Grant::TimedOut { had_create, hopeless } => {
                    // Unless the pool has ended it already.
                    hopeless.map(|create| self.home.cancel_create(create));
                    let stage = if had_create { Stage::Create } else { Stage::Wait };
                    Err(self.timed_out(stage))
                }
            });
        }
    }

    /// An object that is fit, where checks are made at once.
    pub(super) fn poll_get(&mut self, waker: &Waker) -> Poll<Result<Lease<R>, GetError<Failure>>> {
        loop {
            let Poll::Ready(got) = self.poll(waker) else { return Poll::Pending };
            let lease = match got? {
                Got::Lease(lease) => lease,
                Got::Object(object, is_fresh) => match self.home.admit(object, is_fresh) {
                    Ok(lease) => lease,
                    Err(unfit) => {
                        self.exchange(unfit)?;
                        continue;
                    }
                },
            };
            self.served();
            return Poll::Ready(Ok(lease));
        }
    }

    fn poll_grant(&mut self, waker: &Waker) -> Poll<Grant<Box<Entry<R>>>> {
        let Poll::Ready((grant, needless)) = self.ticket.poll(waker) else { return Poll::Pending };
        if let Some(create) = needless {
            let after = self.home.core.abandon(create);
            self.home.follow(after);
        }
        if !matches!(grant, Grant::Begin(_)) {
            self.is_queued = false;
            self.stop_driving();
        }
        Poll::Ready(grant)
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.cancel.is_some_and(CancelToken::is_cancelled)
    }

    /// Has the cancel of its token wake whoever polls.
    fn keep_watch(&mut self, waker: &Waker) {
        let Some(cancel) = self.cancel else { return };
        if self.watch.as_ref().is_none_or(|(known, _)| !known.will_wake(waker)) {
            self.watch = Some((waker.clone(), cancel.watch(waker)));
        }
    }

    /// Whether what was begun for another one took too long in all: then it is over now, and the
    /// getter goes on without it.
    fn is_stalled(&self) -> bool {
        if !self.home.runner.is_async() || self.home.rules.timeouts.create.is_none() {
            return false;
        }
        let late = self.home.core.late_create(&self.ticket, self.home.clock.now());
        late.is_some_and(|late| late.is_anothers && self.home.cancel_create(late.id))
    }

    /// Whether the getter, or the create that is under way for it, has run out of time.
    fn is_late(&self) -> bool {
        let limits_creates = self.home.rules.timeouts.create.is_some();
        if self.term.deadline.is_none() && !limits_creates {
            return false;
        }
        let now = self.home.clock.now();
        if self.term.deadline.is_some_and(|at| at <= now) {
            return true;
        }
        let late = limits_creates.then(|| self.home.core.late_create(&self.ticket, now)).flatten();
        // The getter does not answer for another one's, if that can be ended.
        late.is_some_and(|late| !(late.is_anothers && self.home.runner.is_async()))
    }

    /// Leaves the queue, since the time is up.
    fn give_up(&mut self) -> Ended<R> {
        let late = self.home.core.late_create(&self.ticket, self.home.clock.now());
        let left = self.leave(Leave::TimedOut);
        let stage = if left.create.is_some() { Stage::Create } else { Stage::Wait };
        // Two getters' patience is enough.
        let hopeless = left.create.filter(|create| late.is_some() || create.is_inherited);
        if let Some(create) = hopeless.filter(|_| self.home.runner.is_async()) {
            self.home.cancel_create(create.id);
        }
        left.grant.ok_or_else(|| self.timed_out(stage))
    }

    /// Parks the thread until there is something to look at.
    pub(super) fn park(&self) {
        let has_limit = self.term.deadline.is_some() || self.home.rules.timeouts.create.is_some();
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
        let waited = self.home.clock.now().saturating_duration_since(self.term.start);
        self.home.tell(&Event::TimedOut { stage, waited });
        GetError::Timeout {
            stage,
            waited,
            stats: Box::new(self.home.stats()),
            last_error: self.home.last_error(),
        }
    }

    /// Ends the get, which has no object, since its time is up.
    pub(super) fn time_out(&mut self, stage: Stage) -> GetError<Failure> {
        self.leave(Leave::TimedOut);
        self.timed_out(stage)
    }

    pub(super) fn cancel(&mut self) -> GetError<Failure> {
        if let Some(grant) = self.leave(Leave::Cancelled).grant {
            self.home.pass_on(grant);
        }
        GetError::Cancelled
    }

    pub(super) fn served(&self) {
        if self.home.has_observer() {
            let waited = self.home.clock.now().saturating_duration_since(self.term.start);
            let deadline = self.term.deadline;
            let patience = deadline.map(|at| at.saturating_duration_since(self.term.start));
            self.home.tell_waited(waited, patience);
        }
    }

    /// Gives up the place.
    fn leave(&mut self, why: Leave) -> Left<Box<Entry<R>>> {
        self.is_queued = false;
        self.stop_driving();
        let (left, after) = self.home.core.leave(&self.ticket, why);
        self.home.follow(after);
        left
    }

    fn stop_driving(&mut self) {
        if let Some(job) = self.driven.take() {
            job.leave(self.ticket.number());
        }
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
