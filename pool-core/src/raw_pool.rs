//! What all pools share, whatever their type: limits, the slow paths, the counters.
//!
//! # Invariants
//!
//! 1. No user code runs while the depot is locked or a cache is half updated: objects to
//!    be freed are moved out first, and freed last. A drop that panics does not save the
//!    others from theirs.
//! 2. Two pools share nothing: each has caches, a depot and counters of its own.
//! 3. A pool frees its objects on the threads that work with it. A call from another
//!    thread leaves a wish, unless two threads have shown that the objects are `Send`.

use core::mem;
use core::panic::AssertUnwindSafe;
use std::borrow::Cow;
use std::panic::{catch_unwind, resume_unwind};
#[cfg(feature = "mlock")]
use std::sync::Arc;

use crate::cache::{CacheRef, Caches, Fit};
use crate::depot::{Depot, Doomed, Visitors};
use crate::discarded::Reason;
use crate::events;
use crate::limits::{Limits, PoolLimits, Settled};
#[cfg(feature = "mlock")]
use crate::mlock::{Locker, MemoryLock};
use crate::slot::Object;
use crate::stats::{Stats, Tally};
use crate::sync::{
    AtomicU64, AtomicUsize, Mutex, MutexGuard, Ordering, at_compile_time, thread_number,
};
use crate::watch;

/// A pool without the type of its objects.
#[derive(Debug)]
pub(crate) struct RawPool {
    pub(crate) tally: Tally,
    name: Cow<'static, str>,
    limits: Settled,
    /// The most that an object held straight after its create.
    bytes_at_birth: AtomicUsize,
    /// An object that is reset inside of another one, and holds less on the heap than this, is
    /// kept without further ado. Never above what [`max_object_bytes`](Self::max_object_bytes)
    /// allows, and 0 while there is a watch; written under the lock of the depot.
    renewed_below: AtomicUsize,
    /// The pool's number, once the registry has been told of it.
    id: AtomicU64,
    /// Frees an object of the pool's type.
    free: unsafe fn(Object),
    caches: Caches,
    depot: Mutex<Depot>,
    /// Where objects are locked in memory.
    #[cfg(feature = "mlock")]
    locker: Option<Arc<Locker>>,
}

