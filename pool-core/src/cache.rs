//! One thread's objects of one pool: the hit path.
//!
//! A cache is a block of memory that its pool owns. A thread claims one at its first visit
//! and gives it back when it ends (see `thread`); the next thread takes it over, counters
//! included. So the counters outlive the threads, and there are never more caches than
//! there were threads alive at once.
//!
//! The object that was returned last has a place of its own, `hot`: a get that finds it
//! there and a return that leaves one there touch no length, whose way through memory would
//! be the longest chain of a hit. What a thread holds beyond one object goes through the
//! array, in a call, still without a lock.
//!
//! Other threads cannot reach into a cache: its owner works on it without a lock. They
//! *summon* the owner instead: they move the two bounds that a get and a return check
//! anyway, `floor` and `ceiling`, so that the next visit takes the slow way, whatever it
//! wants. There the owner learns what it is to do (see `depot`). While somebody watches who
//! holds objects (see `watch`), `floor` alone is moved, and every get takes the slow way.
//!
//! # Invariants
//!
//! 1. Between a claim and its release, the claiming thread alone touches `items` and
//!    writes `hot`, `len` and the counters. Others may read those.
//! 2. `items` are initialised below `len`, and `len < capacity`, but while objects are
//!    moved in this module: there is always an item for the hot one. A summons changes
//!    none of these.
//! 3. `floor`, `ceiling` and `limit` are written under the lock of the depot alone, so that
//!    no summons is lost. `limit <= capacity`.
//! 4. [`EMPTY`] has no room and no objects, so that nothing is ever written to it.
//! 5. No user code runs in this module.
//! 6. The objects here are what was returned and what the depot gave on balance, less what
//!    was popped. So the pops, the hits of this cache, follow from the rest and are not
//!    counted.
//!
//! # Rejected
//!
//! A null pointer for a thread without a cache: it costs a branch at every get and
//! return, where the empty cache is caught by the check of the bounds.
//!
//! The array alone: see `benches/hit.rs`, where the hot place made a hit a tenth faster.

use core::alloc::Layout;
use core::cell::Cell;
use core::ops::Range;
use core::ptr;
use std::alloc::{alloc, dealloc, handle_alloc_error};

use crate::slot::Object;
use crate::stats::Counter;
use crate::sync::{AtomicBool, AtomicPtr, AtomicUsize, Exclusive, Ordering, at_compile_time};
use crate::watch;

/// The block itself. The array of objects follows it in the same allocation.
///
/// Aligned to a cache line, so that the lines one thread writes are no other's. What a hit
/// needs comes first, and fills one line.
#[derive(Debug)]
#[repr(C, align(64))]
pub(crate) struct Cache {
    /// The object that was returned last, if it is still here.
    hot: AtomicPtr<()>,
    /// A get that finds no higher address than this takes the slow way: 0, [`WATCHED`] or
    /// [`SUMMONED`].
    floor: AtomicUsize,
    /// The return of an object that holds as much heap as this takes the slow way: one byte
    /// more than is allowed, or 0.
    ceiling: AtomicUsize,
    returned: Counter,
    /// The length of the array.
    len: AtomicUsize,
    /// How many objects may be here.
    limit: AtomicUsize,
    /// What the depot gave less what it took; wraps below zero.
    moved_in: Counter,
    /// Hits that the depot served.
    depot_hits: Counter,
    /// What the objects held at the last exchange.
    bytes: AtomicUsize,
    /// What `popped` was at the last time that the cache was full.
    popped_when_full: Cell<u64>,
    /// How many of the depot's orders the owner has carried out.
    seen: Cell<Orders>,
    /// Whether a thread has it.
    claimed: AtomicBool,
    capacity: usize,
    /// The next cache of the same pool; never changes once the cache is listed.
    next: AtomicPtr<Cache>,
    exclusive: Exclusive,
    items: [*mut (); 0],
}

/// The `floor` of a cache whose owner is to take the slow way.
const SUMMONED: usize = usize::MAX;

/// The `floor` of a cache whose gets are watched. No object has an address as high.
const WATCHED: usize = SUMMONED - 1;

/// What a depot asked of the owners of all caches, counted since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Orders {
    /// To mark the objects, and to free those that were marked.
    pub(crate) trims: usize,
    /// To free all objects.
    pub(crate) clears: usize,
    /// To hand all objects over.
    pub(crate) sweeps: usize,
}

