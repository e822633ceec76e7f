//! A pool with its hooks, and what all that is done with it rests on: what is done for getters is
//! in `get`, `admission` and `creation`, what is done with what comes back in `release` and
//! `disposal`, as time goes by in `tending`, and on demand in `control`.
//!
//! # Invariants
//!
//! 1. Hooks, observers, wakers and drops run with no lock held; their panics leave the counts
//!    right.
//! 2. The place of an object is free before the object is destroyed, so that a slow `destroy`
//!    keeps nobody waiting. What the keeper finds unfit is destroyed on a thread apart; what a
//!    getter does, likewise, but by the getter itself where no `destroy` may block.

use core::fmt;
use core::hash::BuildHasher;
use core::panic::{RefUnwindSafe, UnwindSafe};
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use core::time::Duration;
use std::hash::RandomState;
use std::sync::{Arc, Mutex, PoisonError};

use super::alarms::Alarms;
use super::clock::Clock;
use super::core::Core;
use super::creation::Jobs;
use super::disposal::Disposal;
use super::entry::{Entry, Meta};
use super::holding::Holding;
use super::hooks::Hooks;
use super::keeper::Timer;
use super::lease::Lease;
use super::listing::{Identity, Listing};
use super::observer::{Event, Observer};
use super::retry::Retry;
use super::runner::Runner;
use super::state::{Bounds, Due};
use super::stats::Stats;
use super::timeouts::Timeouts;
use crate::events;
use crate::raw_pool::{caught, forget_panic};

type After<R> = super::after::After<Box<Entry<R>>>;

/// A wait that is told as a long one, unless its getter has less time: then half of that.
const LONG: Duration = Duration::from_secs(1);

/// What a pool was told when it was built.
#[derive(Debug)]
pub(crate) struct Rules {
    /// How long idle until a check, if there is one.
    pub(crate) check_after: Option<Duration>,
    pub(crate) max_lifetime: Option<Duration>,
    /// The share of its lifetime that an object may lose at birth.
    pub(crate) jitter: f64,
    pub(crate) idle_timeout: Option<Duration>,
    /// Whether nothing is handed out that was idle for too long.
    pub(crate) is_strict: bool,
    pub(crate) min_idle: usize,
    /// Whether an object is created though the maximum is open.
    pub(crate) creates_beyond: bool,
    pub(crate) timeouts: Timeouts,
    pub(crate) retry: Retry,
    pub(crate) hold_warn_after: Option<Duration>,
}

impl Rules {
    /// How late the idle objects may be looked at, so that many go in one go.
    fn slack(&self) -> Duration {
        let shortest = match (self.idle_timeout, self.max_lifetime) {
            (Some(idle), Some(lifetime)) => idle.min(lifetime),
            (one, other) => one.or(other).unwrap_or_default(),
        };
        (shortest / 8).min(Duration::from_secs(1))
    }

    /// Whether objects are looked at when they are handed out.
    fn is_checked(&self) -> bool {
        self.check_after.is_some() || self.max_lifetime.is_some() || self.is_strict
    }
}

pub(crate) struct Home<R: Send + 'static> {
    pub(super) identity: Identity,
    pub(super) listing: Listing,
    pub(super) core: Core<Box<Entry<R>>>,
    /// Whether objects are looked at when they are handed out.
    pub(super) is_checked: bool,
    /// How long until an object that is idle is looked at.
    idle_slack: Option<Duration>,
    pub(super) rules: Rules,
    pub(super) runner: Runner,
    pub(super) clock: Clock,
    pub(super) hooks: Box<dyn Hooks<R>>,
    pub(super) disposal: Disposal<R>,
    observer: Option<Observer>,
    last_id: AtomicU64,
    last_error: Mutex<Option<Arc<str>>>,
    /// The leases that are out, if somebody wants to know of those that are held for long.
    pub(super) holding: Option<Holding>,
    /// Set while there is something to look at later.
    pub(super) timer: Mutex<Option<Timer>>,
    /// Whether `timer` is set: so that getters need not lock it.
    pub(super) has_timer: AtomicBool,
    /// Whether somebody creates what is missing to `min_idle`.
    pub(super) is_replenishing: AtomicBool,
    /// Whether a create that nobody waited for has failed, and the next one is put off.
    pub(super) is_resting: AtomicBool,
    pub(super) jobs: Jobs<R>,
    pub(super) alarms: Alarms,
}

// As for `Handle`, for the sake of leases.
impl<R: Send + 'static> UnwindSafe for Home<R> {}
impl<R: Send + 'static> RefUnwindSafe for Home<R> {}

impl<R: Send + 'static> fmt::Debug for Home<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Home").field("rules", &self.rules).finish_non_exhaustive()
    }
}

