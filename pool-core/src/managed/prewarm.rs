//! Objects that are created before anybody asks for them.

use core::error::Error;
use core::future::poll_fn;
use core::mem;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::task::{Poll, Waker};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::control::Watch;
use super::core::NoCreate;
use super::creation::{Job, Slot};
use super::error::PrewarmError;
use super::handle::typed_failure;
use super::home::Home;
use super::ticket::Failure;
use super::wait::thread_waker;
use crate::raw_pool::{caught, forget_panic};

/// What has come of it.
#[derive(Debug)]
pub(crate) struct Prewarmed {
    created: usize,
    /// How many were missing among the idle at first.
    wanted: usize,
    /// Whether there are as many idle as there should be, or that many were created.
    is_done: bool,
    last: Option<Failure>,
}

impl Prewarmed {
    /// How many were created, or that it were not enough. A panic goes on.
    pub(super) fn result<E: Error + 'static>(self) -> Result<usize, PrewarmError<E>> {
        let Self { created, wanted, is_done, last } = self;
        let last_error = last.and_then(typed_failure);
        if is_done { Ok(created) } else { Err(PrewarmError { created, wanted, last_error }) }
    }
}

impl<R: Send + 'static> Home<R> {
    /// Creates apart from the caller until so many are idle, as far as the limits allow, or the
    /// time is up.
    pub(super) fn prewarm(self: &Arc<Self>, idle: usize) -> Prewarmed {
        let mut prewarming = Prewarming::new(self, idle);
        let waker = thread_waker();
        loop {
            match prewarming.poll(&waker) {
                Poll::Ready(prewarmed) => return prewarmed,
                Poll::Pending => self.clock.park_until(prewarming.deadline),
            }
        }
    }

    /// The same, for a task.
    pub(super) async fn prewarm_async(self: &Arc<Self>, idle: usize) -> Prewarmed {
        let mut prewarming = Prewarming::new(self, idle);
        let mut alarm = None;
        let prewarmed = poll_fn(|context| {
            let waker = context.waker();
            alarm = prewarming.deadline.map(|at| self.set_alarm(at, waker));
            prewarming.poll(waker)
        })
        .await;
        drop(alarm);
        prewarmed
    }

    /// Creates in the caller until so many are idle, as far as the limits allow; how many.
    pub(super) fn prewarm_here(self: &Arc<Self>, idle: usize) -> usize {
        let wanted = self.core.warmth(idle).missing;
        let mut created = 0;
        while created < wanted && self.core.warmth(idle).missing > 0 {
            let Some(Ok(())) = Slot::take(self).map(Slot::create_idle) else { break };
            created += 1;
        }
        created
    }
}

/// A `prewarm` that waits for its creates.
struct Prewarming<'a, R: Send + 'static> {
    home: &'a Arc<Home<R>>,
    idle: usize,
    deadline: Option<Instant>,
    report: Arc<Report>,
    watch: Watch<'a, R>,
    wanted: usize,
    begun: Vec<u64>,
    /// Its creates, if nobody else drives them, and those that were left behind.
    driven: Vec<Arc<Job<R>>>,
}

impl<'a, R: Send + 'static> Prewarming<'a, R> {
    fn new(home: &'a Arc<Home<R>>, idle: usize) -> Self {
        let wait = home.rules.timeouts.wait;
        Self {
            home,
            idle,
            deadline: wait.and_then(|wait| home.clock.now().checked_add(wait)),
            report: Arc::default(),
            watch: home.watch(),
            wanted: home.core.warmth(idle).missing,
            begun: Vec::new(),
            driven: Vec::new(),
        }
    }

    fn poll(&mut self, waker: &Waker) -> Poll<Prewarmed> {
        let (home, report) = (self.home, self.report.clone());
        report.wakes(waker);
        loop {
            self.watch.again(waker);
            let (created, failed) = report.counts();
            let is_busy = self.begin();
            self.adopt();
            let warmth = home.core.warmth(self.idle);
            let is_done = warmth.missing == 0 || created >= self.wanted;
            let is_over = !is_busy && created + failed == self.begun.len() && warmth.orphans == 0;
            let is_late = self.deadline.is_some_and(|at| home.clock.now() >= at);
            if is_done || is_over || is_late {
                let (created, _) = report.counts();
                let is_done = is_done || created >= self.wanted;
                let last = report.last();
                return Poll::Ready(Prewarmed { created, wanted: self.wanted, is_done, last });
            }
            let before = self.driven.len();
            self.driven.retain(|job| !home.drive(job, self.watch.id(), waker));
            if self.driven.len() == before {
                return Poll::Pending;
            }
        }
    }

    /// Drives what nobody does: it will be idle, and has to end for others to begin.
    fn adopt(&mut self) {
        for job in self.home.find_kept() {
            if self.driven.iter().all(|driven| driven.id() != job.id()) {
                self.driven.push(job);
            }
        }
    }

    /// Begins as many creates as are missing and may be; whether others have to end first.
    fn begin(&mut self) -> bool {
        while self.begun.len() < self.wanted {
            // What is being created for nobody in particular will be idle.
            let warmth = self.home.core.warmth(self.idle);
            if warmth.orphans >= warmth.missing {
                break;
            }
            match self.home.core.begin_create_if(|_| true) {
                Ok(id) => {
                    self.begun.push(id);
                    let job = self.home.begin(id, Some(self.report.clone()));
                    if self.home.runner.is_async() {
                        self.home.limit_create(id);
                        self.driven.extend(job);
                    } else if let Some(job) = job {
                        self.home.block_on(&job);
                    }
                }
                Err(reason) => return reason == NoCreate::Busy,
            }
        }
        false
    }
}

impl<R: Send + 'static> Drop for Prewarming<'_, R> {
    fn drop(&mut self) {
        for job in mem::take(&mut self.driven) {
            self.home.let_go_of(&job, self.watch.id());
        }
        for id in mem::take(&mut self.begun) {
            self.home.forget_create(id);
        }
    }
}

/// What the creates of one `prewarm` have come to, told by the threads that run them.
#[derive(Debug, Default)]
pub(crate) struct Report {
    created: AtomicUsize,
    failed: Mutex<Vec<Failure>>,
    /// Who called it.
    caller: Mutex<Option<Waker>>,
}

impl Report {
    /// Has the caller woken when a create has failed: of one that has succeeded the pool tells.
    fn wakes(&self, waker: &Waker) {
        let waker = Some(waker.clone());
        let former = mem::replace(&mut *self.caller(), waker);
        forget_panic(caught(|| drop(former)));
    }

    fn caller(&self) -> MutexGuard<'_, Option<Waker>> {
        self.caller.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts an object before it is in the pool: whoever finds it there finds it counted.
    pub(super) fn created(&self) {
        // Relaxed: what is in the pool is under its lock.
        self.created.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn failed(&self, failure: Failure) {
        self.lock().push(failure);
        let waker = self.caller().take();
        if let Some(waker) = waker {
            forget_panic(caught(|| waker.wake()));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Failure>> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn counts(&self) -> (usize, usize) {
        (self.created.load(Ordering::Relaxed), self.lock().len())
    }

    /// The last failure; the others go.
    fn last(&self) -> Option<Failure> {
        let mut failed = mem::take(&mut *self.lock());
        let last = failed.pop();
        failed.into_iter().for_each(Failure::forget);
        last
    }
}

impl Drop for Report {
    fn drop(&mut self) {
        // Those that came when the time was up.
        if let Some(last) = self.last() {
            last.forget();
        }
    }
}
