//! The idle objects that all threads share, behind one lock.
//!
//! Objects come and go in batches of up to half a cache, and a batch is a copy of pointers:
//! a thread that only gets, or only returns, takes the lock once in 32 objects.
//!
//! Both stacks give out what came in last. So what lies below the lowest level of a while
//! was not needed in it: the surplus of a working-set trim is read off one number.
//!
//! # Invariants
//!
//! 1. No user code runs while the lock is held, and nothing panics: what is to be freed
//!    goes to [`Doomed`], for the caller to free after the lock.
//! 2. `idle() <= max_idle`, and an object enters only while `bytes` and `bytes_cached`
//!    together stay within `max_bytes`.
//! 3. `orders` only grow. A cache that has not seen the latest ones is summoned.
//!
//! # Rejected
//!
//! A lock-free queue of magazines: see `docs/benchmarks.md` for what the lock costs. Limits
//! that hold exactly, trims, and a limit that changes while threads run each needed a
//! protocol of their own around it.

use std::collections::VecDeque;

use crate::cache::{CacheRef, Caches, Fit, Orders};
use crate::slot::Object;
use crate::stats::Reason;
use crate::sync::at_compile_time;

/// An object that holds more is kept by the depot alone, apart from the others, so that no
/// thread hoards it: 128 KiB.
pub(crate) const MOST_CACHED_BYTES: usize = 128 << 10;

/// Objects that are to be freed as soon as no lock is held.
pub(crate) type Doomed = Vec<(Object, Reason)>;

/// An idle object, and what a walk through many of them needs to know.
#[derive(Debug)]
struct Entry {
    object: Object,
    /// What it holds, inline and on the heap.
    bytes: usize,
    /// Whether it was idle at the last trim.
    old: bool,
}

/// A stack that knows how low it got.
#[derive(Debug)]
struct Stack {
    /// The bottom is the front.
    entries: VecDeque<Entry>,
    /// The least that was in it since the current window began. Until something is taken
    /// for the first time there is no such thing: the gets of a new pool find nothing, and
    /// say nothing about a surplus.
    low: usize,
    /// The same for the window before.
    low_before: usize,
}

impl Stack {
    const fn new() -> Self {
        Self { entries: VecDeque::new(), low: usize::MAX, low_before: 0 }
    }

    fn pop(&mut self) -> Option<Entry> {
        let entry = self.entries.pop_back()?;
        self.low = self.low.min(self.entries.len());
        Some(entry)
    }

    /// Takes the uppermost `count`, the lowest of them first.
    fn pop_many(&mut self, count: usize) -> impl Iterator<Item = Entry> + '_ {
        let left = self.entries.len().saturating_sub(count);
        if left < self.entries.len() {
            self.low = self.low.min(left);
        }
        self.entries.drain(left..)
    }

    /// Takes up to `count` from the bottom.
    fn pop_bottom(&mut self, count: usize) -> impl Iterator<Item = Entry> + '_ {
        let count = count.min(self.entries.len());
        self.low = self.low.saturating_sub(count);
        self.low_before = self.low_before.saturating_sub(count);
        self.entries.drain(..count)
    }

    /// Ends a window, and returns how many objects nobody needed in the last two.
    fn end_window(&mut self) -> usize {
        let low = self.low.min(self.entries.len());
        let surplus = low.min(self.low_before);
        self.low_before = low;
        self.low = self.entries.len();
        surplus
    }

    /// Takes those that were idle at the last trim too, and marks the others.
    fn age(&mut self, mut take: impl FnMut(Entry)) {
        // Once around: each is taken off the front, and put behind the last if it stays.
        for _ in 0..self.entries.len() {
            let Some(mut entry) = self.entries.pop_front() else { break };
            if entry.old {
                self.low = self.low.saturating_sub(1);
                self.low_before = self.low_before.saturating_sub(1);
                take(entry);
            } else {
                entry.old = true;
                self.entries.push_back(entry);
            }
        }
    }
}

/// What becomes of an object of a cache in an exchange.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Stay,
    /// To the depot, or it is freed.
    Move,
    /// To the depot, or it stays.
    MoveIfRoom,
    Free(Reason),
}

/// The limits of a pool that its depot watches over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DepotLimits {
    /// In objects.
    pub(crate) max_idle: usize,
    /// Of the idle objects here, and in caches as of their last exchange.
    pub(crate) max_bytes: usize,
    /// What an object holds inline.
    pub(crate) object_size: usize,
}

