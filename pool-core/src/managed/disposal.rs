//! Objects that are destroyed by a thread apart, since their end may take its time.

use core::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::entry::Entry;
use super::home::Home;
use super::reason::Reason;
use crate::raw_pool::forget_panic;

type Dead<R> = Vec<(Box<Entry<R>>, Reason)>;

/// What is to be destroyed, and whether there is a thread that does.
#[derive(Debug)]
pub(crate) struct Disposal<R>(Mutex<Queue<R>>);

#[derive(Debug)]
struct Queue<R> {
    dead: Dead<R>,
    has_thread: bool,
}

impl<R> Disposal<R> {
    pub(super) const fn new() -> Self {
        Self(Mutex::new(Queue { dead: Vec::new(), has_thread: false }))
    }

    /// Adds to the queue; whether it needs a thread.
    fn push(&self, dead: Dead<R>) -> bool {
        let mut queue = self.lock();
        queue.dead.extend(dead);
        !queue.dead.is_empty() && !mem::replace(&mut queue.has_thread, true)
    }

    /// The thread that was promised does not come.
    fn has_no_thread(&self) {
        self.lock().has_thread = false;
    }

    fn lock(&self) -> MutexGuard<'_, Queue<R>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All that is to be destroyed. If that is nothing, there is no thread any more.
    fn take(&self) -> Dead<R> {
        let mut queue = self.lock();
        queue.has_thread = !queue.dead.is_empty();
        mem::take(&mut queue.dead)
    }
}

impl<R: Send + 'static> Home<R> {
    /// Destroys objects whose places are free already, and those that are left from before, by
    /// a thread apart. If the system has none to give, they are destroyed here, if that is
    /// allowed, or later: `false`.
    pub(super) fn dispose(self: &Arc<Self>, dead: Dead<R>, or_here: bool) -> bool {
        if !self.disposal.push(dead) {
            return true;
        }
        let home = self.clone();
        let thread = thread::Builder::new().name("poolable-destroy".to_owned());
        if thread.spawn(move || home.destroy_queued()).is_ok() {
            return true;
        }
        if or_here {
            self.destroy_queued();
        } else {
            self.disposal.has_no_thread();
        }
        or_here
    }

    fn destroy_queued(&self) {
        loop {
            let dead = self.disposal.take();
            if dead.is_empty() {
                return;
            }
            for (entry, reason) in dead {
                forget_panic(self.destroy_caught(entry, reason));
            }
        }
    }
}
