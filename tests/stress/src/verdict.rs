//! The first law that was broken, and where.
//!
//! Laws are checked in resets, drops and threads that end, where no panic could carry the
//! news: so they are written down here, and the player looks when it is back in charge.

use core::cell::Cell;
use core::fmt;
use core::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// A law that was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The step of the script, unless it was at the end.
    pub step: Option<usize>,
    /// What was seen.
    pub law: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.step {
            Some(step) => write!(f, "step {step}: {}", self.law),
            None => write!(f, "at the end: {}", self.law),
        }
    }
}

static FIRST: Mutex<Option<Violation>> = Mutex::new(None);
/// Whether there is one. Free running threads look here, which orders nothing.
static ANY: AtomicBool = AtomicBool::new(false);

thread_local! {
    static STEP: Cell<Option<usize>> = const { Cell::new(None) };
}

/// Says which step this thread takes from here on.
pub(crate) fn at_step(step: Option<usize>) {
    STEP.set(step);
}

/// Writes a broken law down, unless there is one already: what follows the first is
/// mostly its consequence.
pub fn broken(law: impl Into<String>) {
    let mut first = FIRST.lock().unwrap_or_else(PoisonError::into_inner);
    if first.is_none() {
        *first = Some(Violation { step: STEP.get(), law: law.into() });
        ANY.store(true, Ordering::Relaxed);
    }
}

/// Whether a law was broken.
pub(crate) fn is_broken() -> bool {
    ANY.load(Ordering::Relaxed)
}

/// Takes what was broken, and starts anew.
pub(crate) fn take() -> Option<Violation> {
    let mut first = FIRST.lock().unwrap_or_else(PoisonError::into_inner);
    ANY.store(false, Ordering::Relaxed);
    first.take()
}
