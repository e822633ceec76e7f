//! How objects end: where they are given up, or on threads apart, since it may take its time.

use core::any::Any;
use core::mem;
use std::collections::VecDeque;
use std::panic::resume_unwind;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::entry::Entry;
use super::home::Home;
use super::observer::Event;
use super::reason::Reason;
use crate::raw_pool::{caught, forget_panic};

type Dead<R> = Vec<(Box<Entry<R>>, Reason)>;

/// The most threads that destroy objects of one pool at a time. What is left waits: its places
/// are free already.
const THREADS: usize = 4;

/// What is to be destroyed, and how many threads are at it.
#[derive(Debug)]
pub(crate) struct Disposal<R>(Mutex<Queue<R>>);

#[derive(Debug)]
struct Queue<R> {
    dead: VecDeque<(Box<Entry<R>>, Reason)>,
    threads: usize,
    /// Those of them that are destroying an object.
    busy: usize,
}

impl<R> Disposal<R> {
    pub(super) const fn new() -> Self {
        Self(Mutex::new(Queue { dead: VecDeque::new(), threads: 0, busy: 0 }))
    }

    fn push(&self, dead: Dead<R>) {
        self.lock().dead.extend(dead);
    }

    /// Whether another thread is to be started, which counts already: those that are at work may
    /// never end.
    fn needs_thread(&self) -> bool {
        let mut queue = self.lock();
        let needs_thread = queue.threads < THREADS && queue.threads - queue.busy < queue.dead.len();
        queue.threads += usize::from(needs_thread);
        needs_thread
    }

    /// The next to be destroyed, for a thread that has destroyed one or comes anew. If there is
    /// none, it is none of the threads any more.
    fn pop(&self, has_destroyed: bool) -> Option<(Box<Entry<R>>, Reason)> {
        let mut queue = self.lock();
        queue.busy -= usize::from(has_destroyed);
        let dead = queue.dead.pop_front();
        match dead {
            Some(_) => queue.busy += 1,
            None => queue.threads -= 1,
        }
        dead
    }

    /// The thread that was counted does not come.
    fn has_no_thread(&self) {
        self.lock().threads -= 1;
    }

    /// What no thread will destroy.
    pub(super) fn abandoned(&self) -> VecDeque<(Box<Entry<R>>, Reason)> {
        let mut queue = self.lock();
        if queue.threads == 0 { mem::take(&mut queue.dead) } else { VecDeque::new() }
    }

    fn lock(&self) -> MutexGuard<'_, Queue<R>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<R: Send + 'static> Home<R> {
    /// Destroys objects whose places are free already, and those that are left from before, on a
    /// thread apart. If the system has no thread to give, they are destroyed here, if
    /// that is allowed, or later: `false`.
    pub(super) fn dispose(self: &Arc<Self>, dead: Dead<R>, or_here: bool) -> bool {
        self.disposal.push(dead);
        while self.disposal.needs_thread() {
            if !self.apart(|home| home.destroy_queued()) {
                if or_here {
                    self.destroy_queued();
                } else {
                    self.disposal.has_no_thread();
                }
                return or_here;
            }
        }
        true
    }

    /// Has something run on a thread apart; whether there is one.
    ///
    /// Not by a task, though a pool may have a hook for that: its executor may stand still, and
    /// places and whoever drains the pool wait for this.
    pub(super) fn apart(self: &Arc<Self>, run: impl FnOnce(&Arc<Self>) + Send + 'static) -> bool {
        let home = self.clone();
        let thread = thread::Builder::new().name("poolable-drop".to_owned());
        thread.spawn(move || run(&home)).is_ok()
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

    fn destroy_queued(&self) {
        let mut has_destroyed = false;
        while let Some((entry, reason)) = self.disposal.pop(has_destroyed) {
            forget_panic(self.destroy_caught(entry, reason));
            has_destroyed = true;
        }
    }
}

/// Has a contained panic go on, unless this thread panics already: two would end the process.
pub(crate) fn go_on(panic: Box<dyn Any + Send>) {
    if thread::panicking() {
        forget_panic(Err::<(), _>(panic));
    } else {
        resume_unwind(panic);
    }
}