impl RawPool {
    at_compile_time! {
        /// # Safety
        ///
        /// - `free` frees objects of the one type that the pool is used with.
        /// - With `Visitors::Many`, that type is `Send`, or the limits are local: the depot
        ///   then keeps nothing, and a cache's objects are freed by the thread that claimed
        ///   it.
        pub(crate) const unsafe fn new(
            name: Cow<'static, str>,
            limits: Limits,
            object_size: usize,
            free: unsafe fn(Object),
            visitors: Visitors,
        ) -> Self {
            let limits = limits.settle(object_size);
            Self {
                tally: Tally::new(),
                name,
                limits,
                bytes_at_birth: AtomicUsize::new(0),
                renewed_below: AtomicUsize::new(0),
                id: AtomicU64::new(0),
                free,
                caches: Caches::new(),
                depot: Mutex::new(Depot::new(limits.depot, visitors)),
                #[cfg(feature = "mlock")]
                locker: None,
            }
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The number that tells the pool from all others; 0 until it is listed.
    pub(crate) fn id(&self) -> u64 {
        // Acquire: pairs with the Release in `set_listed`, so that whoever finds the pool listed
        // knows of all watches that were there before it was.
        self.id.load(Ordering::Acquire)
    }

    /// Whether the registry has been told of the pool.
    #[inline]
    pub(crate) fn is_listed(&self) -> bool {
        self.id() != 0
    }

    /// Says that the pool is listed, and by which number. The registry is locked.
    pub(crate) fn set_listed(&self, id: u64) {
        self.id.store(id, Ordering::Release);
    }

    /// What the pool may keep at the moment.
    pub(crate) fn limits(&self) -> PoolLimits {
        let limits = &self.limits;
        PoolLimits {
            cache: limits.capacity as u64,
            max_idle: self.depot.lock().max_idle() as u64,
            max_object_bytes: self.max_object_bytes() as u64,
            max_bytes: limits.depot.max_bytes as u64,
        }
    }

    /// Has a new pool tell of the locks of its objects.
    #[cfg(feature = "mlock")]
    pub(crate) fn with_locker(mut self, locker: Option<Arc<Locker>>) -> Self {
        self.locker = locker;
        self
    }

    /// Whether objects are locked in memory.
    #[cfg(feature = "mlock")]
    pub(crate) fn memory_lock(&self) -> MemoryLock {
        self.locker.as_ref().map_or(MemoryLock::Off, |locker| locker.report())
    }

    /// Whether each thread keeps its objects to itself.
    pub(crate) fn is_local(&self) -> bool {
        self.limits.is_local
    }

    /// What an object that is kept may hold.
    fn max_object_bytes(&self) -> usize {
        self.limits.max_object_bytes(self.bytes_at_birth.load(Ordering::Relaxed))
    }

    /// Whether an object that was reset inside of another one, and holds so much on the heap,
    /// is kept there without further ado.
    #[inline(always)]
    pub(crate) fn keeps_renewed(&self, retained: usize) -> bool {
        retained < self.renewed_below.load(Ordering::Relaxed)
    }

    /// Whether such an object is kept at all.
    pub(crate) fn keeps_renewed_slow(&self, retained: usize) -> bool {
        let most = self.max_object_bytes().checked_sub(self.limits.depot.object_size);
        let below = most.map_or(0, |most| most.saturating_add(1));
        let depot = self.depot.lock();
        // As in `heed_watch`.
        self.renewed_below.store(if watch::is_on() { 0 } else { below }, Ordering::Relaxed);
        drop(depot);
        most.is_some_and(|most| retained <= most)
    }

    /// Whether an object that holds so much on the heap is not kept.
    pub(crate) fn is_oversize(&self, retained: usize) -> bool {
        retained.saturating_add(self.limits.depot.object_size) > self.max_object_bytes()
    }

    /// What an object holds, inline and on the heap.
    fn bytes_of(&self, object: &Object) -> usize {
        object.header().retained().saturating_add(self.limits.depot.object_size)
    }

    /// Notes what a new object holds.
    pub(crate) fn note_birth(&self, object: &Object) {
        let bytes = self.bytes_of(object);
        if bytes > self.bytes_at_birth.load(Ordering::Relaxed) {
            self.bytes_at_birth.fetch_max(bytes, Ordering::Relaxed);
        }
    }

    /// The most that an object held straight after its create.
    fn bytes_at_birth(&self) -> usize {
        self.bytes_at_birth.load(Ordering::Relaxed).max(self.limits.depot.object_size)
    }

    /// The name, for a record that may outlive the pool.
    pub(crate) fn name_to_keep(&self) -> Cow<'static, str> {
        self.name.clone()
    }

    /// Has the gets of all threads be watched while there is a watch, and left alone while
    /// there is none.
    pub(crate) fn heed_watch(&self) {
        let depot = self.depot.lock();
        // Read under the lock. A cache whose bounds are set later finds what is read here, or
        // what is new, and then this is called once more.
        let is_watched = watch::is_on();
        self.caches.watch(is_watched);
        if is_watched {
            self.renewed_below.store(0, Ordering::Relaxed);
        }
        drop(depot);
    }

    /// Has an object that is on record be taken off it when it is reset inside of another one.
    ///
    /// The watch that put it there may have begun just now, and not have come by here yet.
    pub(crate) fn watch_renewed(&self) {
        let depot = self.depot.lock();
        // As in `heed_watch`.
        if watch::is_on() {
            self.renewed_below.store(0, Ordering::Relaxed);
        }
        drop(depot);
    }

    /// Whether threads are to have caches.
    pub(crate) fn has_caches(&self) -> bool {
        self.limits.capacity > 0
    }

    /// Claims a cache for the current thread, and has `install` make a way to it.
    pub(crate) fn claim(&self, install: impl FnOnce(CacheRef)) {
        let cache = self.caches.claim(self.limits.capacity);
        let mut doomed = Doomed::new();
        // SAFETY: this thread has just claimed it, and its capacity is not 0.
        unsafe { self.obey(cache, &mut self.enter(&mut doomed), &mut doomed) };
        // Before user code runs, which may come here for the same pool.
        install(cache);
        forget_panic(caught(|| self.discard_all(doomed)));
    }

    /// Has a thread that was summoned do what it is to do, and opens its cache again, with
    /// bounds for objects as they are born, or for bigger ones that had to stay in it.
    ///
    /// # Safety
    ///
    /// - The calling thread has claimed the cache, and it is not the empty one.
    unsafe fn obey(&self, cache: CacheRef, depot: &mut Depot, doomed: &mut Doomed) {
        // SAFETY: the caller's promise is the one asked for.
        unsafe { depot.obey(cache, doomed) };
        // SAFETY: as above.
        unsafe { self.fit_cache(cache, depot, self.bytes_at_birth()) };
    }

    /// Sets the bounds of a cache for objects that hold `bytes`, and those in it; returns
    /// them.
    ///
    /// # Safety
    ///
    /// - The calling thread has claimed the cache, and it is not the empty one.
    unsafe fn fit_cache(&self, cache: CacheRef, depot: &mut Depot, bytes: usize) -> Fit {
        // SAFETY: the caller's promise is the one asked for.
        let most = unsafe { depot.weigh(cache) };
        let fit = if depot.is_retired() { Fit::NOTHING } else { self.limits.fit(bytes.max(most)) };
        // SAFETY: as above, and `depot` is locked.
        unsafe { cache.set_bounds(fit) };
        fit
    }

    /// Locks the depot, for a thread that works with the pool.
    fn enter(&self, doomed: &mut Doomed) -> MutexGuard<'_, Depot> {
        let mut depot = self.depot.lock();
        depot.note_visitor(thread_number);
        depot.fulfil_wishes(&self.caches, doomed);
        depot
    }