/// How many objects a cache may keep, and how big ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fit {
    /// In objects.
    pub(crate) limit: usize,
    /// What each may hold on the heap, in bytes.
    pub(crate) most_retained: usize,
}

impl Fit {
    /// That of a cache which is to keep nothing.
    pub(crate) const NOTHING: Self = Self { limit: 0, most_retained: 0 };
}

// SAFETY: the fields that other threads read are atomics. The others are written before
// the cache is listed, or belong to the claiming thread (invariant 1); `Acquire` on a
// claim pairs with `Release` on a release.
unsafe impl Sync for Cache {}

#[cfg(not(loom))]
static EMPTY: Cache = Cache::new(0);

impl Cache {
    at_compile_time! {
        const fn new(capacity: usize) -> Self {
            Self {
                hot: AtomicPtr::new(ptr::null_mut()),
                floor: AtomicUsize::new(0),
                ceiling: AtomicUsize::new(0),
                returned: Counter::new(),
                len: AtomicUsize::new(0),
                limit: AtomicUsize::new(0),
                moved_in: Counter::new(),
                depot_hits: Counter::new(),
                bytes: AtomicUsize::new(0),
                popped_when_full: Cell::new(0),
                seen: Cell::new(Orders { trims: 0, clears: 0, sweeps: 0 }),
                claimed: AtomicBool::new(true),
                capacity,
                next: AtomicPtr::new(ptr::null_mut()),
                exclusive: Exclusive::new(),
                items: [],
            }
        }
    }
}

/// A pointer to a cache, which is not freed while its pool lives.
///
/// The unsafe methods ask for the same thing: the calling thread has claimed the cache,
/// and not released it; [`EMPTY`] counts as claimed by all. What a thread finds on its way
/// to a pool (see `thread`) is such a cache, as long as no user code has run since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CacheRef(*const Cache);

impl CacheRef {
    /// The cache of a thread that has none.
    #[cfg(not(loom))]
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

    /// Whether this is the cache of a thread that has none. No other has no capacity.
    pub(crate) fn is_empty_one(self) -> bool {
        self.head().capacity == 0
    }

    /// Leaves the cache to the next thread that comes.
    ///
    /// # Safety
    ///
    /// - The calling thread has claimed the cache, and does not use it any more.
    pub(crate) unsafe fn release(self) {
        // Release: pairs with the Acquire in `claim`. The lock of the depot, which every
        // owner takes first and last, would do.
        self.head().claimed.store(false, Ordering::Release);
    }

    #[inline(always)]
    pub(crate) fn limit(self) -> usize {
        self.head().limit.load(Ordering::Relaxed)
    }

    /// What the objects held at the last exchange, in bytes.
    pub(crate) fn bytes(self) -> usize {
        self.head().bytes.load(Ordering::Relaxed)
    }

    /// Takes the hot object: a hit (invariant 6).
    ///
    /// # Safety
    ///
    /// - The calling thread has claimed the cache.
    #[inline(always)]
    pub(crate) unsafe fn pop(self) -> Option<Object> {
        let head = self.head();
        let hot = head.hot.load(Ordering::Relaxed);
        if hot.addr() <= head.floor.load(Ordering::Relaxed) {
            return None;
        }
        head.exclusive.touch();
        head.hot.store(ptr::null_mut(), Ordering::Relaxed);
        // SAFETY: `push` put it there, and with the store above it is taken out once.
        Some(unsafe { Object::from_raw(hot) })
    }

    /// Makes a returned object that holds `retained` bytes of heap the hot one, and counts
    /// the return; gives it back if there is one, or if it is too big.
    ///
    /// # Safety
    ///
    /// - The calling thread has claimed the cache.
    #[inline(always)]
    pub(crate) unsafe fn push(self, object: Object, retained: usize) -> Result<(), Object> {
        if !self.has_room_for(retained) {
            return Err(object);
        }
        // SAFETY: the caller's promise, and there is room.
        unsafe { self.put(object) };
        Ok(())
    }

    /// Whether an object that holds `retained` bytes of heap may become the hot one.
    #[inline(always)]
    pub(crate) fn has_room_for(self, retained: usize) -> bool {
        self.allows(retained) && self.head().hot.load(Ordering::Relaxed).is_null()
    }

