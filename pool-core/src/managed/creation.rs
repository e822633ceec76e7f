//! How a pool comes by a new object: in the getter, or apart from it.

use core::mem;
use core::pin::Pin;
use core::sync::atomic::Ordering;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::panic::resume_unwind;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Wake;
use std::thread;
use std::time::Instant;

use super::entry::Entry;
use super::error::GetError;
use super::getting::LOOK_AGAIN;
use super::home::Home;
use super::hooks::{Attempt, BoxError, Creation};
use super::job::{self, Driven};
use super::keeper::Timer;
use super::lease::Lease;
use super::observer::Event;
use super::prewarm::Report;
use super::reason::Reason;
use super::runner::Runner;
use super::ticket::Failure;
use super::wait::thread_waker;
use crate::raw_pool::{caught, forget_panic};

/// Room for an object that its owner creates, and gives up when this is dropped.
pub(crate) struct Slot<'a, R: Send + 'static> {
    home: &'a Arc<Home<R>>,
    has_failed: bool,
}

impl<'a, R: Send + 'static> Slot<'a, R> {
    /// The room that was granted.
    pub(super) fn granted(home: &'a Arc<Home<R>>) -> Self {
        Self { home, has_failed: false }
    }

    /// What room there is.
    pub(super) fn take(home: &'a Arc<Home<R>>) -> Option<Self> {
        home.core.take_slot(home.rules.creates_beyond).then(|| Self::granted(home))
    }

    /// Creates an object for its owner.
    pub(super) fn create(mut self) -> Result<Lease<R>, GetError<Failure>> {
        let mut entry = self.make()?;
        let home = self.home;
        mem::forget(self);
        let (is_open, after) = home.core.fill();
        home.follow(after);
        if !is_open {
            home.destroy(entry, Reason::Closed);
            return Err(GetError::Closed);
        }
        entry.meta.uses += 1;
        Ok(home.lease(entry))
    }

    /// Creates an object for the pool.
    pub(super) fn create_idle(mut self) -> Result<(), GetError<Failure>> {
        let entry = self.make()?;
        let home = self.home;
        mem::forget(self);
        let due = home.due(&entry);
        let after = home.core.fill_idle(entry, due);
        home.follow(after);
        Ok(())
    }

    fn make(&mut self) -> Result<Box<Entry<R>>, GetError<Failure>> {
        self.has_failed = true;
        let start = self.home.clock.now();
        let made = match caught(|| self.home.hooks.create()) {
            Ok(Creation::Over(made)) => made,
            Ok(Creation::Underway(_)) => unreachable!("what takes its time is created apart"),
            Err(panic) => {
                let error = BoxError::from("the create panicked");
                self.home.tell(&Event::CreateFailed { error: &*error, attempt: 1 });
                // It goes to the getter, and the slot to the next one.
                resume_unwind(panic);
            }
        };
        let value = made.map_err(|error| {
            self.home.note_error(&*error);
            self.home.tell(&Event::CreateFailed { error: &*error, attempt: 1 });
            GetError::Create(Failure::Error(error))
        })?;
        let entry = self.home.entry(value);
        let took = entry.meta.created_at.saturating_duration_since(start);
        self.home.tell(&Event::Created { id: entry.meta.id, took });
        Ok(entry)
    }
}

impl<R: Send + 'static> Drop for Slot<'_, R> {
    fn drop(&mut self) {
        let after = self.home.core.free(self.has_failed);
        self.home.follow(after);
    }
}

/// A create that runs apart from its getter.
pub(crate) type Job<R> = job::Job<Make<R>>;

/// How far such a create has come.
pub(crate) struct Make<R> {
    phase: Phase<R>,
    failures: u32,
    start: Instant,
    /// Who wants to know, besides the getter that waits for it.
    report: Option<Arc<Report>>,
}

enum Phase<R> {
    /// The next attempt is to be made.
    Next,
    Underway(Attempt<R>),
    /// Until then; the timer is set when somebody waits for that.
    Pausing(Instant, Option<Timer>),
}

/// Who drives a create that has a thread or a task of its own: its only driver.
const ITS_OWN: u64 = 0;