/// Which threads have been seen.
///
/// A pool of a type that is not `Send` is reached by one thread only, and its objects must
/// be freed there. Nothing tells such a pool from another but who comes: two threads prove
/// that the type is `Send`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Visitors {
    Nobody,
    /// By its number (see `thread`).
    One(u64),
    Many,
}

/// What the lock protects.
#[derive(Debug)]
pub(crate) struct Depot {
    stock: Stack,
    /// Objects above [`MOST_CACHED_BYTES`]: taken when there are no others.
    large: Stack,
    limits: DepotLimits,
    bytes: usize,
    /// What the caches noted of themselves at their last exchange.
    bytes_cached: usize,
    orders: Orders,
    visitors: Visitors,
    /// What a thread asked for that may not free objects: to be done by one that may.
    wishes: Wishes,
    #[cfg(poolable_chaos)]
    chance: chaos::Chance,
}

/// See [`Depot::wishes`].
#[derive(Clone, Copy, Debug, Default)]
struct Wishes {
    trims: usize,
    maintain: bool,
}

impl Depot {
    at_compile_time! {
        pub(crate) const fn new(limits: DepotLimits, visitors: Visitors) -> Self {
            Self {
                stock: Stack::new(),
                large: Stack::new(),
                limits,
                bytes: 0,
                bytes_cached: 0,
                orders: Orders { trims: 0, clears: 0, sweeps: 0 },
                visitors,
                wishes: Wishes { trims: 0, maintain: false },
                #[cfg(poolable_chaos)]
                chance: chaos::Chance::new(),
            }
        }
    }

    pub(crate) fn idle(&self) -> usize {
        self.stock.entries.len() + self.large.entries.len()
    }

    /// What all idle objects hold, those in caches as of the last exchange, in bytes.
    pub(crate) fn all_bytes(&self) -> usize {
        self.bytes + self.bytes_cached
    }

    pub(crate) fn visitors(&self) -> Visitors {
        self.visitors
    }

    /// How many more objects there is room for.
    pub(crate) fn room(&self) -> usize {
        self.limits.max_idle.saturating_sub(self.idle())
    }

    /// Notes which thread works with the pool.
    pub(crate) fn note_visitor(&mut self, thread: impl FnOnce() -> u64) {
        self.visitors = match self.visitors {
            Visitors::Many => return,
            Visitors::Nobody => Visitors::One(thread()),
            Visitors::One(first) if first == thread() => return,
            Visitors::One(_) => Visitors::Many,
        };
    }

    /// Whether a thread may free objects.
    pub(crate) fn may_free(&self, thread: impl FnOnce() -> u64) -> bool {
        match self.visitors {
            Visitors::Many => true,
            Visitors::Nobody => false,
            Visitors::One(first) => first == thread(),
        }
    }

    /// Takes an object for a get, and the rest of a batch for the thread's cache, which is
    /// empty.
    ///
    /// # Safety
    ///
    /// - The calling thread has claimed the cache, and it is not the empty one.
    pub(crate) unsafe fn take(&mut self, cache: CacheRef) -> Option<Object> {
        self.bytes_cached -= cache.bytes();
        let object = self.take_one();
        let rest = (cache.limit() / 2).saturating_sub(1);
        let mut sum = 0;
        let bytes = &mut self.bytes;
        let batch = self.stock.pop_many(rest).map(|entry| {
            sum += entry.bytes;
            unload(bytes, entry)
        });
        // SAFETY: the caller's promise, and an empty cache has room for half its limit.
        unsafe { cache.load(batch) };
        cache.note_bytes(sum);
        self.bytes_cached += sum;
        object
    }

    /// Takes an object that no cache is to keep.
    pub(crate) fn take_one(&mut self) -> Option<Object> {
        #[cfg(poolable_chaos)]
        self.shuffle();
        let entry = self.stock.pop().or_else(|| self.large.pop())?;
        Some(unload(&mut self.bytes, entry))
    }

    /// Keeps an object, if the limits allow it.
    pub(crate) fn keep(&mut self, object: Object) -> Result<(), (Object, Reason)> {
        let bytes = self.bytes_of(&object);
        #[cfg(poolable_chaos)]
        if self.chance.one_in_four() {
            return Err((object, Reason::Full));
        }
        if self.room() == 0 {
            return Err((object, Reason::Full));
        }
        let sum = self.bytes.checked_add(self.bytes_cached).and_then(|sum| sum.checked_add(bytes));
        if sum.is_none_or(|sum| sum > self.limits.max_bytes) {
            return Err((object, Reason::Bytes));
        }
        self.bytes += bytes;
        let old = object.is_old();
        let stack = if bytes > MOST_CACHED_BYTES { &mut self.large } else { &mut self.stock };
        stack.entries.push_back(Entry { object, bytes, old });
        Ok(())
    }

