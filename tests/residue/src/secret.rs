//! What secrets are kept in, and the switch that turns their wipe off.

use core::sync::atomic::{AtomicBool, Ordering};

use poolable::{Poolable, Reset, Wipe};

/// How a secret of some type comes to be.
pub(crate) trait Fill: 'static {
    type Secret: Reset + Wipe + Send + Sync + 'static;

    /// Fills a blank one.
    fn fill(secret: &mut Self::Secret);
}

/// A type of secrets, with a pooled type that holds one.
pub(crate) trait Row: Fill + Sized {
    const NAME: &'static str;
    /// Whether every way is tried with it, where pools keep something.
    const MOST: bool = false;
    /// Whether every way is tried with it, and not only some.
    const ALL: bool = cfg!(feature = "full") || Self::MOST && !cfg!(poolable_passthrough);
    /// Whether its inline bytes hold nothing secret, so that it may be moved.
    const HEAP: bool = false;
    /// Whether it wipes itself, so that a pooled type need not mark it.
    const KNOWS: bool = false;
    /// Marks the secret with `zeroize`, and is not generic.
    type Spelled: Hold + Send;
    /// Itself, or for a type that wipes itself, one like it that does not: for the control.
    type Twin: Fill;
}

/// An object with a secret.
pub(crate) trait Hold: Poolable<Static = Self> + 'static {
    fn fill(&mut self);
}

/// Whether this process is a control, in which no secret is wiped.
static IS_CONTROL: AtomicBool = AtomicBool::new(false);

pub(crate) fn become_control() {
    IS_CONTROL.store(true, Ordering::Relaxed);
}

pub(crate) fn is_control() -> bool {
    IS_CONTROL.load(Ordering::Relaxed)
}

/// What the generic pooled types hold.
pub(crate) trait Secret: Reset + Send + 'static {
    fn fill(&mut self);
}

/// The secret of a row, which a control neither wipes nor resets.
pub(crate) struct Switched<R: Fill>(R::Secret);

impl<R: Fill> Secret for Switched<R> {
    fn fill(&mut self) {
        R::fill(&mut self.0);
    }
}

impl<R: Fill> Reset for Switched<R> {
    fn blank() -> Self {
        Self(R::Secret::blank())
    }

    fn reset(&mut self) {
        if !is_control() {
            self.0.reset();
        }
    }

    fn retained_bytes(&mut self) -> usize {
        self.0.retained_bytes()
    }
}

impl<R: Fill> Wipe for Switched<R> {
    fn wipe(&mut self) {
        if !is_control() {
            self.0.wipe();
        }
    }
}