    /// Takes an object that the thread's cache does not have, and counts the hit.
    ///
    /// # Safety
    ///
    /// - The calling thread has claimed the cache, or it is the empty one.
    pub(crate) unsafe fn take_slow(&self, cache: CacheRef) -> Option<Object> {
        // The cache is watched; or its claim has run user code, and that has left one there.
        // SAFETY: the caller's promise is the one asked for.
        let object = unsafe { cache.pop_watched() };
        if object.is_some() {
            return object;
        }
        let mut doomed = Doomed::new();
        let mut depot = self.enter(&mut doomed);
        let object = if cache.is_empty_one() {
            depot.take_one().inspect(|_| self.tally.hits.add_one())
        } else if cache.is_summoned() {
            // SAFETY: the caller's promise, and it is not the empty one.
            unsafe { self.obey(cache, &mut depot, &mut doomed) };
            // One alone: the thread has been away for a while, or it will come back.
            depot.take_one().inspect(|_| {
                // SAFETY: as above.
                unsafe { cache.count_hit() };
            })
        } else {
            // One that was closed above its limit opens when it has been emptied.
            if !cache.allows(0) {
                // SAFETY: as above.
                unsafe { self.fit_cache(cache, &mut depot, self.bytes_at_birth()) };
            }
            // SAFETY: as above.
            unsafe { depot.take(cache) }.inspect(|_| {
                // SAFETY: as above.
                unsafe { cache.count_hit() };
            })
        };
        drop(depot);
        // What the depot had no room for.
        // SAFETY: the caller's promise is the one asked for.
        let object = object.or_else(|| unsafe { cache.pop_watched() });
        // The panic of another object's drop must not cost the one at hand.
        forget_panic(caught(|| self.discard_all(doomed)));
        object
    }

    /// Keeps or frees a returned object that the thread's cache would not have, and counts
    /// the return.
    ///
    /// # Safety
    ///
    /// - The calling thread has claimed the cache, or it is the empty one.
    pub(crate) unsafe fn give_slow(&self, cache: CacheRef, mut object: Object) {
        object.saturate();
        let mut doomed = Doomed::new();
        let mut depot = self.enter(&mut doomed);
        let has_cache = !cache.is_empty_one();
        let is_summoned = has_cache && cache.is_summoned();
        if is_summoned {
            // SAFETY: the caller's promise, and it is not the empty one.
            unsafe { self.obey(cache, &mut depot, &mut doomed) };
        }
        let retained = object.header().retained();
        let mut is_cached = false;
        let kept = if self.bytes_of(&object) > self.max_object_bytes() {
            Err((object, Reason::Oversize))
        } else if !has_cache {
            if depot.drops_return() { Err((object, Reason::Full)) } else { depot.keep(object) }
        } else if is_summoned {
            // The cache stays empty, unless the depot has no room.
            depot.keep(object).or_else(|(object, reason)| {
                // SAFETY: as above.
                let pushed = unsafe { cache.push_any(object, retained) };
                is_cached = pushed.is_ok();
                pushed.map_err(|object| (object, reason))
            })
        } else {
            // SAFETY: as above.
            let pushed = unsafe { self.give_to_cache(cache, &mut depot, object) };
            is_cached = pushed.is_ok();
            pushed.or_else(|object| depot.keep(object))
        };
        drop(depot);
        if !has_cache {
            self.tally.returned.add_one();
        } else if !is_cached {
            // SAFETY: as above.
            unsafe { cache.count_return() };
        }
        // One alone needs no list.
        match kept {
            Err((object, reason)) if doomed.is_empty() => self.discard(object, reason),
            kept => {
                doomed.extend(kept.err());
                self.discard_all(doomed);
            }
        }
    }