    /// Makes room in a full cache, as far as there is room here: moves half of it, those
    /// returned longest ago. All of it, if nothing was taken out of it since it was full
    /// the last time: a thread that only returns has no use for them. Returns what its
    /// biggest object held.
    ///
    /// # Safety
    ///
    /// - The calling thread has claimed the cache, and it is not the empty one.
    pub(crate) unsafe fn unload(&mut self, cache: CacheRef, doomed: &mut Doomed) -> usize {
        // SAFETY: the caller's promise is the one asked for.
        let kept = if unsafe { cache.was_used_since_full() } { cache.limit() / 2 } else { 0 };
        let mut count = cache.len().saturating_sub(kept);
        let fate = |_: &mut Object| {
            if count == 0 {
                return Fate::Stay;
            }
            count -= 1;
            Fate::MoveIfRoom
        };
        // SAFETY: the caller's promise is the one asked for.
        unsafe { self.exchange(cache, doomed, fate) }
    }

    /// Moves all objects of a cache here.
    ///
    /// # Safety
    ///
    /// - The calling thread has claimed the cache, and it is not the empty one.
    pub(crate) unsafe fn empty(&mut self, cache: CacheRef, doomed: &mut Doomed) {
        // SAFETY: the caller's promise is the one asked for.
        unsafe { self.exchange(cache, doomed, |_| Fate::Move) };
    }

    /// Carries out the orders that the owner of a cache has not seen yet, and sets its
    /// bounds again. The cache is empty after that, but for what there is no room for.
    ///
    /// All that is in the cache has been there since before the first of the orders: the
    /// owner has not visited it since.
    ///
    /// # Safety
    ///
    /// - The calling thread has claimed the cache, and it is not the empty one.
    pub(crate) unsafe fn obey(&mut self, cache: CacheRef, fit: Fit, doomed: &mut Doomed) {
        // SAFETY: the caller's promise is the one asked for.
        let seen = unsafe { cache.see(self.orders) };
        let is_cleared = seen.clears != self.orders.clears;
        let trims = self.orders.trims - seen.trims;
        let fate = |object: &mut Object| {
            if is_cleared {
                return Fate::Free(Reason::Explicit);
            }
            if trims > 1 || (trims == 1 && object.is_old()) {
                return Fate::Free(Reason::Trimmed);
            }
            if trims == 1 {
                object.make_old();
            }
            Fate::MoveIfRoom
        };
        // SAFETY: the caller's promise is the one asked for.
        unsafe { self.exchange(cache, doomed, fate) };
        // SAFETY: the caller's promise, and `self` is what the lock protects.
        unsafe { cache.set_bounds(fit) };
    }

    /// Has each object of a cache meet its fate, those returned longest ago first. Returns
    /// what the biggest one held.
    ///
    /// # Safety
    ///
    /// - The calling thread has claimed the cache, and it is not the empty one.
    unsafe fn exchange(
        &mut self,
        cache: CacheRef,
        doomed: &mut Doomed,
        mut fate: impl FnMut(&mut Object) -> Fate,
    ) -> usize {
        // SAFETY: the caller's promise is the one asked for.
        let most = unsafe { self.weigh(cache) };
        let mut left = cache.bytes();
        let meet_fate = |mut object: Object| {
            let fate = fate(&mut object);
            if matches!(fate, Fate::Stay) {
                return Some(object);
            }
            // From here on it counts as the depot's, or not at all.
            let bytes = self.bytes_of(&object);
            self.bytes_cached -= bytes;
            left -= bytes;
            let refused = match fate {
                Fate::Free(reason) => Err((object, reason)),
                _ => self.keep(object),
            };
            let (object, reason) = refused.err()?;
            if matches!(fate, Fate::MoveIfRoom) {
                self.bytes_cached += bytes;
                left += bytes;
                return Some(object);
            }
            doomed.push((object, reason));
            None
        };
        // SAFETY: the caller's promise, and the closure knows no cache.
        unsafe { cache.sift(meet_fate) };
        cache.note_bytes(left);
        most
    }

    /// Notes what a cache holds; returns what its biggest object does.
    ///
    /// # Safety
    ///
    /// - The calling thread has claimed the cache, and it is not the empty one.
    unsafe fn weigh(&mut self, cache: CacheRef) -> usize {
        self.bytes_cached -= cache.bytes();
        // SAFETY: the caller's promise is the one asked for.
        let (sum, most) = unsafe { cache.weigh(self.limits.object_size) };
        cache.note_bytes(sum);
        self.bytes_cached += sum;
        most
    }

