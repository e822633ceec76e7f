//! Where the threads of a contest wait for each other.
//!
//! # Invariants
//!
//! 1. All threads pass a gate together, or none does: whoever cannot come breaks it.
//! 2. No user code runs while the gate is locked.
//!
//! # Rejected
//!
//! `std::sync::Barrier`: a thread that panics in the user's code would leave the others waiting.

use std::sync::Condvar;
use std::thread;
use std::time::Instant;

use crate::sync::Mutex;

#[derive(Debug)]
pub(super) struct Gate {
    state: Mutex<State>,
    opened: Condvar,
    threads: usize,
    /// When no further round begins.
    deadline: Instant,
}

#[derive(Debug, Default)]
struct State {
    waiting: usize,
    /// How often the gate has been opened.
    openings: usize,
    /// Whether the last to come found the time over.
    is_late: bool,
    is_broken: bool,
}

/// What the threads find behind a gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Passed {
    InTime,
    /// After the deadline, by the clock of the last of them: all see the same.
    Late,
    /// Somebody does not come any more.
    Broken,
}

impl Gate {
    pub(super) fn new(threads: usize, deadline: Instant) -> Self {
        Self { state: Mutex::new(State::default()), opened: Condvar::new(), threads, deadline }
    }

    /// Waits until all threads are here.
    pub(super) fn pass(&self) -> Passed {
        let mut state = self.state.lock();
        let opening = state.openings;
        state.waiting += 1;
        if state.waiting == self.threads {
            state.waiting = 0;
            state.openings += 1;
            state.is_late = Instant::now() >= self.deadline;
            self.opened.notify_all();
        }
        while state.openings == opening && !state.is_broken {
            state = self.opened.wait(state).unwrap_or_else(std::sync::PoisonError::into_inner);
        }
        match *state {
            State { is_broken: true, .. } => Passed::Broken,
            State { is_late: true, .. } => Passed::Late,
            State { .. } => Passed::InTime,
        }
    }

    /// Lets everybody go, now and from now on.
    pub(super) fn break_down(&self) {
        self.state.lock().is_broken = true;
        self.opened.notify_all();
    }

    /// Breaks the gate if the thread panics before this is dropped.
    pub(super) fn visit(&self) -> Visit<'_> {
        Visit(self)
    }
}

#[derive(Debug)]
pub(super) struct Visit<'a>(&'a Gate);

impl Drop for Visit<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.break_down();
        }
    }
}

#[cfg(test)]
mod tests {
    use core::sync::atomic::{AtomicUsize, Ordering};
    use core::time::Duration;

    use super::*;

    fn far() -> Instant {
        Instant::now() + Duration::from_secs(3600)
    }

    #[test]
    fn nobody_passes_before_the_last_has_come() {
        let gate = Gate::new(3, far());
        let came = AtomicUsize::new(0);
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    for round in 1..=100 {
                        came.fetch_add(1, Ordering::SeqCst);
                        assert_eq!(gate.pass(), Passed::InTime);
                        assert!(came.load(Ordering::SeqCst) >= 3 * round);
                        assert_eq!(gate.pass(), Passed::InTime);
                    }
                });
            }
        });
        assert_eq!(came.into_inner(), 300);
    }

    #[test]
    fn a_thread_that_panics_lets_the_others_go() {
        let gate = Gate::new(2, far());
        thread::scope(|scope| {
            let waiter = scope.spawn(|| gate.pass());
            let outcome = scope.spawn(|| {
                let _visit = gate.visit();
                std::panic::resume_unwind(Box::new("on purpose"))
            });
            assert!(outcome.join().is_err());
            assert_eq!(waiter.join().unwrap(), Passed::Broken);
        });
        assert_eq!(gate.pass(), Passed::Broken);
    }

    #[test]
    fn all_learn_that_the_time_is_over() {
        let gate = Gate::new(2, Instant::now());
        thread::scope(|scope| {
            let other = scope.spawn(|| gate.pass());
            assert_eq!(gate.pass(), Passed::Late);
            assert_eq!(other.join().unwrap(), Passed::Late);
        });
    }
}