    /// Puts an object into a cache, and makes room for it; gives it back if it is too big
    /// for any cache.
    ///
    /// # Safety
    ///
    /// - The calling thread has claimed the cache, and it is not the empty one.
    unsafe fn give_to_cache(
        &self,
        cache: CacheRef,
        depot: &mut Depot,
        object: Object,
    ) -> Result<(), Object> {
        let (bytes, retained) = (self.bytes_of(&object), object.header().retained());
        if !cache.allows(retained) {
            if bytes > self.limits.most_cached() {
                // The cache stays as it is for the others.
                return Err(object);
            }
            // SAFETY: the caller's promise is the one asked for.
            let fit = unsafe { self.fit_cache(cache, depot, bytes) };
            if retained > fit.most_retained {
                return Err(object);
            }
        }
        if cache.len() >= cache.limit() {
            // SAFETY: as above.
            if let Some(most) = unsafe { depot.unload(cache) } {
                let fit = self.limits.fit(most.max(bytes));
                if fit.limit >= cache.limit().saturating_mul(2) || !cache.allows(retained) {
                    // SAFETY: as above.
                    unsafe { cache.set_bounds(fit) };
                }
            }
        }
        // SAFETY: as above.
        unsafe { cache.push_any(object, retained) }
    }

    /// How many more objects the depot has room for, or the cache if there is no depot.
    pub(crate) fn room(&self, cache: CacheRef) -> usize {
        if self.limits.is_local {
            return cache.limit().saturating_sub(cache.len());
        }
        self.depot.lock().room()
    }

    /// Keeps a new object for a later get; tells whether that was possible.
    ///
    /// # Safety
    ///
    /// - The calling thread has claimed the cache, or it is the empty one.
    pub(crate) unsafe fn stock(&self, cache: CacheRef, object: Object) -> bool {
        let mut doomed = Doomed::new();
        let refused = if self.bytes_of(&object) > self.max_object_bytes() {
            Err((object, Reason::Oversize))
        } else {
            let mut depot = self.enter(&mut doomed);
            if self.limits.is_local {
                // First: a cache that is opened is summoned no longer.
                if !cache.is_empty_one() && cache.is_summoned() {
                    // SAFETY: the caller's promise, and it is not the empty one.
                    unsafe { self.obey(cache, &mut depot, &mut doomed) };
                }
                // SAFETY: the caller's promise is the one asked for.
                unsafe { self.stock_cache(cache, &mut depot, object) }
            } else {
                depot.keep(object)
            }
        };
        let is_kept = refused.is_ok();
        doomed.extend(refused.err());
        self.discard_all(doomed);
        is_kept
    }

    /// Keeps a new object in the thread's cache.
    ///
    /// # Safety
    ///
    /// - The calling thread has claimed the cache, or it is the empty one.
    unsafe fn stock_cache(
        &self,
        cache: CacheRef,
        depot: &mut Depot,
        object: Object,
    ) -> Result<(), (Object, Reason)> {
        let (bytes, retained) = (self.bytes_of(&object), object.header().retained());
        if !cache.is_empty_one() && !cache.allows(retained) {
            // SAFETY: the caller's promise, and it is not the empty one.
            unsafe { self.fit_cache(cache, depot, bytes) };
        }
        if cache.len() >= cache.limit() || !cache.allows(retained) {
            return Err((object, Reason::Full));
        }
        // SAFETY: the caller's promise, and the empty one has no room.
        unsafe { cache.load(core::iter::once(object)) };
        // SAFETY: as above.
        unsafe { depot.weigh(cache) };
        Ok(())
    }