impl<R: Send + 'static> Home<R> {
    pub(super) fn new(
        identity: Identity,
        bounds: Bounds,
        rules: Rules,
        runner: Runner,
        clock: Clock,
        hooks: Box<dyn Hooks<R>>,
        observer: Option<Observer>,
    ) -> Arc<Self> {
        let holding = rules.hold_warn_after.map(Holding::new);
        let home = Arc::new(Self {
            identity,
            listing: Listing::new(),
            core: Core::new(bounds),
            is_checked: rules.is_checked(),
            idle_slack: rules.idle_timeout.map(|limit| limit.saturating_add(rules.slack())),
            rules,
            runner,
            clock,
            hooks,
            disposal: Disposal::new(),
            observer,
            last_id: AtomicU64::new(0),
            last_error: Mutex::new(None),
            holding,
            timer: Mutex::new(None),
            has_timer: AtomicBool::new(false),
            is_replenishing: AtomicBool::new(false),
            is_resting: AtomicBool::new(false),
            jobs: Jobs::new(),
            alarms: Alarms::default(),
        });
        home.list();
        home
    }

    /// Whether creates run apart from the getters that they are for.
    #[inline]
    pub(super) fn is_apart(&self) -> bool {
        self.runner.is_apart()
    }

    /// Hands out an object.
    #[inline]
    pub(super) fn lease(self: &Arc<Self>, entry: Box<Entry<R>>) -> Lease<R> {
        if let Some(holding) = &self.holding {
            self.hold(holding, entry.meta.id);
        }
        Lease::new(self.clone(), entry)
    }

    /// Notes that a lease has ended.
    #[inline]
    pub(super) fn unlease(&self, entry: &Entry<R>) {
        if let Some(holding) = &self.holding {
            Self::let_go(holding, entry.meta.id);
        }
    }

    /// Does what a change of the core leaves to do.
    pub(super) fn follow(self: &Arc<Self>, mut after: After<R>) {
        after.wake();
        for create in core::mem::take(&mut after.left) {
            self.forget_create(create);
        }
        if after.is_armed {
            self.set_timer();
        }
        if after.is_short {
            self.replenish();
        }
        if let Some((entry, reason)) = after.refused {
            self.destroy(entry, reason);
        }
    }

    /// Gives an object that was created what the pool wants to know of it.
    pub(super) fn entry(&self, value: R) -> Box<Entry<R>> {
        // Relaxed: the numbers need to differ, and nothing else.
        let id = self.last_id.fetch_add(1, Ordering::Relaxed) + 1;
        let created_at = self.clock.now();
        let expires_at = self.rules.max_lifetime.and_then(|lifetime| {
            // A number that std has seeded at random, for want of a better source.
            let random = RandomState::new().hash_one(id) as f64 / u64::MAX as f64;
            let lost = lifetime.as_secs_f64() * self.rules.jitter * random;
            let lost = Duration::try_from_secs_f64(lost).unwrap_or(lifetime);
            created_at.checked_add(lifetime.saturating_sub(lost))
        });
        let swept_at = expires_at.and_then(|at| at.checked_add(self.rules.slack()));
        let meta = Meta { id, created_at, last_used: created_at, uses: 0 };
        Box::new(Entry::new(value, meta, expires_at, swept_at))
    }

    /// When an object that becomes idle is to be looked at.
    #[inline]
    pub(super) fn due(&self, entry: &Entry<R>) -> Due {
        Due { end: entry.swept_at, since: entry.meta.last_used, idle: self.idle_slack }
    }

    pub(super) fn note_error(&self, error: &dyn core::error::Error) {
        // Formatting is the error's own code, and may panic.
        let text = match caught(|| describe(error)) {
            Ok(text) => Some(text),
            Err(panic) => {
                forget_panic(Err::<(), _>(panic));
                None
            }
        };
        let former = core::mem::replace(
            &mut *self.last_error.lock().unwrap_or_else(PoisonError::into_inner),
            text,
        );
        drop(former);
    }

    pub(super) fn forget_error(&self) {
        *self.last_error.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    pub(super) fn last_error(&self) -> Option<Arc<str>> {
        self.last_error.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether it matters to anybody how long getters wait.
    pub(super) fn has_observer(&self) -> bool {
        self.observer.is_some() || events::are_waits_heard()
    }

    /// Tells the observer, whose panics end here, and those who listen to all pools.
    pub(super) fn tell(&self, event: &Event<'_>) {
        self.tell_all(event, false);
    }

    /// Tells how long a getter had to wait who would have waited until its deadline.
    pub(super) fn tell_waited(&self, waited: Duration, patience: Option<Duration>) {
        let long = patience.map_or(LONG, |patience| LONG.min(patience / 2));
        self.tell_all(&Event::Waited { waited }, waited >= long);
    }

    fn tell_all(&self, event: &Event<'_>, is_long: bool) {
        if let Some(observer) = &self.observer {
            forget_panic(caught(|| observer.see(event)));
        }
        events::managed(&self.identity.name, event, is_long);
    }

    pub(super) fn stats(&self) -> Stats {
        self.core.stats()
    }

    pub(super) fn idle(&self) -> usize {
        usize::try_from(self.stats().idle).unwrap_or(usize::MAX)
    }

    pub(super) fn open(&self) -> usize {
        usize::try_from(self.stats().open).unwrap_or(usize::MAX)
    }
}

impl<R: Send + 'static> Drop for Home<R> {
    fn drop(&mut self) {
        events::managed_gone(&self.identity.name, || self.stats());
    }
}

/// What an error and its sources say, in one line.
fn describe(error: &dyn core::error::Error) -> Arc<str> {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let next = error.to_string();
        // Many errors show their source themselves.
        if !text.contains(&next) {
            text.push_str(": ");
            text.push_str(&next);
        }
        source = error.source();
    }
    text.into()
}
