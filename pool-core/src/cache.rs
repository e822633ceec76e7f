//! One thread's objects of one pool: the hit path.
//!
//! A cache is a block of memory that its pool owns for ever. A thread claims one at its
//! first visit, reaches it through a thread-local pointer without a destructor
//! ([`Local`]), and gives it back when it ends; the next thread takes it over, counters
//! included. So the counters outlive the threads, and there are never more caches than
//! there were threads alive at once.
//!
//! # Invariants
//!
//! 1. Between a claim and its release, the claiming thread alone touches `items` and
//!    writes `len` and the counters. Others may read those.
//! 2. `items` are initialised below `len`, and `len <= capacity`.
//! 3. [`EMPTY`] has no room and no objects, so that nothing is ever written to it.
//! 4. No user code runs in this module.
//! 5. `len` is what was returned and what the depot gave on balance, less what was popped.
//!    So the pops, the hits of this cache, follow from the rest and are not counted.
//!
//! # Rejected
//!
//! A null pointer for a thread without a cache: it costs a branch at every get and
//! return, where the empty cache is caught by the check of the length.
//!
//! A slot of its own for the object that was returned last: 7 % faster (`benches/hit.rs`),
//! but a thread that holds two objects at once takes the slow way for the second.

use core::alloc::Layout;
use core::cell::Cell;
use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering};
use std::alloc::{alloc, handle_alloc_error};
use std::thread::LocalKey;

use crate::magazine::Magazine;
use crate::pool::RawPool;
use crate::slot::Object;
use crate::stats::Counter;

/// A thread's way to its cache: what the derive keeps in a `thread_local!`.
#[derive(Debug)]
pub struct Local(Cell<CacheRef>);

impl Local {
    /// A thread that has not been here yet.
    #[must_use]
    pub const fn new() -> Self {
        Self(Cell::new(CacheRef(&raw const EMPTY)))
    }

    #[inline(always)]
    pub(crate) fn get(&self) -> CacheRef {
        self.0.get()
    }

    pub(crate) fn set(&self, cache: CacheRef) {
        self.0.set(cache);
    }
}

impl Default for Local {
    fn default() -> Self {
        Self::new()
    }
}

/// The block itself. The array of objects follows it in the same allocation.
///
/// Aligned to a cache line, so that the lines one thread writes are no other's.
#[derive(Debug)]
#[repr(C, align(64))]
pub(crate) struct Cache {
    len: AtomicUsize,
    capacity: usize,
    /// An object that holds more takes the slow way.
    most_bytes: usize,
    returned: Counter,
    /// What `load` brought less what `unload` took; wraps below zero.
    moved_in: Counter,
    /// Hits that the depot served.
    depot_hits: Counter,
    /// What the objects held at the last exchange.
    bytes: AtomicUsize,
    /// Whether a thread has it.
    claimed: AtomicBool,
    /// The next cache of the same pool; never changes once the cache is listed.
    next: AtomicPtr<Cache>,
    pool: *const RawPool,
    /// The next cache of the same thread, and the pointer through which that thread
    /// finds this one: for the thread's end.
    next_of_thread: Cell<*const Cache>,
    local: Cell<*const Local>,
    items: [*mut (); 0],
}

// SAFETY: the fields that other threads read are atomics. The others are written before
// the cache is listed, or belong to the claiming thread (invariant 1); `Acquire` on a
// claim pairs with `Release` on a release.
unsafe impl Sync for Cache {}

static EMPTY: Cache = Cache::new(ptr::null(), 0, 0);

impl Cache {
    const fn new(pool: *const RawPool, capacity: usize, most_bytes: usize) -> Self {
        Self {
            len: AtomicUsize::new(0),
            capacity,
            most_bytes,
            returned: Counter::new(),
            moved_in: Counter::new(),
            depot_hits: Counter::new(),
            bytes: AtomicUsize::new(0),
            claimed: AtomicBool::new(true),
            next: AtomicPtr::new(ptr::null_mut()),
            pool,
            next_of_thread: Cell::new(ptr::null()),
            local: Cell::new(ptr::null()),
            items: [],
        }
    }
}