    /// Has a call that ends a generation, or empties all, begin with the caller's cache.
    ///
    /// # Safety
    ///
    /// - The calling thread has claimed the cache, or it is the empty one.
    unsafe fn order(&self, cache: CacheRef, give: impl FnOnce(&mut Depot, &Caches, &mut Doomed)) {
        let mut doomed = Doomed::new();
        let mut depot = self.enter(&mut doomed);
        give(&mut depot, &self.caches, &mut doomed);
        if !cache.is_empty_one() {
            // SAFETY: the caller's promise, and it is not the empty one.
            unsafe { self.obey(cache, &mut depot, &mut doomed) };
        }
        drop(depot);
        self.discard_all(doomed);
    }

    /// Ends a generation.
    ///
    /// # Safety
    ///
    /// - The calling thread has claimed the cache, or it is the empty one.
    pub(crate) unsafe fn trim(&self, cache: CacheRef) {
        // SAFETY: the caller's promise is the one asked for.
        unsafe { self.order(cache, Depot::trim) };
    }

    /// Frees what the depot and the current thread keep, and tells the other threads.
    ///
    /// # Safety
    ///
    /// - The calling thread has claimed the cache, or it is the empty one.
    pub(crate) unsafe fn clear(&self, cache: CacheRef) {
        // SAFETY: the caller's promise is the one asked for.
        unsafe { self.order(cache, Depot::clear) };
    }

    /// Has the pool keep nothing from here on, and frees what it keeps, as far as
    /// [`clear`](Self::clear) does.
    ///
    /// # Safety
    ///
    /// - The calling thread has claimed the cache, or it is the empty one.
    #[cfg(feature = "buffer")]
    pub(crate) unsafe fn retire(&self, cache: CacheRef) {
        // SAFETY: the caller's promise is the one asked for.
        unsafe { self.order(cache, Depot::retire) };
    }

    /// Moves what the current thread keeps to the depot.
    ///
    /// # Safety
    ///
    /// - The calling thread has claimed the cache, or it is the empty one.
    pub(crate) unsafe fn flush(&self, cache: CacheRef) {
        if cache.is_empty_one() {
            return;
        }
        let mut doomed = Doomed::new();
        let mut depot = self.enter(&mut doomed);
        if cache.is_summoned() {
            // SAFETY: the caller's promise, and it is not the empty one.
            unsafe { self.obey(cache, &mut depot, &mut doomed) };
        }
        // SAFETY: as above.
        unsafe { depot.empty(cache, &mut doomed) };
        drop(depot);
        self.discard_all(doomed);
    }

    /// Has the current thread do what it was summoned for, if it was.
    ///
    /// # Safety
    ///
    /// - The calling thread has claimed the cache.
    pub(crate) unsafe fn catch_up(&self, cache: CacheRef) {
        let mut doomed = Doomed::new();
        let mut depot = self.enter(&mut doomed);
        if cache.is_summoned() {
            // SAFETY: the caller's promise, and a claimed cache is not the empty one.
            unsafe { self.obey(cache, &mut depot, &mut doomed) };
        }
        drop(depot);
        self.discard_all(doomed);
    }

    /// Moves the objects of a thread that ends to the depot.
    ///
    /// # Safety
    ///
    /// - The calling thread has claimed the cache.
    pub(crate) unsafe fn empty_cache_of_ending_thread(&self, cache: CacheRef) {
        // A panic that leaves a thread-local's destructor aborts the process.
        // SAFETY: the caller's promise is the one asked for.
        forget_panic(caught(|| unsafe { self.flush(cache) }));
    }

    /// Changes how many objects the depot keeps.
    pub(crate) fn set_max_idle(&self, max_idle: usize) {
        let mut doomed = Doomed::new();
        if self.limits.is_local {
            return;
        }
        let max_idle = if cfg!(poolable_passthrough) { 0 } else { max_idle };
        self.enter(&mut doomed).set_max_idle(max_idle, &mut doomed);
        self.discard_all(doomed);
    }

    /// Ends a generation, for a caller that may have nothing to do with the pool.
    pub(crate) fn trim_or_wish(&self) {
        self.work_or_wish(Depot::trim, Depot::wish_trim);
    }

    /// Ends a window, for a caller that may have nothing to do with the pool.
    pub(crate) fn maintain_or_wish(&self) {
        // A thread's own objects come and go last in, first out: what was not used between
        // two calls is what the thread does not need.
        if self.limits.is_local {
            return self.trim_or_wish();
        }
        self.work_or_wish(Depot::maintain, Depot::wish_maintain);
    }