/// How long creates are put off that nobody waits for, when one has failed.
const REST: Duration = Duration::from_secs(1);

/// How long a create without a limit goes on that nobody waits for.
const FORGOTTEN: Duration = Duration::from_secs(30);

impl<R: Send + 'static> Home<R> {
    /// Begins a create. It comes back if whoever asks is to drive it.
    pub(super) fn begin(
        self: &Arc<Self>,
        id: u64,
        report: Option<Arc<Report>>,
    ) -> Option<Arc<Job<R>>> {
        let start = self.clock.now();
        let make = Make { phase: Phase::Next, failures: 0, start, report };
        let job = Job::new(id, make);
        self.jobs.lock().push(job.clone());
        match &self.runner {
            Runner::Threads => {
                let (home, shared) = (self.clone(), job.clone());
                let thread = thread::Builder::new().name("poolable-create".to_owned());
                thread.spawn(move || home.block_on(&shared)).err().map(|_| job)
            }
            Runner::Tasks(spawn) => {
                let run = Run { home: self.clone(), job, is_over: false };
                // Whether it panics or drops the task: then the task tells those who wait.
                forget_panic(caught(|| spawn(Box::pin(run))));
                None
            }
            Runner::Waiters | Runner::Getter => Some(job),
        }
    }

    /// Begins a create that nobody waits for; whether somebody will drive it.
    fn begin_for_nobody(self: &Arc<Self>, id: u64) -> bool {
        let Some(job) = self.begin(id, None) else {
            if self.runner.is_async() {
                self.limit_create(id);
                self.forget_create(id);
            }
            // One that the hook has let go of already would wait here for whoever comes.
            let lost = self.find_create(id).filter(|_| self.core.kept_creates().contains(&id));
            return !lost.is_some_and(|job| self.cancel(&job, "the `spawn` hook dropped the task"));
        };
        self.cancel(&job, "the system has no thread to give");
        false
    }

    /// Creates an object for those who try again, if none is under way for them.
    pub(super) fn create_for_later(self: &Arc<Self>) {
        if matches!(self.runner, Runner::Waiters) {
            return;
        }
        if let Ok(id) = self.core.begin_create_if(|demand| demand.orphans == 0) {
            self.begin_for_nobody(id);
        }
    }

    /// Creates what is missing to `min_idle`. Without a thread it fails, and rests: whoever calls
    /// has other things to do, or is the keeper.
    pub(super) fn replenish(self: &Arc<Self>) {
        if self.rules.min_idle == 0 {
            return;
        }
        // A hook may carry a create out at once, whose end leads here: that is left to the first
        // who came. Relaxed, here and below: the count is under the lock of the core.
        while !self.is_replenishing.swap(true, Ordering::Relaxed) {
            let is_done = self.replenish_now();
            self.is_replenishing.store(false, Ordering::Relaxed);
            // For those who came meanwhile.
            if !is_done || !self.core.is_short() {
                return;
            }
        }
    }

    /// Whether it has begun whatever is missing.
    fn replenish_now(self: &Arc<Self>) -> bool {
        // Relaxed: whoever sees it late tries once more, or once less.
        while !self.is_resting.load(Ordering::Relaxed) {
            let Ok(id) = self.core.begin_create_if(|demand| demand.missing > 0) else {
                return true;
            };
            if !self.begin_for_nobody(id) {
                return false;
            }
        }
        false
    }

    /// Has a create end when it has taken too long. Those that are no futures have no end of their
    /// own: it is their getter who gives up then.
    pub(super) fn limit_create(self: &Arc<Self>, id: u64) {
        let limit = self.rules.timeouts.create;
        if let Some(late_at) = limit.and_then(|limit| self.clock.now().checked_add(limit)) {
            let after = self.core.limit_create(id, late_at);
            self.follow(after);
        }
    }

    /// Has a create end at its limit or, without one, some time after the last who waited for it
    /// has gone.
    pub(super) fn forget_create(self: &Arc<Self>, id: u64) {
        if !self.runner.is_async() {
            return;
        }
        if let Some(at) = self.clock.now().checked_add(FORGOTTEN) {
            let after = self.core.forget_create(id, at);
            self.follow(after);
        }
    }

    /// Creates that nobody drives.
    pub(super) fn find_kept(&self) -> impl Iterator<Item = Arc<Job<R>>> {
        self.core.kept_creates().into_iter().filter_map(|id| self.find_create(id))
    }

    /// The create of that number, unless it is over.
    pub(super) fn find_create(&self, id: u64) -> Option<Arc<Job<R>>> {
        self.jobs.lock().iter().find(|job| job.id() == id).cloned()
    }

    /// Goes on with a create, if it can go on; whether it is over.
    pub(super) fn drive(self: &Arc<Self>, job: &Arc<Job<R>>, driver: u64, waker: &Waker) -> bool {
        match job.drive(driver, waker, |make, waker| make.poll(self, waker)) {
            Driven::Pending => return false,
            Driven::Done(made, make) => self.end_create(job, make, made),
            Driven::Cancelled(make) => self.give_up(job, make, "the create took too long"),
            Driven::Over => {}
        }
        true
    }

    /// Carries out a create on this thread.
    pub(super) fn block_on(self: &Arc<Self>, job: &Arc<Job<R>>) {
        let waker = thread_waker();
        while !self.drive(job, ITS_OWN, &waker) {
            if self.clock.keeps_time() {
                thread::park();
            } else {
                self.clock.park_until(self.clock.now().checked_add(LOOK_AGAIN));
                job.wake_by_ref();
            }
        }
    }

    /// Has those who wait for a create drive it: whoever did goes away.
    pub(super) fn let_go_of(self: &Arc<Self>, job: &Arc<Job<R>>, driver: u64) {
        job.leave(driver);
        let after = self.core.hand_over(job.id());
        self.follow(after);
    }

    /// Ends a create before its time; whether it is over now. If a driver has it in hand, that
    /// one ends it.
    pub(super) fn cancel_create(self: &Arc<Self>, id: u64) -> bool {
        self.find_create(id).is_some_and(|job| self.cancel(&job, "the create took too long"))
    }

    /// Ends all creates, since the pool is closed.
    pub(super) fn cancel_creates(self: &Arc<Self>) {
        let jobs = self.jobs.lock().clone();
        for job in jobs {
            self.cancel(&job, "the pool is closed");
        }
    }

    fn cancel(self: &Arc<Self>, job: &Arc<Job<R>>, why: &str) -> bool {
        let make = job.cancel();
        make.map(|make| self.give_up(job, make, why)).is_some()
    }

    fn give_up(self: &Arc<Self>, job: &Arc<Job<R>>, make: Make<R>, why: &str) {
        let error = BoxError::from(why);
        if !self.core.is_closed() {
            self.note_error(&*error);
            self.tell(&Event::CreateFailed { error: &*error, attempt: make.failures + 1 });
        }
        self.end_create(job, make, Err(Failure::Error(error)));
    }

    /// Tells of what a create has come to: those who wait, and the observer.
    fn end_create(self: &Arc<Self>, job: &Arc<Job<R>>, make: Make<R>, made: Result<R, Failure>) {
        self.jobs.lock().retain(|other| other.id() != job.id());
        let Make { phase, start, report, .. } = make;
        // A future's drop is the user's own code, and a place hangs on what follows.
        forget_panic(caught(|| drop(phase)));
        match made.map(|value| self.entry(value)) {
            Ok(entry) => {
                let (id, created_at) = (entry.meta.id, entry.meta.created_at);
                self.forget_error();
                self.is_resting.store(false, Ordering::Relaxed);
                let took = created_at.saturating_duration_since(start);
                self.tell(&Event::Created { id, took });
                if let Some(report) = &report {
                    report.created();
                }
                let due = self.due(&entry);
                let (after, _) = self.core.end_create(job.id(), Ok((entry, due)));
                forget_panic(caught(|| self.follow(after)));
            }
            Err(failure) => match (self.fail_create(job.id(), failure), report) {
                (Some(failure), Some(report)) => report.failed(failure),
                (Some(failure), None) => failure.forget(),
                (None, _) => {}
            },
        }
    }

    /// Ends a create without an object. A failure that nobody waits for comes back, and puts
    /// off others of that kind.
    fn fail_create(self: &Arc<Self>, id: u64, failure: Failure) -> Option<Failure> {
        let (mut after, failure) = self.core.end_create(id, Err(failure));
        if failure.is_some() && self.rules.min_idle > 0 && !self.core.is_closed() {
            self.is_resting.store(true, Ordering::Relaxed);
            after.is_short = false;
            if let Some(at) = self.clock.now().checked_add(REST) {
                self.arm_at(at);
            }
        }
        self.follow(after);
        failure
    }
}

