//! Leases that are held for too long, and are told to the observer.

use core::mem;
use core::time::Duration;
use std::collections::BTreeMap;
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
}

impl Holding {
    pub(super) fn new(limit: Duration) -> Self {
        Self { limit, since: Mutex::new(BTreeMap::new()) }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, Instant>> {
        self.since.lock().unwrap_or_else(PoisonError::into_inner)
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
        if !overdue.is_empty() {
            let home = self.clone();
            let tell = move || {
                for (id, since) in overdue {
                    let held = now.saturating_duration_since(since);
                    home.tell(&Event::HeldTooLong { id, held });
                }
            };
            // Without a thread nobody is warned.
            drop(thread::Builder::new().name("poolable-observe".to_owned()).spawn(tell));
        }
        next
    }
}