    /// Makes a returned object the hot one, and counts the return.
    ///
    /// # Safety
    ///
    /// - The calling thread has claimed the cache.
    /// - There is [room](Self::has_room_for) for it, and so this is not the empty cache.
    #[inline(always)]
    pub(crate) unsafe fn put(self, object: Object) {
        let head = self.head();
        head.exclusive.touch();
        head.hot.store(object.into_raw(), Ordering::Relaxed);
        head.returned.add_as_only_writer(1);
    }

    /// Takes an object when none is hot: the one that was returned last.
    ///
    /// # Safety
    ///
    /// - The calling thread has claimed the cache.
    #[inline(always)]
    pub(crate) unsafe fn pop_more(self) -> Option<Object> {
        if self.head().floor.load(Ordering::Relaxed) != 0 {
            return None;
        }
        // SAFETY: the caller's promise is the one asked for.
        unsafe { self.pop_item() }
    }

    /// Takes the object that was returned last, but for the hot one.
    ///
    /// # Safety
    ///
    /// - The calling thread has claimed the cache.
    #[inline(always)]
    unsafe fn pop_item(self) -> Option<Object> {
        let head = self.head();
        let len = head.len.load(Ordering::Relaxed);
        if len == 0 {
            return None;
        }
        head.exclusive.touch();
        head.len.store(len - 1, Ordering::Relaxed);
        // SAFETY: the item was below the old length, so it is in bounds and initialised
        // (invariant 2).
        let raw = unsafe { self.item(len - 1).read() };
        // SAFETY: lowering the length first means that it is not taken again.
        Some(unsafe { Object::from_raw(raw) })
    }

    /// Takes an object wherever it is, watched or not, unless the owner was summoned.
    ///
    /// # Safety
    ///
    /// - The calling thread has claimed the cache.
    pub(crate) unsafe fn pop_watched(self) -> Option<Object> {
        if self.is_summoned() {
            return None;
        }
        let head = self.head();
        let hot = head.hot.load(Ordering::Relaxed);
        if hot.is_null() {
            // SAFETY: the caller's promise is the one asked for.
            return unsafe { self.pop_item() };
        }
        head.exclusive.touch();
        head.hot.store(ptr::null_mut(), Ordering::Relaxed);
        // SAFETY: `push` put it there, and with the store above it is taken out once.
        Some(unsafe { Object::from_raw(hot) })
    }

    /// Takes an object wherever it is.
    ///
    /// # Safety
    ///
    /// - The calling thread has claimed the cache.
    #[inline(always)]
    pub(crate) unsafe fn pop_any(self) -> Option<Object> {
        // SAFETY: the caller's promise is the one asked for.
        let hot = unsafe { self.pop() };
        // SAFETY: as above.
        hot.or_else(|| unsafe { self.pop_more() })
    }

    /// Adds a returned object wherever there is room, and counts the return.
    ///
    /// # Safety
    ///
    /// - The calling thread has claimed the cache.
    pub(crate) unsafe fn push_any(self, object: Object, retained: usize) -> Result<(), Object> {
        // SAFETY: the caller's promise is the one asked for.
        let Err(object) = (unsafe { self.push(object, retained) }) else { return Ok(()) };
        // SAFETY: as above.
        unsafe { self.push_more(object, retained) }
    }

    /// Makes a returned object the hot one, and moves that into the array, if there is room.
    ///
    /// # Safety
    ///
    /// - The calling thread has claimed the cache.
    #[inline(always)]
    pub(crate) unsafe fn push_more(self, object: Object, retained: usize) -> Result<(), Object> {
        let head = self.head();
        let (len, hot) = (head.len.load(Ordering::Relaxed), head.hot.load(Ordering::Relaxed));
        if retained >= head.ceiling.load(Ordering::Relaxed)
            || len + usize::from(!hot.is_null()) >= self.limit()
        {
            return Err(object);
        }
        head.exclusive.touch();
        if !hot.is_null() {
            // SAFETY: there is an item for the hot one (invariant 2).
            unsafe { self.item(len).write(hot) };
            head.len.store(len + 1, Ordering::Relaxed);
        }
        head.hot.store(object.into_raw(), Ordering::Relaxed);
        head.returned.add_as_only_writer(1);
        Ok(())
    }

    /// Moves the hot object into the array.
    fn cool(self) {
        let head = self.head();
        head.exclusive.touch();
        let hot = head.hot.load(Ordering::Relaxed);
        if !hot.is_null() {
            let len = head.len.load(Ordering::Relaxed);
            // SAFETY: there is an item for the hot one (invariant 2).
            unsafe { self.item(len).write(hot) };
            head.len.store(len + 1, Ordering::Relaxed);
            head.hot.store(ptr::null_mut(), Ordering::Relaxed);
        }
    }

