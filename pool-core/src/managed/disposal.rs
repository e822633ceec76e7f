//! Objects that are destroyed by a thread apart, since their end may take its time.

use core::mem;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::entry::Entry;
use super::home::Home;
use super::reason::Reason;
use crate::raw_pool::forget_panic;

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
}

impl<R> Disposal<R> {
    pub(super) const fn new() -> Self {
        Self(Mutex::new(Queue { dead: VecDeque::new(), threads: 0 }))
    }

    fn push(&self, dead: Dead<R>) {
        self.lock().dead.extend(dead);
    }

    /// Whether another thread is to be started, which counts already.
    fn needs_thread(&self) -> bool {
        let mut queue = self.lock();
        let needs_thread = queue.threads < queue.dead.len().min(THREADS);
        queue.threads += usize::from(needs_thread);
        needs_thread
    }

    /// The next to be destroyed. If there is none, the thread that asks is none any more.
    fn pop(&self) -> Option<(Box<Entry<R>>, Reason)> {
        let mut queue = self.lock();
        let dead = queue.dead.pop_front();
        queue.threads -= usize::from(dead.is_none());
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
    /// Destroys objects whose places are free already, and those that are left from before, by
    /// a thread apart. If the system has none to give, they are destroyed here, if that is
    /// allowed, or later: `false`.
    pub(super) fn dispose(self: &Arc<Self>, dead: Dead<R>, or_here: bool) -> bool {
        self.disposal.push(dead);
        while self.disposal.needs_thread() {
            let home = self.clone();
            let thread = thread::Builder::new().name("poolable-drop".to_owned());
            if thread.spawn(move || home.destroy_queued()).is_err() {
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

    fn destroy_queued(&self) {
        while let Some((entry, reason)) = self.disposal.pop() {
            forget_panic(self.destroy_caught(entry, reason));
        }
    }
}
