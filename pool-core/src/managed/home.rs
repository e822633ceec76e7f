//! A pool with its hooks: what is done for getters and with what comes back.
//!
//! # Invariants
//!
//! 1. Hooks, observers, wakers and drops run with no lock held; their panics leave the counts
//!    right.
//! 2. The place of an object is free before the object is destroyed, so that a slow `destroy`
//!    keeps nobody waiting. What a getter of resources, or the keeper, finds unfit is
//!    destroyed on a thread apart.

use core::fmt;
use core::hash::BuildHasher;
use core::panic::{RefUnwindSafe, UnwindSafe};
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use core::task::Waker;
use core::time::Duration;
use std::hash::RandomState;
use std::panic::resume_unwind;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use super::clock::Clock;
use super::core::{Core, End};
use super::creation::Pauses;
use super::disposal::Disposal;
use super::entry::{Entry, Meta};
use super::error::DrainError;
use super::holding::Holding;
use super::hooks::{BoxError, Fate, Hooks};
use super::keeper::Timer;
use super::lease::Lease;
use super::observer::{Event, Observer};
use super::reason::Reason;
use super::retry::Retry;
use super::state::{Bounds, Due};
use super::stats::Stats;
use super::timeouts::Timeouts;
use super::wait::thread_waker;
use crate::raw_pool::{caught, forget_panic};

type After<R> = super::after::After<Box<Entry<R>>>;
type Panic = Box<dyn core::any::Any + Send>;

/// What a pool was told when it was built.
#[derive(Debug)]
pub(crate) struct Rules {
    /// Whether objects are created and destroyed by threads apart: those that take their time.
    pub(crate) is_apart: bool,
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
    pub(super) core: Core<Box<Entry<R>>>,
    /// Whether objects are looked at when they are handed out.
    pub(super) is_checked: bool,
    /// How long until an object that is idle is looked at.
    idle_slack: Option<Duration>,
    pub(super) rules: Rules,
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
    /// Whether a create that nobody waited for has failed, and the next one is put off.
    pub(super) is_resting: AtomicBool,
    /// Threads that pause between two creates.
    pub(super) pauses: Pauses,
}

// As for `Handle`, for the sake of leases.
impl<R: Send + 'static> UnwindSafe for Home<R> {}
impl<R: Send + 'static> RefUnwindSafe for Home<R> {}

impl<R: Send + 'static> fmt::Debug for Home<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Home").field("rules", &self.rules).finish_non_exhaustive()
    }
}

/// A thread that looks at the pool whenever something comes free, as long as this lives.
pub(crate) struct Watch<'a, R> {
    core: &'a Core<Box<Entry<R>>>,
    id: u64,
    waker: Waker,
}

impl<R> Watch<'_, R> {
    /// Call this before each look, so that nothing comes free in between.
    pub(super) fn again(&self) {
        self.core.watch(self.id, &self.waker);
    }
}