    /// Makes the object on top of the array the hot one.
    fn warm(self) {
        let head = self.head();
        let len = head.len.load(Ordering::Relaxed);
        if len > 0 && head.hot.load(Ordering::Relaxed).is_null() {
            // SAFETY: the item is below the length, so it is initialised (invariant 2).
            let raw = unsafe { self.item(len - 1).read() };
            head.len.store(len - 1, Ordering::Relaxed);
            head.hot.store(raw, Ordering::Relaxed);
        }
    }

    /// Counts a hit that the depot served.
    ///
    /// # Safety
    ///
    /// - The calling thread has claimed the cache, and it is not the empty one.
    pub(crate) unsafe fn count_hit(self) {
        self.head().depot_hits.add_as_only_writer(1);
    }

    /// Counts a return whose object does not stay here.
    ///
    /// # Safety
    ///
    /// - The calling thread has claimed the cache, and it is not the empty one.
    pub(crate) unsafe fn count_return(self) {
        let head = self.head();
        head.returned.add_as_only_writer(1);
        // It came and it went.
        head.moved_in.add_as_only_writer(1_u64.wrapping_neg());
    }

    /// Offers each object to `take`, those returned longest ago first, and keeps those that
    /// it gives back.
    ///
    /// # Safety
    ///
    /// - The calling thread has claimed the cache.
    /// - `take` does not reach this cache.
    pub(crate) unsafe fn sift(self, mut take: impl FnMut(Object) -> Option<Object>) {
        if self.len() == 0 {
            return;
        }
        self.cool();
        let head = self.head();
        let len = head.len.load(Ordering::Relaxed);
        let mut kept = 0;
        for index in 0..len {
            // SAFETY: below the length, so in bounds and initialised (invariant 2).
            let raw = unsafe { self.item(index).read() };
            // SAFETY: the length below leaves out what is not written again.
            let object = unsafe { Object::from_raw(raw) };
            if let Some(object) = take(object) {
                // SAFETY: `kept <= index`, so the item is in bounds, and was read already.
                unsafe { self.item(kept).write(object.into_raw()) };
                kept += 1;
            }
        }
        head.len.store(kept, Ordering::Relaxed);
        head.moved_in.add_as_only_writer(((len - kept) as u64).wrapping_neg());
        self.warm();
    }

    /// The `count` objects returned longest ago, of as many that are here at least. They
    /// stay until [`remove_oldest`](Self::remove_oldest), which must come next.
    ///
    /// # Safety
    ///
    /// - The calling thread has claimed the cache.
    /// - Each object is taken once, and then removed.
    pub(crate) unsafe fn oldest(self, count: usize) -> impl ExactSizeIterator<Item = Object> {
        self.cool();
        debug_assert!(count <= self.len());
        (0..count).map(move |index| {
            // SAFETY: below the length, so in bounds and initialised (invariant 2).
            let raw = unsafe { self.item(index).read() };
            // SAFETY: the caller removes it.
            unsafe { Object::from_raw(raw) }
        })
    }

    /// Lets go of the objects that [`oldest`](Self::oldest) gave out.
    ///
    /// # Safety
    ///
    /// - The calling thread has claimed the cache.
    /// - It took `count` objects by `oldest`, and nothing happened to the cache since.
    pub(crate) unsafe fn remove_oldest(self, count: usize) {
        let head = self.head();
        let left = head.len.load(Ordering::Relaxed) - count;
        // SAFETY: both ranges lie below the length.
        unsafe { ptr::copy(self.item(count), self.item(0), left) };
        head.len.store(left, Ordering::Relaxed);
        head.moved_in.add_as_only_writer((count as u64).wrapping_neg());
        self.warm();
    }

    /// Moves objects in, at most as many as the limit has room for, and leaves the others.
    ///
    /// # Safety
    ///
    /// - The calling thread has claimed the cache.
    pub(crate) unsafe fn load(self, objects: impl Iterator<Item = Object>) {
        let head = self.head();
        let room = self.limit().saturating_sub(self.len());
        if room == 0 {
            return;
        }
        self.cool();
        let before = head.len.load(Ordering::Relaxed);
        let mut len = before;
        for object in objects.take(room) {
            // SAFETY: there is room, so the item is in bounds of the block.
            unsafe { self.item(len).write(object.into_raw()) };
            len += 1;
        }
        head.len.store(len, Ordering::Relaxed);
        head.moved_in.add_as_only_writer((len - before) as u64);
        self.warm();
    }