/// The creates that are under way.
pub(crate) struct Jobs<R>(Mutex<Vec<Arc<Job<R>>>>);

impl<R> Jobs<R> {
    pub(super) const fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Arc<Job<R>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<R: Send + 'static> Make<R> {
    /// Goes on as far as it can. The waker is that of the job.
    fn poll(&mut self, home: &Home<R>, waker: &Waker) -> Poll<Result<R, Failure>> {
        loop {
            if home.core.is_closed() {
                return Poll::Ready(Err(Failure::Error("the pool is closed".into())));
            }
            let made = match &mut self.phase {
                Phase::Next => match caught(|| home.hooks.create()) {
                    Ok(Creation::Over(made)) => Ok(made),
                    Ok(Creation::Underway(attempt)) => {
                        self.phase = Phase::Underway(attempt);
                        continue;
                    }
                    Err(panic) => Err(panic),
                },
                Phase::Underway(attempt) => {
                    let mut context = Context::from_waker(waker);
                    match caught(|| attempt.as_mut().poll(&mut context)) {
                        Ok(Poll::Pending) => return Poll::Pending,
                        Ok(Poll::Ready(made)) => Ok(made),
                        Err(panic) => Err(panic),
                    }
                }
                Phase::Pausing(until, _) if home.clock.now() >= *until => {
                    self.phase = Phase::Next;
                    continue;
                }
                Phase::Pausing(until, timer) => {
                    timer.get_or_insert_with(|| home.clock.wake_at(*until, waker.clone()));
                    return Poll::Pending;
                }
            };
            // What is over is dropped before the next attempt.
            let attempt = mem::replace(&mut self.phase, Phase::Next);
            forget_panic(caught(|| drop(attempt)));
            match made {
                Ok(Ok(value)) => return Poll::Ready(Ok(value)),
                Ok(Err(error)) => {
                    self.failures += 1;
                    home.note_error(&*error);
                    home.tell(&Event::CreateFailed { error: &*error, attempt: self.failures });
                    let pause = home.rules.retry.pause(self.failures);
                    let Some(until) = pause.and_then(|pause| home.clock.now().checked_add(pause))
                    else {
                        return Poll::Ready(Err(Failure::Error(error)));
                    };
                    forget_panic(caught(|| drop(error)));
                    self.phase = Phase::Pausing(until, None);
                }
                Err(panic) => {
                    let error = BoxError::from("the create panicked");
                    home.note_error(&*error);
                    let attempt = self.failures + 1;
                    home.tell(&Event::CreateFailed { error: &*error, attempt });
                    return Poll::Ready(Err(Failure::Panic(panic)));
                }
            }
        }
    }
}

/// A create as a task of its own. If it is dropped before it is over, those who wait drive it.
struct Run<R: Send + 'static> {
    home: Arc<Home<R>>,
    job: Arc<Job<R>>,
    is_over: bool,
}

impl<R: Send + 'static> Future for Run<R> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.is_over = self.home.drive(&self.job, ITS_OWN, context.waker());
        if self.is_over { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl<R: Send + 'static> Drop for Run<R> {
    fn drop(&mut self) {
        if !self.is_over {
            self.home.let_go_of(&self.job, ITS_OWN);
        }
    }
}

impl Failure {
    /// Drops what nobody waits for, whose drop may panic.
    pub(super) fn forget(self) {
        forget_panic(caught(|| drop(self)));
    }
}
