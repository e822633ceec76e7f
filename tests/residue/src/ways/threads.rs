//! Ways out that take more than one thread.

use core::cell::RefCell;
use std::sync::Barrier;
use std::thread;

use poolable::{Pooled, Shared};

use super::{Ended, filled};
use crate::secret::Hold;
use crate::spy;

/// Runs code on a thread that is there until the process ends, or until nothing else than
/// what is freed matters.
fn on_a_thread_that_stays(run: impl FnOnce() + Send + 'static) {
    if spy::watches() {
        return on_a_thread_that_ends(run);
    }
    static DONE: Barrier = Barrier::new(2);
    thread::spawn(move || {
        run();
        DONE.wait();
        loop {
            thread::park();
        }
    });
    DONE.wait();
}

/// Runs code on a thread that ends, its thread-locals' destructors included.
fn on_a_thread_that_ends(run: impl FnOnce() + Send + 'static) {
    thread::spawn(run).join().unwrap();
}

pub(crate) fn drops_elsewhere<S: Hold>() -> Ended
where
    Pooled<S>: Send,
{
    let guard = filled::<S>();
    on_a_thread_that_stays(move || drop(guard));
    Ended::of::<S>(|stats| stats.idle == 1)
}

pub(crate) fn drops_at_a_threads_end<S: Hold>() -> Ended
where
    Pooled<S>: Send,
{
    let guard = filled::<S>();
    on_a_thread_that_ends(move || drop(guard));
    Ended::of::<S>(|stats| stats.idle == 1)
}

/// All of its life is on a thread that ends.
pub(crate) fn lives_on_a_thread<S: Hold>() -> Ended {
    on_a_thread_that_ends(|| drop(filled::<S>()));
    Ended::of::<S>(|stats| stats.idle == 1)
}

/// On a thread that ends, of a type whose objects end with it.
pub(crate) fn ends_with_its_thread<S: Hold>() -> Ended {
    on_a_thread_that_ends(|| drop(filled::<S>()));
    Ended::of::<S>(|stats| stats.discarded.total() == 1)
}

/// The guard is in a thread-local, and drops among the destructors.
pub(crate) fn drops_late<S: Hold>() -> Ended
where
    Pooled<S>: Send,
{
    thread_local! {
        static KEPT: RefCell<Option<Box<dyn Send>>> = const { RefCell::new(None) };
    }
    on_a_thread_that_ends(|| {
        // Registered first, and so dropped last.
        KEPT.with(|kept| drop(kept.borrow_mut().take()));
        let guard = filled::<S>();
        KEPT.set(Some(Box::new(guard)));
    });
    Ended::of::<S>(|stats| stats.returned == 1 && stats.idle + stats.discarded.total() == 1)
}

pub(crate) fn is_shared_elsewhere<S: Hold>() -> Ended
where
    Shared<S>: Send,
{
    let shared = Pooled::share(filled::<S>());
    let other = shared.clone();
    drop(shared);
    on_a_thread_that_stays(move || drop(other));
    Ended::of::<S>(|stats| stats.idle == 1)
}

/// Another thread clears the pool, and the one that has the object comes back to it.
pub(crate) fn is_cleared_from_elsewhere<S: Hold>() -> Ended {
    drop(filled::<S>());
    on_a_thread_that_stays(|| S::pool().clear());
    S::pool().flush_thread_cache();
    Ended::of::<S>(|stats| stats.discarded.explicit == 1)
}

/// Another thread takes it.
pub(crate) fn changes_hands<S: Hold>() -> Ended {
    drop(filled::<S>());
    S::pool().flush_thread_cache();
    on_a_thread_that_stays(|| Pooled::discard(S::pooled()));
    Ended::of::<S>(|stats| stats.discarded.explicit == 1)
}