    /// How many objects are here, the hot one included.
    #[inline(always)]
    pub(crate) fn len(self) -> usize {
        let is_hot = !self.head().hot.load(Ordering::Relaxed).is_null();
        self.head().len.load(Ordering::Relaxed) + usize::from(is_hot)
    }

    /// Notes that the cache is full, and tells whether anything was taken out of it since
    /// it was last.
    ///
    /// # Safety
    ///
    /// - The calling thread has claimed the cache, and it is not the empty one.
    pub(crate) unsafe fn was_used_since_full(self) -> bool {
        let popped = self.popped();
        self.head().popped_when_full.replace(popped) != popped
    }

    /// How many objects were popped, ever (invariant 6).
    fn popped(self) -> u64 {
        let head = self.head();
        head.returned.get().wrapping_add(head.moved_in.get()).wrapping_sub(self.len() as u64)
    }

    /// What objects hold together, each of them `object_size` inline, and what the biggest
    /// one does, in bytes; those of a range, counted from the one returned longest ago.
    ///
    /// # Safety
    ///
    /// - The calling thread has claimed the cache.
    pub(crate) unsafe fn weigh(self, range: Range<usize>, object_size: usize) -> (usize, usize) {
        debug_assert!(range.end <= self.len());
        if range.is_empty() {
            return (0, 0);
        }
        self.cool();
        let (mut sum, mut most) = (0, 0);
        for index in range {
            // SAFETY: below the length, so in bounds and initialised (invariant 2).
            let object = unsafe { &*self.item(index).cast::<Object>() };
            let bytes = object.header().retained() + object_size;
            sum += bytes;
            most = most.max(bytes);
        }
        self.warm();
        (sum, most)
    }

    /// Notes what the objects hold together.
    ///
    /// Called under the lock of the depot, which keeps the sum over all caches.
    pub(crate) fn note_bytes(self, bytes: usize) {
        self.head().bytes.store(bytes, Ordering::Relaxed);
    }

    /// Whether another thread wants the owner to take the slow way.
    #[inline(always)]
    pub(crate) fn is_summoned(self) -> bool {
        self.head().floor.load(Ordering::Relaxed) == SUMMONED
    }

    /// Makes the next visit of the owner take the slow way.
    ///
    /// Called under the lock of the depot (invariant 3).
    fn summon(self) {
        self.head().floor.store(SUMMONED, Ordering::Relaxed);
        self.head().ceiling.store(0, Ordering::Relaxed);
    }

    /// Has the gets be watched, or not any more.
    ///
    /// Called under the lock of the depot (invariant 3).
    fn watch(self, is_watched: bool) {
        // A summons stands: who obeys it sets the bounds, and looks for itself.
        if !self.is_summoned() {
            self.set_floor(is_watched);
        }
    }

    fn set_floor(self, is_watched: bool) {
        let floor = if is_watched { WATCHED } else { 0 };
        self.head().floor.store(floor, Ordering::Relaxed);
    }

    /// Sets the bounds: those of a cache whose owner has not been summoned, or not any more.
    ///
    /// Called under the lock of the depot (invariant 3).
    ///
    /// # Safety
    ///
    /// - The calling thread has claimed the cache, and it is not the empty one.
    pub(crate) unsafe fn set_bounds(self, fit: Fit) {
        let head = self.head();
        self.set_floor(watch::is_on());
        head.limit.store(fit.limit.min(head.capacity), Ordering::Relaxed);
        // The hot place has no look at the limit, so it stays shut while there are more.
        let is_open = head.len.load(Ordering::Relaxed) < fit.limit;
        let ceiling = if is_open { fit.most_retained + 1 } else { 0 };
        head.ceiling.store(ceiling, Ordering::Relaxed);
    }

    /// Whether objects that hold `retained` bytes of heap may be here.
    #[inline(always)]
    pub(crate) fn allows(self, retained: usize) -> bool {
        retained < self.head().ceiling.load(Ordering::Relaxed)
    }

    /// The depot's orders that the owner has taken note of.
    #[cfg(loom)]
    pub(crate) fn seen(self) -> Orders {
        self.head().exclusive.touch();
        self.head().seen.get()
    }

