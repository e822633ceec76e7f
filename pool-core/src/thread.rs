//! A thread's ways to its caches, and what becomes of them when it ends.
//!
//! The way is a thread-local pointer *without* a destructor, one for each type, so that a
//! get costs no check of its state. One more thread-local has the destructor for all of
//! them.
//!
//! # Invariants
//!
//! 1. A way leads to the empty cache, or to one that its thread has claimed.
//! 2. A way is typed, and so are the static that it stands in and the pool: no thread
//!    finds objects of another type, whoever wrote the code in between.

use core::cell::Cell;
use core::marker::PhantomData;
use std::thread::LocalKey;

use crate::cache::{CacheRef, Caches};
use crate::pool::RawPool;

/// A thread's way to its cache of one pool, whatever the type.
#[derive(Debug)]
pub(crate) struct RawLocal(Cell<CacheRef>);

impl RawLocal {
    #[inline(always)]
    pub(crate) fn get(&self) -> CacheRef {
        self.0.get()
    }

    fn set(&self, cache: CacheRef) {
        self.0.set(cache);
    }
}

/// A thread's way to its cache of the pool of `T`: what the derive keeps in a
/// `thread_local!`.
#[derive(Debug)]
pub struct Local<T> {
    raw: RawLocal,
    _type: PhantomData<fn() -> T>,
}

impl<T> Local<T> {
    /// A thread that has not been here yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { raw: RawLocal(Cell::new(CacheRef::EMPTY)), _type: PhantomData }
    }
}

impl<T> Default for Local<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// The current thread's [`Local`]. It does not leave the thread.
#[derive(Debug)]
pub struct LocalRef<T> {
    raw: *const RawLocal,
    _type: PhantomData<fn() -> T>,
}

impl<T> LocalRef<T> {
    #[inline(always)]
    pub(crate) fn get(&self) -> &RawLocal {
        // SAFETY: `local` made it, on this thread, out of a thread-local without a
        // destructor or of a static; `NATIVE` says that the former is valid until the
        // thread has ended.
        unsafe { &*self.raw }
    }
}

/// The current thread's way to its cache, given the thread-local that the derive made.
#[inline(always)]
pub fn local<T>(key: &'static LocalKey<Local<T>>) -> LocalRef<T> {
    let raw = if NATIVE { key.with(|local| &raw const local.raw) } else { &raw const SHARED.0 };
    LocalRef { raw, _type: PhantomData }
}

/// Whether a thread-local without a destructor is memory of the thread's own, there until
/// the thread has ended. Elsewhere std allocates it, and frees it in an order of its own,
/// perhaps before the caches are handed over; so there are no caches there.
const NATIVE: bool = cfg!(any(
    all(target_os = "linux", any(target_env = "gnu", target_env = "musl")),
    target_vendor = "apple",
    all(target_os = "windows", target_env = "msvc"),
    target_os = "freebsd",
));

/// The way of all threads where there are no caches.
struct Shared(RawLocal);

// SAFETY: nobody writes to it: `claim` does not where this is used, and a destructor sets
// only the ways that `claim` has set.
unsafe impl Sync for Shared {}

static SHARED: Shared = Shared(RawLocal(Cell::new(CacheRef::EMPTY)));

/// The caches that the current thread has claimed.
struct Claimed(Cell<Option<CacheRef>>);

thread_local! {
    static CLAIMED: Claimed = const { Claimed(Cell::new(None)) };
}

impl Drop for Claimed {
    /// Hands the caches of a thread that ends to their pools.
    ///
    /// While this runs, [`claim`] finds the list gone, and so code that runs in here or
    /// later on this thread works without a cache.
    fn drop(&mut self) {
        while let Some(cache) = self.0.get() {
            let (next, local, pool) = cache.links();
            self.0.set(next);
            // SAFETY: `claim` set the pointer on this thread, and `NATIVE` says that it is
            // valid until the thread has ended.
            let local = unsafe { &*local };
            // First of all: from here on no get and no return finds the cache.
            local.set(CacheRef::EMPTY);
            // SAFETY: only caches of a pool are in the list, and a pool that makes
            // caches is never freed.
            let pool = unsafe { &*pool };
            pool.empty_cache_of_ending_thread(cache);
            // SAFETY: this thread claimed it, and has no way to it any more.
            unsafe { cache.release() };
        }
    }
}

/// Claims a cache of `pool` for the current thread, unless the thread is ending.
pub(crate) fn claim(pool: &'static RawPool, caches: &Caches, local: &RawLocal) -> CacheRef {
    if !NATIVE {
        return local.get();
    }
    let claimed = CLAIMED.try_with(|claimed| {
        let cache = caches.claim(pool);
        cache.link(claimed.0.get(), local);
        claimed.0.set(Some(cache));
        local.set(cache);
        cache
    });
    claimed.unwrap_or_else(|_| local.get())
}

/// A way must not leave its thread: this is ambiguous, and so an error, if it is `Send`.
const _: () = {
    trait IsNotSend<T> {
        const HOLDS: bool = true;
    }

    impl<T: ?Sized> IsNotSend<()> for T {}
    impl<T: ?Sized + Send> IsNotSend<u8> for T {}

    assert!(<LocalRef<u8> as IsNotSend<_>>::HOLDS);
};