    /// What an object holds, inline and on the heap.
    fn bytes_of(&self, object: &Object) -> usize {
        object.retained().saturating_add(self.limits.object_size)
    }

    /// Ends a generation: frees what was idle at the end of the last one too.
    pub(crate) fn trim(&mut self, caches: &Caches, doomed: &mut Doomed) {
        self.orders.trims += 1;
        caches.summon();
        for stack in [&mut self.stock, &mut self.large] {
            stack.age(|entry| doomed.push((unload(&mut self.bytes, entry), Reason::Trimmed)));
        }
    }

    /// Ends a window: frees half of what nobody needed in the last two.
    pub(crate) fn maintain(&mut self, caches: &Caches, doomed: &mut Doomed) {
        self.orders.sweeps += 1;
        caches.summon();
        for stack in [&mut self.stock, &mut self.large] {
            let surplus = stack.end_window();
            for entry in stack.pop_bottom(surplus.div_ceil(2)) {
                doomed.push((unload(&mut self.bytes, entry), Reason::Trimmed));
            }
        }
    }

    /// Frees everything.
    pub(crate) fn clear(&mut self, caches: &Caches, doomed: &mut Doomed) {
        self.orders.clears += 1;
        caches.summon();
        self.discard_bottom(usize::MAX, Reason::Explicit, doomed);
    }

    /// Changes `max_idle`, and frees what is above it.
    pub(crate) fn set_max_idle(&mut self, max_idle: usize, doomed: &mut Doomed) {
        self.limits.max_idle = max_idle;
        let above = self.idle().saturating_sub(max_idle);
        self.discard_bottom(above, Reason::Trimmed, doomed);
    }

    /// Frees up to `count` objects, those that came first of all, the large ones before the
    /// others.
    pub(crate) fn discard_bottom(&mut self, count: usize, reason: Reason, doomed: &mut Doomed) {
        let large = count.min(self.large.entries.len());
        for entry in self.large.pop_bottom(large) {
            doomed.push((unload(&mut self.bytes, entry), reason));
        }
        for entry in self.stock.pop_bottom(count - large) {
            doomed.push((unload(&mut self.bytes, entry), reason));
        }
    }

    /// Leaves a wish to trim to a thread that may free objects.
    pub(crate) fn wish_trim(&mut self, caches: &Caches) {
        self.wishes.trims += 1;
        caches.summon();
    }

    /// Leaves a wish to maintain to a thread that may free objects.
    pub(crate) fn wish_maintain(&mut self, caches: &Caches) {
        self.wishes.maintain = true;
        caches.summon();
    }

    /// Does what other threads wished for. The caller works with the pool, and so it may.
    pub(crate) fn fulfil_wishes(&mut self, caches: &Caches, doomed: &mut Doomed) {
        let wishes = core::mem::take(&mut self.wishes);
        // All that is idle now was so at each of them: more than two make no difference.
        for _ in 0..wishes.trims.min(2) {
            self.trim(caches, doomed);
        }
        if wishes.maintain {
            self.maintain(caches, doomed);
        }
    }
}

/// Takes an entry apart, and its bytes off the sum.
fn unload(bytes: &mut usize, entry: Entry) -> Object {
    *bytes -= entry.bytes;
    let mut object = entry.object;
    if entry.old {
        object.make_old();
    }
    object
}

/// What `--cfg poolable_chaos` does, to flush out code that counts on getting an object
/// back, or on an order.
#[cfg(poolable_chaos)]
mod chaos {
    use core::hash::BuildHasher;
    use std::hash::RandomState;

    use super::Depot;

    /// A sequence of numbers that nobody foresees: a hash of how many there were.
    #[derive(Debug)]
    pub(super) struct Chance(u64, Option<RandomState>);

    impl Chance {
        pub(super) const fn new() -> Self {
            Self(0, None)
        }

        fn next(&mut self) -> u64 {
            self.0 += 1;
            self.1.get_or_insert_with(RandomState::new).hash_one(self.0)
        }

        pub(super) fn one_in_four(&mut self) -> bool {
            self.next() % 4 == 0
        }
    }

    impl Depot {
        /// Puts a random object on top.
        pub(super) fn shuffle(&mut self) {
            let count = self.stock.entries.len() as u64;
            if count > 0 {
                let chosen = self.chance.next() % count;
                self.stock.entries.swap(chosen as usize, count as usize - 1);
            }
        }
    }
}
