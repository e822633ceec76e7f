//! Objects that are created before anybody asks for them.

use std::sync::Arc;
use std::sync::mpsc::{self, SendError, Sender};
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
        let (sender, outcomes) = mpsc::channel();
        let report = Report { sender, thread: thread::current() };
        let watch = self.watch();
        let wanted = self.core.warmth(idle).missing;
        let mut result = Prewarmed { created: 0, wanted, is_done: false, last: None };
        let (mut begun, mut ended) = (0, 0);
        loop {
            watch.again();
            let mut is_busy = false;
            while begun < wanted {
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
            let before = ended;
            for outcome in outcomes.try_iter() {
                ended += 1;
                match outcome {
                    Ok(()) => result.created += 1,
                    Err(failure) => {
                        if let Some(former) = result.last.replace(failure) {
                            former.forget();
                        }
                    }
                }
            }
            let warmth = self.core.warmth(idle);
            result.is_done = warmth.missing == 0 || result.created >= wanted;
            let is_over = !is_busy && ended == begun && warmth.orphans == 0;
            let is_late = deadline.is_some_and(|at| self.clock.now() >= at);
            if result.is_done || is_over || is_late {
                return result;
            }
            if ended == before {
                self.clock.park_until(deadline);
            }
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

/// Who called `prewarm`, and is to be told of each of its creates.
#[derive(Clone, Debug)]
pub(super) struct Report {
    sender: Sender<Result<(), Failure>>,
    thread: Thread,
}

impl Report {
    pub(super) fn send(&self, outcome: Result<(), Failure>) {
        // Whoever has run out of time does not listen any more.
        if let Err(SendError(outcome)) = self.sender.send(outcome) {
            outcome.unwrap_or_else(Failure::forget);
        }
        self.thread.unpark();
    }
}
