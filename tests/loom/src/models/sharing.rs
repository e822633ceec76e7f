//! Objects that several threads share by handles that are counted.

use core::mem::ManuallyDrop;

use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;

use super::{Shared, Taken, beside, conserved, model};
use crate::handles::Handles;
use crate::slot::Slot;

/// What `guard::Shared` is, but for the drop: that is a call which gives back at a pool.
struct Handle(Taken);

// SAFETY: the handles are counted; loom reports it if that does not keep them apart.
unsafe impl Send for Handle {}

impl Handle {
    /// Gets an object, and shares it.
    fn new(pool: &Shared) -> Self {
        let thread = pool.enter();
        let (slot, _) = thread.get();
        thread.leave();
        let handle = Self(slot);
        handle.handles().begin();
        handle
    }

    fn handles(&self) -> Handles<'_> {
        // SAFETY: the handle is counted, and so the slot is allocated and not idle.
        unsafe { Slot::handles(self.0) }
    }

    fn another(&self) -> Self {
        self.handles().add();
        Self(self.0)
    }

    fn read(&self) -> u32 {
        // SAFETY: the handle is counted, and so the slot is allocated.
        let probe = unsafe { Slot::value(self.0) };
        // SAFETY: as above, and its value is valid.
        let probe = unsafe { probe.as_ref() };
        // SAFETY: as above; loom reports it if somebody writes meanwhile.
        probe.used.with(|used| unsafe { *used })
    }

    /// Writes, if this is the only handle.
    fn write_alone(&mut self) -> bool {
        let is_one = self.handles().is_one();
        if is_one {
            // SAFETY: the handle is counted, and so the slot is allocated.
            let probe = unsafe { Slot::value(self.0) };
            // SAFETY: as above, and its value is valid.
            let probe = unsafe { probe.as_ref() };
            // SAFETY: as above; loom reports it if that is not so.
            probe.used.with_mut(|used| unsafe { *used += 1 });
        }
        is_one
    }

    /// Gives the object back, if this is the last handle: that writes.
    fn drop_at(self, pool: &Shared) {
        let slot = ManuallyDrop::new(self).0;
        if Self(slot).handles().remove() {
            give(pool, slot);
        }
    }
}

fn give(pool: &Shared, slot: Taken) {
    let thread = pool.enter();
    thread.give(slot);
    thread.leave();
}

/// The object came home once, and nobody has it any more.
fn is_home(pool: &Shared) {
    let stats = pool.pool.stats();
    assert_eq!((stats.returned, stats.idle), (1, 1));
    conserved(pool);
}

/// Runs `work` with a handle on another thread.
fn with_handle(
    pool: &Shared,
    handle: Handle,
    work: impl FnOnce(&Shared, Handle) + 'static,
) -> thread::JoinHandle<()> {
    beside(pool, move |pool| work(pool, handle))
}

#[test]
fn the_last_of_three_handles_gives_back_what_all_have_read() {
    model(|pool| {
        let handle = Handle::new(pool);
        let read = |pool: &Shared, handle: Handle| {
            assert_eq!(handle.read(), 1);
            handle.drop_at(pool);
        };
        let others = [handle.another(), handle.another()];
        let others = others.map(|other| with_handle(pool, other, read));
        handle.drop_at(pool);
        others.into_iter().for_each(|other| other.join().expect("no panic"));
        is_home(pool);
    });
}

#[test]
fn handles_made_of_handles_are_counted() {
    model(|pool| {
        let handle = Handle::new(pool);
        let spread = |pool: &Shared, handle: Handle| {
            let another = handle.another();
            handle.drop_at(pool);
            assert_eq!(another.read(), 1);
            another.drop_at(pool);
        };
        let other = with_handle(pool, handle.another(), spread);
        spread(pool, handle);
        other.join().expect("no panic");
        is_home(pool);
    });
}

#[test]
fn the_only_handle_writes_what_others_have_read() {
    model(|pool| {
        let mut handle = Handle::new(pool);
        let is_read = Arc::new(AtomicUsize::new(0));
        let other = {
            let is_read = is_read.clone();
            with_handle(pool, handle.another(), move |pool, handle| {
                is_read.store(handle.read() as usize, Ordering::Relaxed);
                handle.drop_at(pool);
            })
        };
        if handle.write_alone() {
            // What the other thread did before it let go is done.
            assert_eq!(is_read.load(Ordering::Relaxed), 1);
            assert_eq!(handle.read(), 2);
        }
        handle.drop_at(pool);
        other.join().expect("no panic");
        is_home(pool);
    });
}

#[test]
fn the_only_handle_becomes_a_guard_while_another_goes() {
    model(|pool| {
        let handle = Handle::new(pool);
        let other = with_handle(pool, handle.another(), |pool, handle| {
            assert_eq!(handle.read(), 1);
            handle.drop_at(pool);
        });
        if handle.handles().is_one() {
            // A guard drops without a look at the count.
            give(pool, handle.0);
        } else {
            handle.drop_at(pool);
        }
        other.join().expect("no panic");
        is_home(pool);
    });
}

#[test]
fn two_handles_that_both_would_be_alone_never_are_at_once() {
    model(|pool| {
        let handle = Handle::new(pool);
        let write = |pool: &Shared, mut handle: Handle| {
            assert!(handle.read() >= 1);
            handle.write_alone();
            handle.drop_at(pool);
        };
        let other = with_handle(pool, handle.another(), write);
        write(pool, handle);
        other.join().expect("no panic");
        is_home(pool);
    });
}
