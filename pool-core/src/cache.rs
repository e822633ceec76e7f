//! One thread's objects of one pool: the hit path.
//!
//! A cache is a block of memory that its pool owns for ever. A thread claims one at its
//! first visit and gives it back when it ends (see `thread`); the next thread takes it
//! over, counters included. So the counters outlive the threads, and there are never more
//! caches than there were threads alive at once.
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

use crate::magazine::Magazine;
use crate::pool::RawPool;
use crate::slot::Object;
use crate::stats::Counter;
use crate::thread::RawLocal;

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
    local: Cell<*const RawLocal>,
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
/// and not released it; [`EMPTY`] counts as claimed by all. What `RawLocal::get` returns is
/// such a cache, as long as no user code has run since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CacheRef(*const Cache);

impl CacheRef {
    /// The cache of a thread that has none.
    pub(crate) const EMPTY: Self = Self(&raw const EMPTY);

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

    /// Puts the cache in front of those that the thread has claimed.
    pub(crate) fn link(self, next: Option<Self>, local: &RawLocal) {
        self.head().next_of_thread.set(next.map_or(ptr::null(), |next| next.0));
        self.head().local.set(local);
    }

    /// The next of the thread's caches, the way by which the thread finds this one, and
    /// the pool: what `link` and `claim` were given.
    pub(crate) fn links(self) -> (Option<Self>, *const RawLocal, *const RawPool) {
        let head = self.head();
        let next = head.next_of_thread.get();
        ((!next.is_null()).then_some(Self(next)), head.local.get(), head.pool)
    }

    /// Leaves the cache to the next thread that comes.
    ///
    /// # Safety
    ///
    /// - The calling thread has claimed the cache, and does not use it any more.
    pub(crate) unsafe fn release(self) {
        // Release: pairs with the Acquire in `claim`.
        self.head().claimed.store(false, Ordering::Release);
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
            // Acquire: pairs with the Release in `release`, so that the contents
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