/// A pointer to a cache, which is never freed while its pool lives.
///
/// The unsafe methods ask for the same thing: the calling thread has claimed the cache,
/// and not released it; [`EMPTY`] counts as claimed by all. What `Local::get` returns is
/// such a cache, as long as no user code has run since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CacheRef(*const Cache);

impl CacheRef {
    #[inline(always)]
    fn head(&self) -> &Cache {
        // SAFETY: a `CacheRef` points to `EMPTY` or to a block that `allocate` made, and
        // those live as long as the pool whose code runs here.
        unsafe { &*self.0 }
    }

    #[inline(always)]
    fn item(self, index: usize) -> *mut *mut () {
        // SAFETY: the field is in bounds of the block.
        let items = unsafe { &raw const (*self.0).items };
        items.cast_mut().cast::<*mut ()>().wrapping_add(index)
    }

    pub(crate) fn is_empty_one(self) -> bool {
        ptr::eq(self.0, &raw const EMPTY)
    }

    pub(crate) fn capacity(self) -> usize {
        self.head().capacity
    }

    /// Takes the object that was returned last: a hit (invariant 5).
    ///
    /// # Safety
    ///
    /// - The calling thread has claimed the cache.
    #[inline(always)]
    pub(crate) unsafe fn pop(self) -> Option<Object> {
        let head = self.head();
        let len = head.len.load(Ordering::Relaxed);
        if len == 0 {
            return None;
        }
        head.len.store(len - 1, Ordering::Relaxed);
        // SAFETY: the item was below the old length, so it is in bounds and initialised
        // (invariant 2).
        let raw = unsafe { self.item(len - 1).read() };
        // SAFETY: lowering the length first means that it is not taken again.
        Some(unsafe { Object::from_raw(raw) })
    }

    /// Adds a returned object that holds `bytes`, and counts the return; gives it back
    /// if there is no room or it is too big.
    ///
    /// # Safety
    ///
    /// - The calling thread has claimed the cache.
    #[inline(always)]
    pub(crate) unsafe fn push(self, object: Object, bytes: usize) -> Result<(), Object> {
        let head = self.head();
        let len = head.len.load(Ordering::Relaxed);
        if bytes > head.most_bytes || len >= head.capacity {
            return Err(object);
        }
        // SAFETY: there is room, so the item is in bounds of the block.
        unsafe { self.item(len).write(object.into_raw()) };
        head.len.store(len + 1, Ordering::Relaxed);
        head.returned.add_as_only_writer(1);
        Ok(())
    }

    /// Counts a hit that the depot served.
    ///
    /// # Safety
    ///
    /// - The calling thread has claimed the cache, and it is not the empty one.
    pub(crate) unsafe fn count_hit(self) {
        self.head().depot_hits.add_as_only_writer(1);
    }

    /// Moves up to `count` objects, those returned longest ago, into a magazine; `None`
    /// if there are none.
    ///
    /// # Safety
    ///
    /// - The calling thread has claimed the cache.
    pub(crate) unsafe fn unload(self, count: usize) -> Option<Magazine> {
        let head = self.head();
        let len = head.len.load(Ordering::Relaxed);
        let count = count.min(len);
        if count == 0 {
            return None;
        }
        let mut magazine = Magazine::new();
        for index in 0..count {
            // SAFETY: below the length, so in bounds and initialised (invariant 2).
            let raw = unsafe { self.item(index).read() };
            // SAFETY: the rest is moved over it below, so it is taken back once.
            magazine.push(unsafe { Object::from_raw(raw) });
        }
        // SAFETY: both ranges lie below `len`.
        unsafe { ptr::copy(self.item(count), self.item(0), len - count) };
        head.len.store(len - count, Ordering::Relaxed);
        head.moved_in.add_as_only_writer((count as u64).wrapping_neg());
        Some(magazine)
    }

