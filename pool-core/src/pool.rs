//! What all pools share, whatever their type: limits, the slow paths, the counters.
//!
//! # Invariants
//!
//! 1. User code (`create`, a reset, a drop) runs with no cache half updated and nothing
//!    but locals in hand: objects to be freed are moved out first.
//! 2. Two pools share nothing: each has caches, a depot and counters of its own.

use core::panic::AssertUnwindSafe;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::panic::{catch_unwind, resume_unwind};

use crate::cache::{CacheRef, Caches};
use crate::depot::{Depot, MOST_IDLE};
use crate::magazine::Magazine;
use crate::slot::Object;
use crate::stats::{Reason, Stats, Tally};
use crate::thread::{RawLocal, claim};

/// An object that holds more is kept by the depot alone, one by one, so that no thread
/// hoards it: 128 KiB.
const MOST_CACHED_BYTES: usize = 128 << 10;
/// The default of `max_object_bytes`: 1 MiB.
const MAX_OBJECT_BYTES: usize = 1 << 20;
/// Without a limit of the user's, an object may hold this many times what one held
/// straight after its create.
const GROWTH: usize = 4;
/// The default of `max_idle`, in objects.
const MAX_IDLE: usize = 1024;
/// The default of `cache`, in objects.
const CACHE: usize = 64;
/// The most that a thread's cache of the default size keeps inline: 1 MiB.
const CACHE_BYTES: usize = 1 << 20;
/// The least that a thread's cache of the default size keeps, in objects.
const LEAST_CACHE: usize = 4;

/// The limits of a pool, as the derive reads them off the attributes.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    cache: Option<usize>,
    max_idle: Option<usize>,
    max_object_bytes: Option<usize>,
}

impl Limits {
    /// The defaults.
    #[must_use]
    pub const fn new() -> Self {
        Self { cache: None, max_idle: None, max_object_bytes: None }
    }

    /// How many objects each thread keeps.
    #[must_use]
    pub const fn cache(self, objects: usize) -> Self {
        Self { cache: Some(objects), ..self }
    }

    /// How many objects the depot keeps.
    #[must_use]
    pub const fn max_idle(self, objects: usize) -> Self {
        Self { max_idle: Some(objects), ..self }
    }

    /// What an object that is kept may hold, inline and on the heap.
    #[must_use]
    pub const fn max_object_bytes(self, bytes: usize) -> Self {
        Self { max_object_bytes: Some(bytes), ..self }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::new()
    }
}

/// A pool without the type of its objects.
#[derive(Debug)]
pub(crate) struct RawPool {
    pub(crate) tally: Tally,
    name: &'static str,
    cache_capacity: usize,
    max_object_bytes: Option<usize>,
    /// The most that an object held straight after its create.
    bytes_at_birth: AtomicUsize,
    /// Frees an object of the pool's type.
    free: unsafe fn(Object),
    caches: Caches,
    depot: Depot,
}

impl RawPool {
    /// # Safety
    ///
    /// - `free` frees objects of the one type that the pool is used with.
    pub(crate) const unsafe fn new(
        name: &'static str,
        limits: Limits,
        object_size: usize,
        free: unsafe fn(Object),
    ) -> Self {
        let cache_capacity = match limits.cache {
            Some(objects) if objects < MOST_IDLE => objects,
            Some(_) => MOST_IDLE,
            None => default_cache(object_size),
        };
        let max_idle = match limits.max_idle {
            Some(objects) => objects,
            None => MAX_IDLE,
        };
        Self {
            tally: Tally::new(),
            name,
            cache_capacity,
            max_object_bytes: limits.max_object_bytes,
            bytes_at_birth: AtomicUsize::new(0),
            free,
            caches: Caches::new(),
            depot: Depot::new(max_idle, cache_capacity),
        }
    }

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    pub(crate) fn depot(&self) -> &Depot {
        &self.depot
    }

    pub(crate) fn cache_capacity(&self) -> usize {
        self.cache_capacity
    }