    fn work_or_wish(
        &self,
        work: impl FnOnce(&mut Depot, &Caches, &mut Doomed),
        wish: impl FnOnce(&mut Depot, &Caches),
    ) {
        let mut doomed = Doomed::new();
        let mut depot = self.depot.lock();
        if depot.may_free(thread_number) {
            depot.fulfil_wishes(&self.caches, &mut doomed);
            work(&mut depot, &self.caches, &mut doomed);
        } else {
            wish(&mut depot, &self.caches);
        }
        drop(depot);
        self.discard_all(doomed);
    }

    /// Frees what the pool keeps, for the one who drops it: the thread that a pool of a type
    /// that is not `Send` belongs to, or any other.
    ///
    /// # Safety
    ///
    /// - Nobody gets or returns objects any more. A thread may still be about to flush its
    ///   cache, because it ends, or to catch up with an order.
    pub(crate) unsafe fn close(&self) {
        // SAFETY: no thread gets or returns. One that flushes or catches up touches its cache
        // under the lock of the depot alone.
        unsafe { self.free_all() };
    }

    /// Frees all that is idle.
    ///
    /// # Safety
    ///
    /// - No other thread uses a cache of the pool, unless it has locked the depot.
    unsafe fn free_all(&self) {
        let mut doomed = Doomed::new();
        let mut depot = self.depot.lock();
        depot.discard_bottom(usize::MAX, Reason::Explicit, &mut doomed);
        // SAFETY: the caller's promise, and the closure reaches no cache.
        unsafe { self.caches.empty(|object| doomed.push((object, Reason::Explicit))) };
        drop(depot);
        let outcome = self.discard_each(doomed);
        if std::thread::panicking() {
            forget_panic(outcome);
        } else if let Err(payload) = outcome {
            resume_unwind(payload);
        }
    }

    /// Counts and frees an object, and tells of it.
    pub(crate) fn discard(&self, object: Object, reason: Reason) {
        let _told = events::Discarding { pool: &self.name, reason };
        self.free(object, reason);
    }

    /// Counts and frees an object.
    fn free(&self, object: Object, reason: Reason) {
        self.tally.discarded(reason).add_one();
        // SAFETY: the objects of a pool are of the type that `free` is for.
        unsafe { (self.free)(object) };
    }

    /// Counts and frees objects, and tells of them; a panic goes on when all are freed.
    fn discard_all(&self, doomed: Doomed) {
        if let Err(payload) = self.discard_each(doomed) {
            resume_unwind(payload);
        }
    }

    /// Counts and frees objects, tells of them, and keeps the first panic.
    fn discard_each(&self, doomed: Doomed) -> std::thread::Result<()> {
        let mut outcome = Ok(());
        let mut told = events::Freed::default();
        for (object, reason) in doomed {
            told.add(reason);
            let freed = caught(|| self.free(object, reason));
            if outcome.is_ok() {
                outcome = freed;
            } else {
                forget_panic(freed);
            }
        }
        told.tell(&self.name);
        outcome
    }

    /// How many caches there are.
    pub(crate) fn caches(&self) -> usize {
        self.caches.totals().caches
    }

    pub(crate) fn stats(&self) -> Stats {
        let (idle, bytes_idle) = {
            let depot = self.depot.lock();
            (depot.idle(), depot.all_bytes())
        };
        let caches = self.caches.totals();
        let tally = &self.tally;
        let discarded = tally.all_discarded();
        let idle = caches.idle + idle as u64;
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
            bytes_idle: bytes_idle as u64,
        }
    }
}

#[cfg(loom)]
impl RawPool {
    /// Whether a cache has seen all orders.
    pub(crate) fn has_obeyed(&self, cache: CacheRef) -> bool {
        self.depot.lock().orders() == cache.seen()
    }
}

impl Drop for RawPool {
    fn drop(&mut self) {
        // SAFETY: the pool is nobody else's, and so are its caches.
        let freed = caught(|| unsafe { self.free_all() });
        events::gone(&self.name, || self.stats());
        if let Err(payload) = freed {
            resume_unwind(payload);
        }
    }
}

/// Runs code, and keeps its panic from going on.
pub(crate) fn caught<R>(run: impl FnOnce() -> R) -> std::thread::Result<R> {
    catch_unwind(AssertUnwindSafe(run))
}

/// Drops what a panic left behind, whose drop may panic in turn.
pub(crate) fn forget_panic<R>(outcome: std::thread::Result<R>) {
    if let Err(second) = caught(|| drop(outcome)) {
        mem::forget(second);
    }
}