    /// Moves objects in, as many as there is room for; the others stay in `magazine`.
    ///
    /// # Safety
    ///
    /// - The calling thread has claimed the cache.
    pub(crate) unsafe fn load(self, magazine: &mut Magazine) {
        if magazine.len() == 0 || self.is_empty_one() {
            return;
        }
        let head = self.head();
        let before = head.len.load(Ordering::Relaxed);
        let mut len = before;
        while len < head.capacity {
            let Some(object) = magazine.pop() else { break };
            // SAFETY: there is room, so the item is in bounds of the block.
            unsafe { self.item(len).write(object.into_raw()) };
            len += 1;
        }
        head.len.store(len, Ordering::Relaxed);
        head.moved_in.add_as_only_writer((len - before) as u64);
    }

    /// Notes what the objects hold, after objects went to the depot or came from it.
    ///
    /// # Safety
    ///
    /// - The calling thread has claimed the cache.
    pub(crate) unsafe fn note_exchange(self) {
        if self.is_empty_one() {
            return;
        }
        let head = self.head();
        let mut sum = 0_usize;
        for index in 0..head.len.load(Ordering::Relaxed) {
            // SAFETY: below the length, so in bounds and initialised (invariant 2).
            let object = unsafe { &*self.item(index).cast::<Object>() };
            sum = sum.saturating_add(object.bytes());
        }
        head.bytes.store(sum, Ordering::Relaxed);
    }
}

/// All caches that a pool ever made: a list that only grows.
#[derive(Debug)]
pub(crate) struct Caches(AtomicPtr<Cache>);

/// What the caches show to any thread.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    pub(crate) hits: u64,
    pub(crate) returned: u64,
    pub(crate) idle: u64,
    pub(crate) bytes: u64,
}

impl Caches {
    pub(crate) const fn new() -> Self {
        Self(AtomicPtr::new(ptr::null_mut()))
    }

    fn iter(&self) -> impl Iterator<Item = CacheRef> {
        // Acquire: pairs with the Release in `claim`, publishing the block.
        let mut next = self.0.load(Ordering::Acquire);
        core::iter::from_fn(move || {
            if next.is_null() {
                return None;
            }
            let cache = CacheRef(next);
            // `next` was written before its cache was published.
            next = cache.head().next.load(Ordering::Relaxed);
            Some(cache)
        })
    }

    pub(crate) fn totals(&self) -> Totals {
        self.iter().fold(Totals::default(), |mut totals, cache| {
            let head = cache.head();
            let len = head.len.load(Ordering::Relaxed) as u64;
            let returned = head.returned.get();
            let popped = returned.wrapping_add(head.moved_in.get()).wrapping_sub(len);
            // While the owner is at work the three may not fit together.
            totals.hits += head.depot_hits.get() + u64::try_from(popped as i64).unwrap_or(0);
            totals.returned += returned;
            totals.idle += len;
            totals.bytes += head.bytes.load(Ordering::Relaxed) as u64;
            totals
        })
    }

    /// Claims a cache that no thread has, or a new one.
    pub(crate) fn claim(&self, pool: &'static RawPool) -> CacheRef {
        for cache in self.iter() {
            // A look first, so that the lines of threads at work are left to them.
            let claimed = &cache.head().claimed;
            // Acquire: pairs with the Release in `OfThread::drop`, so that the contents
            // are those that the last owner left.
            if !claimed.load(Ordering::Relaxed) && !claimed.swap(true, Ordering::Acquire) {
                return cache;
            }
        }
        let cache = allocate(Cache::new(pool, pool.cache_capacity(), pool.most_cached_bytes()));
        let mut first = self.0.load(Ordering::Relaxed);
        loop {
            // SAFETY: the block is valid, and not shared yet.
            unsafe { (*cache).next.store(first, Ordering::Relaxed) };
            // Release: pairs with the Acquire in `iter`.
            match self.0.compare_exchange_weak(first, cache, Ordering::Release, Ordering::Relaxed) {
                Ok(_) => return CacheRef(cache.cast_const()),
                Err(now) => first = now,
            }
        }
    }
}

