//! Which objects are handed out: those that are not too old, and pass their check.

use core::any::Any;
use core::time::Duration;
use std::sync::Arc;
use std::time::Instant;

use super::entry::Entry;
use super::home::Home;
use super::hooks::BoxError;
use super::lease::Lease;
use super::observer::Event;
use super::reason::Reason;
use crate::raw_pool::{caught, forget_panic};

pub(super) type Panic = Box<dyn Any + Send>;

/// An object that its getter cannot have.
pub(crate) struct Unfit<R> {
    pub(super) entry: Box<Entry<R>>,
    pub(super) reason: Reason,
    /// When its getter began to look at it, or a little before.
    pub(super) began: Instant,
    /// What its check left, if that panicked.
    pub(super) panic: Option<Panic>,
}

impl<R: Send + 'static> Home<R> {
    /// Hands out an object if it is fit. `is_fresh` is one that has just been created.
    #[inline]
    pub(super) fn admit(
        self: &Arc<Self>,
        mut entry: Box<Entry<R>>,
        is_fresh: bool,
    ) -> Result<Lease<R>, Unfit<R>> {
        entry.meta.uses += 1;
        if !self.is_checked {
            self.core.lent();
            return Ok(self.lease(entry));
        }
        let now = self.recent();
        if let Err((reason, panic)) = self.examine(&mut entry, now, is_fresh) {
            return Err(Unfit { entry, reason, began: now, panic });
        }
        self.core.lent();
        Ok(self.lease(entry))
    }

    #[inline]
    fn examine(
        &self,
        entry: &mut Entry<R>,
        now: Instant,
        is_fresh: bool,
    ) -> Result<(), (Reason, Option<Panic>)> {
        if let Some(reason) = self.unfit_by_age(entry, now) {
            return Err((reason, None));
        }
        if is_fresh || !self.is_check_due(entry, now) {
            return Ok(());
        }
        self.check(entry)
    }

    /// The time by which objects are judged: a limit that is held strictly needs a clock that does
    /// not lag.
    #[inline]
    pub(super) fn recent(&self) -> Instant {
        if self.rules.is_strict { self.clock.now() } else { self.clock.recent() }
    }

    /// Why an object is too old to be handed out, if it is.
    #[inline]
    pub(super) fn unfit_by_age(&self, entry: &Entry<R>, now: Instant) -> Option<Reason> {
        if entry.expires_at.is_some_and(|at| at <= now) {
            Some(Reason::Expired)
        } else if self.rules.is_strict && is_idle_for(entry, self.rules.idle_timeout, now) {
            Some(Reason::Idle)
        } else {
            None
        }
    }

    #[inline]
    pub(super) fn is_check_due(&self, entry: &Entry<R>, now: Instant) -> bool {
        is_idle_for(entry, self.rules.check_after, now)
    }

    fn check(&self, entry: &mut Entry<R>) -> Result<(), (Reason, Option<Panic>)> {
        let limit = self.rules.timeouts.check;
        let start = limit.map(|_| self.clock.now());
        let (value, meta) = entry.parts();
        let checked = caught(|| self.hooks.check(value, meta));
        let is_late = start.zip(limit).is_some_and(|(start, limit)| {
            self.clock.now().saturating_duration_since(start) > limit
        });
        match checked {
            Ok(Ok(())) if !is_late => Ok(()),
            Ok(Ok(())) => {
                self.check_failed(entry.meta.id, "the check took longer than its limit".into());
                Err((Reason::Broken, None))
            }
            Ok(Err(error)) => {
                self.check_failed(entry.meta.id, error);
                Err((Reason::Broken, None))
            }
            Err(panic) => {
                self.check_failed(entry.meta.id, "the check panicked".into());
                Err((Reason::Panicked, Some(panic)))
            }
        }
    }

    #[cold]
    pub(super) fn check_failed(&self, id: u64, error: BoxError) {
        self.note_error(&*error);
        self.tell(&Event::CheckFailed { id, error: &*error });
        // Its drop is the user's own code, and an object hangs on what follows.
        forget_panic(caught(|| drop(error)));
    }
}

#[inline]
fn is_idle_for<R>(entry: &Entry<R>, limit: Option<Duration>, now: Instant) -> bool {
    // Most checks are always, which takes no reckoning.
    limit.is_some_and(|limit| {
        limit.is_zero() || now.saturating_duration_since(entry.meta.last_used) >= limit
    })
}
