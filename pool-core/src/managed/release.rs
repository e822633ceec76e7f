//! What becomes of objects when their borrowers are done with them.

use std::sync::Arc;
use std::thread;

use super::core::End;
use super::entry::Entry;
use super::home::Home;
use super::hooks::Fate;
use super::reason::Reason;
use crate::raw_pool::{caught, forget_panic};

impl<R: Send + 'static> Home<R> {
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