/// Allocates a block with room for the objects of `cache`.
fn allocate(cache: Cache) -> *mut Cache {
    let items = Layout::array::<*mut ()>(cache.capacity).ok();
    let layout = items.and_then(|items| Layout::new::<Cache>().extend(items).ok());
    let Some((layout, _)) = layout else {
        panic!("`#[pool(cache = {})]`: no memory is that large", cache.capacity);
    };
    // SAFETY: the layout has the size of a `Cache` at least, so it is not zero.
    let block = unsafe { alloc(layout) }.cast::<Cache>();
    if block.is_null() {
        handle_alloc_error(layout);
    }
    // SAFETY: the block is ours and has the layout of a `Cache` in front.
    unsafe { block.write(cache) };
    block
}

/// The caches that the current thread has claimed, by way of `Cache::next_of_thread`.
struct OfThread(Cell<*const Cache>);

thread_local! {
    static OF_THREAD: OfThread = const { OfThread(Cell::new(ptr::null())) };
}

impl Drop for OfThread {
    /// Hands the caches of a thread that ends to their pools.
    ///
    /// While this runs, [`claim_for_thread`] finds the list gone, and so code that runs
    /// in here or later on this thread works without a cache.
    fn drop(&mut self) {
        loop {
            let first = CacheRef(self.0.get());
            if first.0.is_null() {
                return;
            }
            let cache = first.head();
            self.0.set(cache.next_of_thread.get());
            // SAFETY: the pointer was set by `claim_for_thread` on this thread, and
            // `NATIVE_THREAD_LOCALS` says that it is valid until the thread has ended.
            let local = unsafe { &*cache.local.get() };
            // First of all: from here on no get and no return finds the cache.
            local.set(CacheRef(&raw const EMPTY));
            // SAFETY: only caches of a pool are in the list, and a pool that makes
            // caches is never freed.
            let pool = unsafe { &*cache.pool };
            pool.empty_cache_of_ending_thread(first);
            // Release: pairs with the Acquire in `claim`.
            cache.claimed.store(false, Ordering::Release);
        }
    }
}

/// Claims a cache of `pool` for the current thread, unless the thread is ending, or ends
/// in an order that nobody knows.
pub(crate) fn claim_for_thread(pool: &'static RawPool, caches: &Caches, local: &Local) -> CacheRef {
    if !NATIVE_THREAD_LOCALS {
        return local.get();
    }
    let claimed = OF_THREAD.try_with(|of_thread| {
        let cache = caches.claim(pool);
        let head = cache.head();
        head.local.set(local);
        head.next_of_thread.set(of_thread.0.get());
        of_thread.0.set(cache.0);
        local.set(cache);
        cache
    });
    claimed.unwrap_or_else(|_| local.get())
}

/// Whether a thread-local without a destructor is memory of the thread's own, there until
/// the thread has ended. Elsewhere std allocates it, and frees it in an order of its own,
/// perhaps before the caches are handed over; so there are no caches there.
const NATIVE_THREAD_LOCALS: bool = cfg!(any(
    all(target_os = "linux", any(target_env = "gnu", target_env = "musl")),
    target_vendor = "apple",
    all(target_os = "windows", target_env = "msvc"),
    target_os = "freebsd",
));

/// What every thread has where there are no caches. Never written to.
struct Shared(Local);

// SAFETY: `set` is called by `claim_for_thread` and by `OfThread::drop` alone. The former
// does not come to it where this is used, and the latter finds no cache then.
unsafe impl Sync for Shared {}

static WITHOUT_CACHE: Shared = Shared(Local::new());

/// The current thread's way to its cache, given the thread-local that the derive made.
#[inline(always)]
pub fn local(key: &'static LocalKey<Local>) -> *const Local {
    if NATIVE_THREAD_LOCALS { key.with(ptr::from_ref) } else { &raw const WITHOUT_CACHE.0 }
}
