//! Objects that are created before anybody asks for them.

use core::mem;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, Thread};

use super::core::NoCreate;
use super::creation::{Create, Slot};
use super::home::Home;
use super::ticket::Failure;

/// What has come of it.
#[derive(Debug)]
pub(crate) struct Prewarmed {
    pub(super) created: usize,
    /// How many were missing among the idle at first.
    pub(super) wanted: usize,
    /// Whether there are as many idle as there should be, or that many were created.
    pub(super) is_done: bool,
    pub(super) last: Option<Failure>,
}

impl<R: Send + 'static> Home<R> {
    /// Creates on threads apart until so many are idle, as far as the limits allow, or the time
    /// is up.
    pub(super) fn prewarm(self: &Arc<Self>, idle: usize) -> Prewarmed {
        let deadline = self.rules.timeouts.wait.and_then(|wait| self.clock.now().checked_add(wait));
        let report = Report::new();
        let watch = self.watch();
        let wanted = self.core.warmth(idle).missing;
        let mut begun = 0;
        loop {
            watch.again();
            let (created, failed) = report.counts();
            let mut is_busy = false;
            while begun < wanted {
                // What is being created for nobody in particular will be idle.
                let warmth = self.core.warmth(idle);
                if warmth.orphans >= warmth.missing {
                    break;
                }
                match self.core.begin_create_if(|_| true) {
                    Ok(id) => {
                        begun += 1;
                        let create = Create::new(self, id, Some(report.clone()));
                        if let Err(create) = create.spawn() {
                            create.run();
                        }
                    }
                    Err(reason) => {
                        is_busy = reason == NoCreate::Busy;
                        break;
                    }
                }
            }
            let warmth = self.core.warmth(idle);
            let is_done = warmth.missing == 0 || created >= wanted;
            let is_over = !is_busy && created + failed == begun && warmth.orphans == 0;
            let is_late = deadline.is_some_and(|at| self.clock.now() >= at);
            if is_done || is_over || is_late {
                let (created, _) = report.counts();
                let is_done = is_done || created >= wanted;
                return Prewarmed { created, wanted, is_done, last: report.last() };
            }
            self.clock.park_until(deadline);
        }
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

/// What the creates of one `prewarm` have come to, told by the threads that run them.
#[derive(Debug)]
pub(super) struct Report {
    created: AtomicUsize,
    failed: Mutex<Vec<Failure>>,
    /// Who called it.
    thread: Thread,
}

impl Report {
    fn new() -> Arc<Self> {
        let created = AtomicUsize::new(0);
        Arc::new(Self { created, failed: Mutex::default(), thread: thread::current() })
    }

    /// Counts an object before it is in the pool: whoever finds it there finds it counted.
    pub(super) fn created(&self) {
        // Relaxed: what is in the pool is under its lock.
        self.created.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn failed(&self, failure: Failure) {
        self.lock().push(failure);
        self.thread.unpark();
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
