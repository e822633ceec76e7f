//! How a pool comes by a new object: in the getter, or on a thread apart.

use core::mem;
use core::sync::atomic::Ordering;
use core::time::Duration;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, Thread};

use super::entry::Entry;
use super::error::GetError;
use super::home::Home;
use super::hooks::BoxError;
use super::lease::Lease;
use super::observer::Event;
use super::prewarm::Report;
use super::reason::Reason;
use super::ticket::Failure;
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
        // A panic goes to the getter, and the slot to the next one.
        let value = self.home.hooks.create().map_err(|error| {
            self.home.note_error(&*error);
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

/// A create on a thread apart.
pub(super) struct Create<R: Send + 'static> {
    home: Arc<Home<R>>,
    id: u64,
    /// Who wants to know, besides the getter that waits for it.
    report: Option<Arc<Report>>,
    is_over: bool,
}

/// How long creates are put off that nobody waits for, when one has failed.
const REST: Duration = Duration::from_secs(1);

impl<R: Send + 'static> Home<R> {
    /// Carries out a create that was begun for a getter: in that getter, if the system has no
    /// thread to give.
    pub(super) fn create_apart(self: &Arc<Self>, id: u64) {
        if let Err(create) = Create::new(self, id, None).spawn() {
            create.run();
        }
    }

    /// Creates an object for those who try again, if none is under way for them.
    pub(super) fn create_for_later(self: &Arc<Self>) {
        if let Ok(id) = self.core.begin_create_if(|demand| demand.orphans == 0) {
            // Without a thread it fails: nobody waits for it.
            drop(Create::new(self, id, None).spawn());
        }
    }

    /// Creates what is missing to `min_idle`. Without a thread it fails, and rests: whoever calls
    /// has other things to do, or is the keeper.
    pub(super) fn replenish(self: &Arc<Self>) {
        // Relaxed: whoever sees it late tries once more, or once less.
        while self.rules.is_apart && !self.is_resting.load(Ordering::Relaxed) {
            let Ok(id) = self.core.begin_create_if(|demand| demand.missing > 0) else { return };
            if Create::new(self, id, None).spawn().is_err() {
                return;
            }
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

    /// Waits before another attempt; whether there is to be one.
    fn pause(&self, pause: Duration) -> bool {
        let Some(until) = self.clock.now().checked_add(pause) else { return false };
        let this = thread::current();
        self.pauses.lock().push(this.clone());
        let goes_on = loop {
            if self.core.is_closed() {
                break false;
            }
            if self.clock.now() >= until {
                break true;
            }
            self.clock.park_until(Some(until));
        };
        self.pauses.lock().retain(|thread| thread.id() != this.id());
        goes_on
    }

    /// Wakes those who pause, since the pool is closed.
    pub(super) fn end_pauses(&self) {
        for thread in self.pauses.lock().iter() {
            thread.unpark();
        }
    }
}

/// Threads that pause between two creates.
#[derive(Debug, Default)]
pub(crate) struct Pauses(Mutex<Vec<Thread>>);

impl Pauses {
    fn lock(&self) -> MutexGuard<'_, Vec<Thread>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<R: Send + 'static> Create<R> {
    pub(super) fn new(home: &Arc<Home<R>>, id: u64, report: Option<Arc<Report>>) -> Self {
        Self { home: home.clone(), id, report, is_over: false }
    }

    /// Runs on a thread of its own; comes back if there is none.
    pub(super) fn spawn(self) -> Result<(), Self> {
        // The closure is lost when a spawn fails, and what it owns with it.
        let shared = Arc::new(Mutex::new(Some(self)));
        let taken = shared.clone();
        let take = move || taken.lock().unwrap_or_else(PoisonError::into_inner).take();
        let thread = thread::Builder::new().name("poolable-create".to_owned());
        let run = {
            let take = take.clone();
            move || {
                if let Some(create) = take() {
                    create.run();
                }
            }
        };
        match thread.spawn(run) {
            Ok(_) => Ok(()),
            Err(_) => take().map_or(Ok(()), Err),
        }
    }

    pub(super) fn run(mut self) {
        let start = self.home.clock.now();
        let made = self.make().map(|value| self.home.entry(value));
        self.is_over = true;
        let home = &self.home;
        match made {
            Ok(entry) => {
                let (id, created_at) = (entry.meta.id, entry.meta.created_at);
                home.forget_error();
                home.is_resting.store(false, Ordering::Relaxed);
                let took = created_at.saturating_duration_since(start);
                home.tell(&Event::Created { id, took });
                if let Some(report) = &self.report {
                    report.created();
                }
                let due = home.due(&entry);
                let (after, _) = home.core.end_create(self.id, Ok((entry, due)));
                forget_panic(caught(|| home.follow(after)));
            }
            Err(failure) => match (home.fail_create(self.id, failure), &self.report) {
                (Some(failure), Some(report)) => report.failed(failure),
                (Some(failure), None) => failure.forget(),
                (None, _) => {}
            },
        }
    }

    fn make(&self) -> Result<R, Failure> {
        let home = &self.home;
        let mut failures = 0;
        loop {
            if home.core.is_closed() {
                return Err(Failure::Error("the pool is closed".into()));
            }
            match caught(|| home.hooks.create()) {
                Ok(Ok(value)) => return Ok(value),
                Ok(Err(error)) => {
                    failures += 1;
                    home.note_error(&*error);
                    home.tell(&Event::CreateFailed { error: &*error, attempt: failures });
                    match home.rules.retry.pause(failures) {
                        Some(pause) if home.pause(pause) => forget_panic(caught(|| drop(error))),
                        _ => return Err(Failure::Error(error)),
                    }
                }
                Err(panic) => {
                    let error = BoxError::from("the create panicked");
                    home.note_error(&*error);
                    home.tell(&Event::CreateFailed { error: &*error, attempt: failures + 1 });
                    return Err(Failure::Panic(panic));
                }
            }
        }
    }
}

impl<R: Send + 'static> Drop for Create<R> {
    fn drop(&mut self) {
        if !self.is_over {
            let failure = Failure::Error("the system has no thread to give".into());
            if let Some(failure) = self.home.fail_create(self.id, failure) {
                failure.forget();
            }
        }
    }
}

impl Failure {
    /// Drops what nobody waits for, whose drop may panic.
    pub(super) fn forget(self) {
        forget_panic(caught(|| drop(self)));
    }
}