impl<R> Drop for Watch<'_, R> {
    fn drop(&mut self) {
        self.core.unwatch(self.id);
    }
}

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
    pub(super) fn new(
        bounds: Bounds,
        rules: Rules,
        clock: Clock,
        hooks: Box<dyn Hooks<R>>,
        observer: Option<Observer>,
    ) -> Arc<Self> {
        let holding = rules.hold_warn_after.map(Holding::new);
        Arc::new(Self {
            core: Core::new(bounds),
            is_checked: rules.is_checked(),
            idle_slack: rules.idle_timeout.map(|limit| limit.saturating_add(rules.slack())),
            rules,
            clock,
            hooks,
            disposal: Disposal::new(),
            observer,
            last_id: AtomicU64::new(0),
            last_error: Mutex::new(None),
            holding,
            timer: Mutex::new(None),
            is_resting: AtomicBool::new(false),
            pauses: Pauses::default(),
        })
    }

    /// Hands out an object if it is fit. `is_fresh` is one that has just been created.
    #[inline]
    pub(super) fn admit(
        self: &Arc<Self>,
        mut entry: Box<Entry<R>>,
        is_fresh: bool,
    ) -> Result<Lease<R>, Unfit<R>> {
        entry.meta.uses += 1;
        // A limit that is held strictly needs a clock that does not lag.
        let now = if self.rules.is_strict { self.clock.now() } else { self.clock.recent() };
        if let Err((reason, panic)) = self.examine(&mut entry, now, is_fresh) {
            return Err(Unfit { entry, reason, began: now, panic });
        }
        self.core.lent();
        Ok(self.lease(entry))
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
    fn unlease(&self, entry: &Entry<R>) {
        if let Some(holding) = &self.holding {
            Self::let_go(holding, entry.meta.id);
        }
    }

    #[inline]
    fn examine(
        &self,
        entry: &mut Entry<R>,
        now: Instant,
        is_fresh: bool,
    ) -> Result<(), (Reason, Option<Panic>)> {
        let rules = &self.rules;
        if entry.expires_at.is_some_and(|at| at <= now) {
            return Err((Reason::Expired, None));
        }
        let is_idle_for = |limit: Option<Duration>| {
            // Most checks are always, which takes no reckoning.
            limit.is_some_and(|limit| {
                limit.is_zero() || now.saturating_duration_since(entry.meta.last_used) >= limit
            })
        };
        if rules.is_strict && is_idle_for(rules.idle_timeout) {
            return Err((Reason::Idle, None));
        }
        if is_fresh || !is_idle_for(rules.check_after) {
            return Ok(());
        }
        self.check(entry)
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
    fn check_failed(&self, id: u64, error: BoxError) {
        self.note_error(&*error);
        self.tell(&Event::CheckFailed { id, error: &*error });
        // Its drop is the user's own code, and an object hangs on what follows.
        forget_panic(caught(|| drop(error)));
    }

    /// Takes back what a borrower returns.
    #[inline]
    pub(super) fn take_back(self: &Arc<Self>, entry: Box<Entry<R>>) {
        self.unlease(&entry);
        let mut torn = Torn { home: self, entry: Some(entry) };
        let fate = if thread::panicking() { torn.release_caught() } else { torn.release() };
        let Some(mut entry) = torn.entry.take() else { return };
        if fate != Fate::Keep {
            return self.refuse(entry);
        }
        let now = self.clock.recent();
        entry.meta.last_used = now;
        if entry.expires_at.is_some_and(|at| at <= now) {
            return self.end(entry, End::Returned(Reason::Expired), Reason::Expired);
        }
        let due = self.due(&entry);
        if let Some(after) = self.core.give(entry, due) {
            self.follow(after);
        }
    }

    /// Destroys an object that its hook does not want back.
    #[cold]
    fn refuse(self: &Arc<Self>, entry: Box<Entry<R>>) {
        let reason = if thread::panicking() { Reason::Panicked } else { Reason::Released };
        self.end(entry, End::Returned(reason), reason);
    }

    /// Destroys an object that its borrower does not want to return.
    pub(super) fn discard(self: &Arc<Self>, entry: Box<Entry<R>>) {
        self.unlease(&entry);
        self.end(entry, End::Returned(Reason::Released), Reason::Released);
    }

    /// Counts an object that its borrower keeps.
    pub(super) fn detached(self: &Arc<Self>, entry: &Entry<R>) {
        self.unlease(entry);
        let after = self.core.end(End::Detached);
        self.follow(after);
    }

    /// Frees the place of an object, and destroys it.
    #[cold]
    pub(super) fn end(self: &Arc<Self>, entry: Box<Entry<R>>, end: End, reason: Reason) {
        let after = self.core.end(end);
        self.follow(after);
        self.destroy(entry, reason);
    }

    /// Does what a change of the core leaves to do.
    pub(super) fn follow(self: &Arc<Self>, mut after: After<R>) {
        after.wake();
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

    /// Destroys an object whose place is free already.
    ///
    /// A panic of the hook goes on in the caller, unless its thread panics already.
    #[cold]
    pub(super) fn destroy(&self, entry: Box<Entry<R>>, reason: Reason) {
        if let Err(panic) = self.destroy_caught(entry, reason) {
            go_on(panic);
        }
    }

    pub(super) fn destroy_caught(
        &self,
        mut entry: Box<Entry<R>>,
        reason: Reason,
    ) -> thread::Result<()> {
        let id = entry.meta.id;
        let destroyed = caught(|| self.hooks.destroy(entry.place(), reason));
        let dropped = caught(|| drop(entry));
        self.tell(&Event::Destroyed { id, reason });
        self.core.ended().wake();
        match destroyed {
            Ok(()) => dropped,
            Err(panic) => {
                forget_panic(dropped);
                Err(panic)
            }
        }
    }

    /// Destroys all of them, even if one panics: the first panic goes on.
    pub(super) fn destroy_all(&self, entries: impl IntoIterator<Item = (Box<Entry<R>>, Reason)>) {
        let mut first = Ok(());
        for (entry, reason) in entries {
            let outcome = self.destroy_caught(entry, reason);
            if first.is_ok() {
                first = outcome;
            } else {
                forget_panic(outcome);
            }
        }
        if let Err(panic) = first {
            go_on(panic);
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

    pub(super) fn has_observer(&self) -> bool {
        self.observer.is_some()
    }

    /// Tells the observer, whose panics end here.
    pub(super) fn tell(&self, event: &Event<'_>) {
        if let Some(observer) = &self.observer {
            forget_panic(caught(|| observer.see(event)));
        }
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

    pub(super) fn resize(self: &Arc<Self>, max_open: Option<usize>) {
        let (surplus, after) = self.core.resize(max_open.unwrap_or(usize::MAX));
        self.follow(after);
        self.destroy_all(surplus.into_iter().map(|entry| (entry, Reason::Resized)));
    }

    pub(super) fn close(self: &Arc<Self>) {
        let (idle, after) = self.core.close();
        self.follow(after);
        // Whoever drains the pool wants to know of leases that are held for long.
        if let Some(at) = self.warn(self.clock.now()) {
            self.core.arm(at);
        }
        self.set_timer();
        self.end_pauses();
        let idle = idle.into_iter().map(|entry| (entry, Reason::Closed));
        // And those that once found no thread to destroy them, and would wait for the timer.
        self.destroy_all(idle.chain(self.disposal.abandoned()));
    }

    /// Closes the pool, and waits until nothing is out, being created or being destroyed.
    pub(super) fn drain(self: &Arc<Self>, deadline: Instant) -> Result<(), DrainError> {
        let closed = caught(|| self.close());
        let watch = self.watch();
        let drained = loop {
            watch.again();
            let [out, creating, ending] = self.core.unfinished();
            if out + creating + ending == 0 {
                break Ok(());
            }
            if self.clock.now() >= deadline {
                break Err(DrainError { in_use: out, creating, ending });
            }
            self.clock.park_until(Some(deadline));
        };
        if let Err(panic) = closed {
            resume_unwind(panic);
        }
        drained
    }

    /// Has this thread unparked when something comes free.
    pub(super) fn watch(&self) -> Watch<'_, R> {
        Watch { core: &self.core, id: self.core.watcher(), waker: thread_waker() }
    }

    /// Removes the idle objects that `keep` refuses, one at a time, so that the others can be
    /// had meanwhile. How many that were.
    pub(super) fn retain(self: &Arc<Self>, mut keep: impl FnMut(&mut R, &Meta) -> bool) -> usize {
        let mut removed = 0;
        let mut next = 0;
        for id in self.core.map_idle(|entry| entry.meta.id) {
            let taken = self.core.take_idle(next, |entry| entry.meta.id == id);
            let Some((mut entry, index)) = taken else { continue };
            next = index;
            let (value, meta) = entry.parts();
            match caught(|| keep(value, meta)) {
                Ok(true) => {
                    next += 1;
                    let last_used = entry.meta.last_used;
                    let due = self.due(&entry);
                    let after =
                        self.core.put_back(entry, due, |other| other.meta.last_used <= last_used);
                    self.follow(after);
                }
                Ok(false) => {
                    removed += 1;
                    self.end(entry, End::Withheld(Reason::Released), Reason::Released);
                }
                Err(panic) => {
                    let end = End::Withheld(Reason::Panicked);
                    forget_panic(caught(|| self.end(entry, end, Reason::Panicked)));
                    resume_unwind(panic);
                }
            }
        }
        removed
    }
}

/// An object whose hook is asked whether it may be kept. If that panics, it is destroyed.
struct Torn<'a, R: Send + 'static> {
    home: &'a Arc<Home<R>>,
    entry: Option<Box<Entry<R>>>,
}

impl<R: Send + 'static> Torn<'_, R> {
    #[inline]
    fn release(&mut self) -> Fate {
        let Some(entry) = &mut self.entry else { return Fate::Discard };
        let (value, meta) = entry.parts();
        self.home.hooks.release(value, meta)
    }

    /// A second panic would end the process: it is kept from going on.
    #[cold]
    fn release_caught(&mut self) -> Fate {
        caught(|| self.release()).unwrap_or_else(|panic| {
            forget_panic(Err::<(), _>(panic));
            Fate::Discard
        })
    }
}

impl<R: Send + 'static> Drop for Torn<'_, R> {
    #[inline]
    fn drop(&mut self) {
        if let Some(entry) = self.entry.take() {
            self.home.end(entry, End::Returned(Reason::Panicked), Reason::Panicked);
        }
    }
}

/// Has a contained panic go on, unless this thread panics already: two would end the process.
pub(crate) fn go_on(panic: Panic) {
    if thread::panicking() {
        forget_panic(Err::<(), _>(panic));
    } else {
        resume_unwind(panic);
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