    /// Takes note of the depot's orders, and returns those that were noted before.
    ///
    /// # Safety
    ///
    /// - The calling thread has claimed the cache, and it is not the empty one.
    pub(crate) unsafe fn see(self, orders: Orders) -> Orders {
        self.head().exclusive.touch();
        self.head().seen.replace(orders)
    }
}

/// All caches that a pool ever made: a list that only grows, and is freed with the pool.
#[derive(Debug)]
pub(crate) struct Caches(AtomicPtr<Cache>);

/// What the caches show to any thread.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    pub(crate) caches: usize,
    pub(crate) hits: u64,
    pub(crate) returned: u64,
    pub(crate) idle: u64,
}

impl Caches {
    at_compile_time! {
        pub(crate) const fn new() -> Self {
            Self(AtomicPtr::new(ptr::null_mut()))
        }
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
            totals.caches += 1;
            // While the owner is at work its figures may not fit together.
            let popped = u64::try_from(cache.popped() as i64).unwrap_or(0);
            totals.hits += head.depot_hits.get() + popped;
            totals.returned += head.returned.get();
            totals.idle += cache.len() as u64;
            totals
        })
    }

    /// Claims a cache that no thread has, or a new one with room for `capacity` objects.
    ///
    /// Its bounds are to be set yet.
    pub(crate) fn claim(&self, capacity: usize) -> CacheRef {
        for cache in self.iter() {
            // A look first, so that the lines of threads at work are left to them.
            let claimed = &cache.head().claimed;
            // Acquire: pairs with the Release in `release`, so that the contents
            // are those that the last owner left.
            if !claimed.load(Ordering::Relaxed) && !claimed.swap(true, Ordering::Acquire) {
                return cache;
            }
        }
        let cache = allocate(capacity);
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

    /// Makes the next visit of every owner take the slow way.
    ///
    /// Called under the lock of the depot (invariant 3 of this module).
    pub(crate) fn summon(&self) {
        for cache in self.iter() {
            cache.summon();
        }
    }

    /// Has the gets of all caches be watched, or not any more.
    ///
    /// Called under the lock of the depot (invariant 3 of this module).
    pub(crate) fn watch(&self, is_watched: bool) {
        for cache in self.iter() {
            cache.watch(is_watched);
        }
    }

    /// Offers the objects of all caches to `take`.
    ///
    /// # Safety
    ///
    /// - No other thread uses a cache of the pool meanwhile.
    /// - `take` does not reach one.
    pub(crate) unsafe fn empty(&self, mut take: impl FnMut(Object)) {
        for cache in self.iter() {
            // SAFETY: where no other thread uses the cache, it is as good as claimed; and
            // the caller's second promise is the one asked for.
            unsafe {
                cache.sift(|object| {
                    take(object);
                    None
                });
            }
        }
    }
}

impl Drop for Caches {
    /// Frees the blocks. Their objects were freed by the pool, which knows how.
    fn drop(&mut self) {
        // Collected first: the list runs through the blocks.
        let caches: Vec<CacheRef> = self.iter().collect();
        for CacheRef(cache) in caches {
            // SAFETY: the pool is dropped, and with it all ways to its caches.
            let layout = layout(unsafe { (*cache).capacity });
            // SAFETY: as above, and the block is dropped once.
            unsafe { ptr::drop_in_place(cache.cast_mut()) };
            // SAFETY: `allocate` made the block with this very layout.
            unsafe { dealloc(cache.cast_mut().cast(), layout) };
        }
    }
}

/// The layout of a block with room for `capacity` objects.
fn layout(capacity: usize) -> Layout {
    let items = Layout::array::<*mut ()>(capacity).ok();
    let layout = items.and_then(|items| Layout::new::<Cache>().extend(items).ok());
    let Some((layout, _)) = layout else {
        panic!("a cache of {capacity} objects: no memory is that large");
    };
    layout
}

/// Allocates a block with room for `capacity` objects.
fn allocate(capacity: usize) -> *mut Cache {
    let layout = layout(capacity);
    // SAFETY: the layout has the size of a `Cache` at least, so it is not zero.
    let block = unsafe { alloc(layout) }.cast::<Cache>();
    if block.is_null() {
        handle_alloc_error(layout);
    }
    // SAFETY: the block is ours and has the layout of a `Cache` in front.
    unsafe { block.write(Cache::new(capacity)) };
    block
}
