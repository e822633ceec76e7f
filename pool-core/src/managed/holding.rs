//! Leases that are held for too long, and are told to the observer.

use core::mem;
use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use super::home::Home;
use super::observer::Event;

/// The leases that are out, and since when: only of pools that want to know.
#[derive(Debug)]
pub(crate) struct Holding {
    limit: Duration,
    since: Mutex<BTreeMap<u64, Instant>>,
    warnings: Mutex<Warnings>,
}

/// What the observer is still to be told of.
#[derive(Debug, Default)]
struct Warnings {
    overdue: VecDeque<(u64, Duration)>,
    /// Whether there is a thread that tells it.
    has_thread: bool,
}

impl Holding {
    pub(super) fn new(limit: Duration) -> Self {
        Self { limit, since: Mutex::default(), warnings: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, Instant>> {
        self.since.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn warnings(&self) -> MutexGuard<'_, Warnings> {
        self.warnings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds to what is to be told; whether that needs a thread, which is noted already.
    fn needs_thread(&self, overdue: impl Iterator<Item = (u64, Duration)>) -> bool {
        let mut warnings = self.warnings();
        warnings.overdue.extend(overdue);
        !warnings.overdue.is_empty() && !mem::replace(&mut warnings.has_thread, true)
    }

    /// What is to be told next. If that is nothing, there is no thread any more.
    fn next_warning(&self) -> Option<(u64, Duration)> {
        let mut warnings = self.warnings();
        let next = warnings.overdue.pop_front();
        warnings.has_thread = next.is_some();
        next
    }

    /// Those that are overdue, each once, and since when; and when the next one will be.
    fn overdue(&self, now: Instant) -> (BTreeMap<u64, Instant>, Option<Instant>) {
        let is_overdue = |since: &Instant| now.saturating_duration_since(*since) >= self.limit;
        let mut held = self.lock();
        let (overdue, others) =
            mem::take(&mut *held).into_iter().partition(|(_, since)| is_overdue(since));
        *held = others;
        let next = held.values().min().and_then(|since| since.checked_add(self.limit));
        (overdue, next)
    }
}

impl<R: Send + 'static> Home<R> {
    /// Notes that an object is out.
    #[cold]
    pub(super) fn hold(self: &Arc<Self>, holding: &Holding, id: u64) {
        let now = self.clock.now();
        holding.lock().insert(id, now);
        if let Some(at) = now.checked_add(holding.limit) {
            self.arm_at(at);
        }
    }

    /// Notes that it is not any more.
    #[cold]
    pub(super) fn let_go(holding: &Holding, id: u64) {
        holding.lock().remove(&id);
    }

    /// Has the observer told of what is held for too long, by a thread apart; when to look
    /// again.
    pub(super) fn warn(self: &Arc<Self>, now: Instant) -> Option<Instant> {
        let holding = self.holding.as_ref()?;
        let (overdue, next) = holding.overdue(now);
        let overdue = overdue.into_iter();
        let overdue = overdue.map(|(id, since)| (id, now.saturating_duration_since(since)));
        if holding.needs_thread(overdue) {
            let home = self.clone();
            let thread = thread::Builder::new().name("poolable-warn".to_owned());
            if thread.spawn(move || home.tell_overdue()).is_err() {
                // The next look tries again.
                holding.warnings().has_thread = false;
            }
        }
        next
    }

    fn tell_overdue(&self) {
        let Some(holding) = &self.holding else { return };
        while let Some((id, held)) = holding.next_warning() {
            self.tell(&Event::HeldTooLong { id, held });
        }
    }
}