    /// What an object in a thread's cache may hold. Constant for a pool, whereas
    /// [`max_object_bytes`](Self::max_object_bytes) may grow beyond it.
    pub(crate) fn most_cached_bytes(&self) -> usize {
        self.max_object_bytes.map_or(MOST_CACHED_BYTES, |bytes| bytes.min(MOST_CACHED_BYTES))
    }

    /// What an object that is kept may hold.
    pub(crate) fn max_object_bytes(&self) -> usize {
        self.max_object_bytes.unwrap_or_else(|| {
            let at_birth = self.bytes_at_birth.load(Ordering::Relaxed);
            MAX_OBJECT_BYTES.max(at_birth.saturating_mul(GROWTH))
        })
    }

    /// Notes what a new object holds.
    pub(crate) fn note_birth(&self, bytes: usize) {
        if bytes > self.bytes_at_birth.load(Ordering::Relaxed) {
            self.bytes_at_birth.fetch_max(bytes, Ordering::Relaxed);
        }
    }

    /// This thread's cache, claimed if that is possible.
    fn cache(&'static self, local: &RawLocal) -> CacheRef {
        let cache = local.get();
        if cache.is_empty_one() && self.cache_capacity > 0 {
            return claim(self, &self.caches, local);
        }
        cache
    }

    /// Takes an object out of the depot, and fills the thread's cache on the way.
    pub(crate) fn take_slow(&'static self, local: &RawLocal) -> Option<Object> {
        let cache = self.cache(local);
        let mut magazine = self.depot.take().unwrap_or(Magazine::new());
        let object = magazine.pop().or_else(|| self.depot.take_single());
        // SAFETY: the thread has claimed its cache, and no user code ran since.
        unsafe { cache.load(&mut magazine) };
        // SAFETY: as above.
        unsafe { cache.note_exchange() };
        if object.is_some() {
            if cache.is_empty_one() {
                self.tally.hits.add_one();
            } else {
                // SAFETY: as above, and it is not the empty one.
                unsafe { cache.count_hit() };
            }
        }
        // Only a thread without a cache has something left. What came out of the depot
        // finds room there again, unless others were faster; and then the panic of a drop
        // must not cost the object at hand.
        forget_panic(caught(|| self.give_magazine(magazine)));
        object
    }

    /// Keeps an object whose thread's cache would not have it.
    ///
    /// Counts the return.
    pub(crate) fn give_slow(&'static self, local: &RawLocal, object: Object) {
        let bytes = object.bytes();
        if bytes > self.most_cached_bytes() {
            self.tally.returned.add_one();
            if bytes > self.max_object_bytes() {
                return self.discard(object, Reason::Oversize);
            }
            return self.give_single(object);
        }
        let cache = self.cache(local);
        if cache.capacity() == 0 {
            self.tally.returned.add_one();
            return self.give_single(object);
        }
        // SAFETY: the thread has claimed its cache, and no user code ran since.
        let Err(object) = (unsafe { cache.push(object, bytes) }) else { return };
        // SAFETY: as above.
        let unloaded = unsafe { cache.unload(self.depot.magazine_size()) };
        let mut surplus = unloaded.map_or(Magazine::new(), |magazine| self.depot.give(magazine));
        // SAFETY: as above; there is room now, for a magazine holds one object at least.
        if let Err(object) = unsafe { cache.push(object, bytes) } {
            surplus.push(object);
        }
        // SAFETY: as above.
        unsafe { cache.note_exchange() };
        self.discard_all([surplus], Reason::Full);
    }

    /// Keeps an object in the depot.
    pub(crate) fn give_single(&self, object: Object) {
        if let Err(object) = self.depot.give_single(object) {
            self.discard(object, Reason::Full);
        }
    }

    /// Keeps objects in the depot.
    pub(crate) fn give_magazine(&self, magazine: Magazine) {
        self.discard_all([self.depot.give(magazine)], Reason::Full);
    }

    /// Moves what the current thread keeps to the depot.
    pub(crate) fn flush(&self, local: &RawLocal) {
        let cache = local.get();
        // Freed at the end, for their drops may return objects to this very cache.
        let mut surplus = Vec::new();
        // SAFETY: the thread has claimed its cache, and no user code runs in the loop.
        while let Some(magazine) = unsafe { cache.unload(self.depot.magazine_size()) } {
            surplus.push(self.depot.give(magazine));
        }
        // SAFETY: as above.
        unsafe { cache.note_exchange() };
        self.discard_all(surplus, Reason::Full);
    }

