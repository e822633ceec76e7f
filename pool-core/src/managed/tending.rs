//! What is done as time goes by: with the idle objects, and with getters whose time is up.
//!
//! The timer is the keeper's, which runs nothing of a user's: what has come of age is destroyed,
//! and what is missing created, by threads apart.

use core::mem;
use core::sync::atomic::Ordering;
use core::task::Waker;
use core::time::Duration;
use std::sync::{Arc, PoisonError, Weak};
use std::task::Wake;
use std::thread;
use std::time::Instant;

use super::entry::Entry;
use super::home::Home;
use super::keeper::Timer;
use super::reason::Reason;

/// The shortest time between two looks at what is kept though it has been idle for too long.
const SELDOM: Duration = Duration::from_millis(10);

/// How long until another look if the system had no thread to give.
const AGAIN: Duration = Duration::from_secs(1);

impl<R: Send + 'static> Home<R> {
    /// Sets the timer to when the pool is to be looked at next.
    #[cold]
    pub(super) fn set_timer(self: &Arc<Self>) {
        loop {
            let (at, arming) = self.core.armed();
            let timer = at.map(|at| {
                let tender = Tender(Arc::downgrade(self));
                self.clock.wake_at(at, Waker::from(Arc::new(tender)))
            });
            let is_kept = timer.as_ref().is_none_or(Timer::is_kept);
            let mut place = self.timer.lock().unwrap_or_else(PoisonError::into_inner);
            let former = mem::replace(&mut *place, timer.filter(|_| is_kept));
            // Release: pairs with the Acquire in `is_tended`.
            self.has_timer.store(place.is_some(), Ordering::Release);
            drop(place);
            drop(former);
            if !is_kept {
                // The system has no thread to give. The next change tries again.
                self.alarms.disarm();
                if let Some(mut after) = self.core.disarm(arming) {
                    self.is_resting.store(false, Ordering::Relaxed);
                    return after.wake();
                }
            } else if self.core.armed().1 == arming {
                return;
            }
            // Somebody else has changed it, and may have set the timer before this did, to what
            // was true before; or it has fired.
        }
    }

    /// Whether getters are woken when their time is up.
    pub(super) fn is_tended(&self) -> bool {
        self.has_timer.load(Ordering::Acquire) && self.clock.keeps_time()
    }

    /// Has the pool looked at at the latest at that time.
    pub(super) fn arm_at(self: &Arc<Self>, at: Instant) {
        if self.core.arm(at) {
            self.set_timer();
        }
    }

    /// Removes what has come of age, creates what is missing, and wakes those who have waited for
    /// long enough. It is the keeper who calls.
    fn tend(self: &Arc<Self>) {
        let now = self.clock.now();
        let limit = self.rules.idle_timeout;
        let (old, mut after) = self.core.sweep(
            now,
            |entry, idle| {
                let meta = &entry.meta;
                if entry.expires_at.is_some_and(|at| at <= now) {
                    Some(Reason::Expired)
                } else if idle > self.rules.min_idle
                    && limit
                        .is_some_and(|limit| now.saturating_duration_since(meta.last_used) >= limit)
                {
                    Some(Reason::Idle)
                } else {
                    None
                }
            },
            |entry| self.due_after(entry, now),
        );
        after.wake();
        for create in mem::take(&mut after.left) {
            self.forget_create(create);
        }
        self.is_resting.store(false, Ordering::Relaxed);
        if after.is_short {
            self.replenish();
        }
        if !self.dispose(old, false) {
            if let Some(at) = now.checked_add(AGAIN) {
                self.core.arm(at);
            }
        }
        self.end_stale_creates(now);
        if let Some(at) = self.alarms.ring(now) {
            self.core.arm(at);
        }
        if let Some(at) = self.warn(now) {
            self.core.arm(at);
        }
        self.set_timer();
    }

    /// Ends creates that have taken too long while nobody waited for them: those that are futures.
    fn end_stale_creates(self: &Arc<Self>, now: Instant) {
        if !self.runner.is_async() {
            return;
        }
        let stale = self.core.stale_creates(now);
        if stale.is_empty() {
            return;
        }
        // A future's drop is the user's own code.
        let end = move |home: &Arc<Self>| {
            stale.iter().for_each(|id| {
                home.cancel_create(*id);
            })
        };
        if !self.apart(end) {
            if let Some(at) = now.checked_add(AGAIN) {
                self.core.arm(at);
            }
        }
    }

    /// When an object is to be looked at again that was left idle.
    fn due_after(&self, entry: &Entry<R>, now: Instant) -> Option<Instant> {
        let mut due = self.due(entry);
        let is_overdue = |idle| due.since.checked_add(idle).is_some_and(|at| at <= now);
        if due.idle.is_some_and(is_overdue) {
            // It is kept since there are no more than `min_idle`. That may change: and those that
            // become idle meanwhile rely on being looked at as soon as any other one.
            due.since = now;
            due.idle = due.idle.map(|idle| idle.max(SELDOM));
        }
        due.first()
    }
}

struct Tender<R: Send + 'static>(Weak<Home<R>>);

impl<R: Send + 'static> Wake for Tender<R> {
    fn wake(self: Arc<Self>) {
        let Some(home) = self.0.upgrade() else { return };
        home.tend();
        // The last to hold it drops the user's hooks.
        if let Some(home) = Arc::into_inner(home) {
            let thread = thread::Builder::new().name("poolable-drop".to_owned());
            drop(thread.spawn(move || drop(home)));
        }
    }
}
