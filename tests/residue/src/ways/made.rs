//! Ways out of a pool that the user made.

use std::sync::Arc;

use poolable::{Pool, PooledOwned, PooledRef, Reset};

use super::{Ended, unwind, unwound};
use crate::secret::Hold;

fn pool<S: Hold + Send>() -> &'static Pool<S> {
    Box::leak(Box::new(Pool::new(S::blank)))
}

#[inline(never)]
fn filled<S: Hold + Send>(pool: &Pool<S>) -> PooledRef<'_, S> {
    let mut guard = pool.get();
    guard.fill();
    guard
}

fn ended<S: Hold + Send>(pool: &'static Pool<S>, taken: fn(&poolable::Stats) -> bool) -> Ended {
    Ended {
        taken: Box::new(move || cfg!(poolable_passthrough) || taken(&pool.stats())),
        settle: Box::new(|| pool.clear()),
    }
}

/// The pool is gone, and `taken` knows what became of the object.
fn gone(taken: impl FnOnce() -> bool + 'static) -> Ended {
    let taken = move || cfg!(poolable_passthrough) || taken();
    Ended { taken: Box::new(taken), ..Ended::elsewhere() }
}

pub(crate) fn made_drops<S: Hold + Send>() -> Ended {
    let pool = pool::<S>();
    drop(filled(pool));
    ended(pool, |stats| stats.idle == 1)
}

pub(crate) fn made_is_owned<S: Hold + Send>() -> Ended {
    let pool = Arc::new(Pool::<S>::new(S::blank));
    let mut guard = pool.get_owned();
    guard.fill();
    drop(guard);
    let idle = pool.stats().idle;
    drop(pool);
    gone(move || idle == 1)
}

/// The guard is the last one to hold the pool.
pub(crate) fn made_dies_with_its_guard<S: Hold + Send>() -> Ended {
    let pool = Arc::new(Pool::<S>::new(S::blank));
    let mut guard = pool.get_owned();
    guard.fill();
    let last = Arc::downgrade(&pool);
    drop(pool);
    let lives = last.strong_count() == 1;
    drop(guard);
    gone(move || lives && last.strong_count() == 0)
}

pub(crate) fn made_dies<S: Hold + Send>() -> Ended {
    let pool = Pool::<S>::new(S::blank);
    drop(filled(&pool));
    let idle = pool.stats().idle;
    drop(pool);
    gone(move || idle == 1)
}

pub(crate) fn made_is_discarded<S: Hold + Send>() -> Ended {
    let pool = pool::<S>();
    PooledRef::discard(filled(pool));
    ended(pool, |stats| stats.discarded.explicit == 1)
}

pub(crate) fn made_is_taken_out<S: Hold + Send>() -> Ended {
    let pool = pool::<S>();
    let value = PooledRef::into_inner(filled(pool));
    used!(value);
    ended(pool, |stats| stats.detached == 1)
}

pub(crate) fn made_owned_is_taken_out<S: Hold + Send>() -> Ended {
    let pool = Arc::new(Pool::<S>::new(S::blank));
    let mut guard = pool.get_owned();
    guard.fill();
    let value = PooledOwned::into_inner(guard);
    used!(value);
    let detached = pool.stats().detached;
    gone(move || detached == 1)
}

pub(crate) fn made_refuses<S: Hold + Send>() -> Ended {
    let pool: &'static Pool<S> =
        Box::leak(Box::new(Pool::builder().create(S::blank).validate(|_| false).build()));
    drop(filled(pool));
    ended(pool, |stats| stats.discarded.invalid == 1)
}

pub(crate) fn made_panics_at_its_look<S: Hold + Send>() -> Ended {
    let pool: &'static Pool<S> =
        Box::leak(Box::new(Pool::builder().create(S::blank).validate(|_| unwind()).build()));
    unwound(|| drop(filled(pool)));
    ended(pool, |stats| stats.discarded.invalid == 1)
}

pub(crate) fn made_is_full<S: Hold + Send>() -> Ended {
    let pool: &'static Pool<S> =
        Box::leak(Box::new(Pool::builder().create(S::blank).cache(0).max_idle(0).build()));
    drop(filled(pool));
    ended(pool, |stats| stats.discarded.full == 1)
}

pub(crate) fn made_is_oversize<S: Hold + Send>() -> Ended {
    let pool: &'static Pool<S> =
        Box::leak(Box::new(Pool::builder().create(S::blank).max_object_bytes(1).build()));
    drop(filled(pool));
    ended(pool, |stats| stats.discarded.oversize == 1)
}

/// A pool whose memory is locked, if the system lets it.
#[cfg(feature = "mlock")]
fn locking<S: Hold + Send>() -> Pool<S> {
    Pool::builder().create(S::blank).lock_memory().build()
}

#[cfg(feature = "mlock")]
pub(crate) fn made_locks<S: Hold + Send>() -> Ended {
    let pool: &'static Pool<S> = Box::leak(Box::new(locking()));
    drop(filled(pool));
    ended(pool, |stats| stats.idle == 1)
}

#[cfg(feature = "mlock")]
pub(crate) fn made_locks_and_is_discarded<S: Hold + Send>() -> Ended {
    let pool: &'static Pool<S> = Box::leak(Box::new(locking()));
    PooledRef::discard(filled(pool));
    ended(pool, |stats| stats.discarded.explicit == 1)
}

#[cfg(feature = "mlock")]
pub(crate) fn made_locks_and_dies<S: Hold + Send>() -> Ended {
    let pool = locking::<S>();
    drop(filled(&pool));
    let idle = pool.stats().idle;
    drop(pool);
    gone(move || idle == 1)
}

/// The reset is a function, which calls the one of the type and then panics.
pub(crate) fn made_fails<S: Hold + Send + Reset>() -> Ended {
    let reset = |_: &mut S| unwind();
    let pool: &'static Pool<S> =
        Box::leak(Box::new(Pool::builder().create(S::blank).reset(reset).build()));
    unwound(|| drop(filled(pool)));
    ended(pool, |stats| stats.discarded.panic == 1)
}