    /// Frees what the depot and the current thread keep.
    pub(crate) fn clear(&self, local: &RawLocal) {
        let cache = local.get();
        // Freed at the end, for their drops may return objects to this very pool.
        let mut doomed = Vec::new();
        // SAFETY: the thread has claimed its cache, and no user code runs in the loop.
        while let Some(magazine) = unsafe { cache.unload(self.depot.magazine_size()) } {
            doomed.push(magazine);
        }
        // SAFETY: as above.
        unsafe { cache.note_exchange() };
        // What other threads return meanwhile is not part of this.
        let mut left = self.depot.idle();
        while left > 0 {
            let Some(magazine) = self.depot.take().or_else(|| self.depot.take_single_alone())
            else {
                break;
            };
            left = left.saturating_sub(magazine.len());
            doomed.push(magazine);
        }
        self.discard_all(doomed, Reason::Explicit);
    }

    /// Moves the objects of a thread that ends to the depot.
    pub(crate) fn empty_cache_of_ending_thread(&self, cache: CacheRef) {
        // SAFETY: the ending thread has claimed the cache, and cannot reach it any more
        // but through this loop.
        while let Some(magazine) = unsafe { cache.unload(self.depot.magazine_size()) } {
            let surplus = self.depot.give(magazine);
            // A panic that leaves a thread-local's destructor aborts the process.
            forget_panic(caught(|| self.discard_all([surplus], Reason::Full)));
        }
        // SAFETY: as above.
        unsafe { cache.note_exchange() };
    }

    /// Counts and frees an object.
    pub(crate) fn discard(&self, object: Object, reason: Reason) {
        self.tally.discarded(reason).add_one();
        // SAFETY: the objects of a pool are of the type that `free` is for.
        unsafe { (self.free)(object) };
    }

    /// Counts and frees objects. A drop that panics does not save the others from theirs,
    /// nor the caller from the panic.
    fn discard_all(&self, magazines: impl IntoIterator<Item = Magazine>, reason: Reason) {
        let mut outcome = Ok(());
        for mut magazine in magazines {
            while let Some(object) = magazine.pop() {
                let freed = caught(|| self.discard(object, reason));
                if outcome.is_ok() {
                    outcome = freed;
                } else {
                    forget_panic(freed);
                }
            }
        }
        if let Err(payload) = outcome {
            resume_unwind(payload);
        }
    }

    pub(crate) fn stats(&self) -> Stats {
        let caches = self.caches.totals();
        let tally = &self.tally;
        let discarded = tally.all_discarded();
        let idle = caches.idle + self.depot.idle() as u64;
        let (created, attached) = (tally.created.get(), tally.attached.get());
        let detached = tally.detached.get();
        Stats {
            hits: caches.hits + tally.hits.get(),
            misses: tally.misses.get(),
            created,
            returned: caches.returned + tally.returned.get(),
            detached,
            attached,
            discarded,
            idle,
            // The law of conservation, solved for what nobody counts.
            in_use: (created + attached).saturating_sub(idle + detached + discarded.total()),
            bytes_idle: caches.bytes + self.depot.bytes() as u64,
        }
    }
}

/// Runs code, and keeps its panic from going on.
pub(crate) fn caught(run: impl FnOnce()) -> std::thread::Result<()> {
    catch_unwind(AssertUnwindSafe(run))
}

/// Drops what a panic left behind, whose drop may panic in turn.
pub(crate) fn forget_panic(outcome: std::thread::Result<()>) {
    if let Err(second) = caught(|| drop(outcome)) {
        core::mem::forget(second);
    }
}

/// The default of `cache` for objects of a size: fewer for big ones.
const fn default_cache(object_size: usize) -> usize {
    if object_size == 0 {
        return CACHE;
    }
    let fitting = CACHE_BYTES / object_size;
    if fitting < LEAST_CACHE {
        LEAST_CACHE
    } else if fitting < CACHE {
        fitting
    } else {
        CACHE
    }
}
