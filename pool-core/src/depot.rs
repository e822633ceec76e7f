//! The idle objects that all threads share, behind one lock.
//!
//! Objects come and go in batches of up to half a cache, and a batch is a copy of pointers:
//! a thread that only gets, or only returns, takes the lock once in 32 objects.
//!
//! There are two stacks (see `stack`): what came in last goes out first.
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
//! A lock-free queue of magazines (crossbeam's `ArrayQueue`) stood here. In a burst of
//! 10 000 it took 7.6 ns per object where this takes 6.0, with two threads that hold 200
//! objects in turn 12.9 where this takes 11.7, and the same from one thread to another over
//! a channel (best of many rounds, two cores). Exact limits, trims, and a limit that changes
//! while threads run each needed a protocol of their own around it.

use crate::cache::{CacheRef, Caches, Orders};
use crate::discarded::Reason;
use crate::slot::{Header, Object};
use crate::stack::{Entry, Stack};
use crate::sync::at_compile_time;

/// An object that holds more is kept by the depot alone, apart from the others, so that no
/// thread hoards it: 128 KiB.
pub(crate) const MOST_CACHED_BYTES: usize = 128 << 10;

/// Objects that are to be freed as soon as no lock is held.
pub(crate) type Doomed = Vec<(Object, Reason)>;

/// What becomes of an object of a cache in an exchange.
#[derive(Clone, Copy, Debug)]
enum Fate {
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
    /// Whether nothing is kept any more.
    is_retired: bool,
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
                is_retired: false,
                #[cfg(poolable_chaos)]
                chance: chaos::Chance::new(),
            }
        }
    }

    pub(crate) fn idle(&self) -> usize {
        self.stock.len() + self.large.len()
    }

    /// What all idle objects hold, those in caches as of the last exchange, in bytes.
    pub(crate) fn all_bytes(&self) -> usize {
        self.bytes + self.bytes_cached
    }

    /// What a cache has seen when it has obeyed.
    #[cfg(loom)]
    pub(crate) fn orders(&self) -> Orders {
        self.orders
    }

    /// How many objects there is room for in all.
    pub(crate) fn max_idle(&self) -> usize {
        self.limits.max_idle
    }

    /// How many more objects there is room for.
    pub(crate) fn room(&self) -> usize {
        self.limits.max_idle.saturating_sub(self.idle())
    }

    /// Notes which thread works with the pool, by its number, if it has one.
    pub(crate) fn note_visitor(&mut self, thread: impl FnOnce() -> Option<u64>) {
        if self.visitors == Visitors::Many {
            return;
        }
        let Some(thread) = thread() else { return };
        self.visitors = match self.visitors {
            Visitors::Nobody => Visitors::One(thread),
            Visitors::One(first) if first == thread => return,
            _ => Visitors::Many,
        };
    }

    /// Whether a thread may free objects.
    pub(crate) fn may_free(&self, thread: impl FnOnce() -> Option<u64>) -> bool {
        match self.visitors {
            Visitors::Many => true,
            Visitors::Nobody => false,
            Visitors::One(first) => thread() == Some(first),
        }
    }

    /// Takes an object for a get, and the rest of a batch for the thread's cache, which is
    /// empty: up to one that is too big for its bounds.
    ///
    /// # Safety
    ///
    /// - The calling thread has claimed the cache, and it is not the empty one.
    pub(crate) unsafe fn take(&mut self, cache: CacheRef) -> Option<Object> {
        self.bytes_cached -= cache.bytes();
        let object = self.take_one();
        let is_allowed = |entry: &&Entry| cache.allows(entry.header.retained());
        let most = (cache.limit() / 2).saturating_sub(1);
        let rest = self.stock.top_down().take(most).take_while(is_allowed).count();
        let mut sum = 0;
        let (bytes, object_size) = (&mut self.bytes, self.limits.object_size);
        let batch = self.stock.pop_many(rest).map(|entry| {
            let bytes_of_one = entry.bytes(object_size);
            sum += bytes_of_one;
            *bytes -= bytes_of_one;
            entry.into_object()
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
        self.bytes -= entry.bytes(self.limits.object_size);
        Some(entry.into_object())
    }

    /// Keeps an object, if the limits allow it.
    pub(crate) fn keep(&mut self, object: Object) -> Result<(), (Object, Reason)> {
        let bytes = self.bytes_of(object.header());
        if self.is_retired {
            return Err((object, Reason::Explicit));
        }
        if self.room() == 0 {
            return Err((object, Reason::Full));
        }
        let sum = self.bytes.checked_add(self.bytes_cached).and_then(|sum| sum.checked_add(bytes));
        if sum.is_none_or(|sum| sum > self.limits.max_bytes) {
            return Err((object, Reason::Bytes));
        }
        self.bytes += bytes;
        let stack = if bytes > MOST_CACHED_BYTES { &mut self.large } else { &mut self.stock };
        stack.push(object);
        Ok(())
    }

    /// Makes room in a full cache, as far as there is room here: moves half of it, those
    /// returned longest ago. All of it, if nothing was taken out of it since it was full
    /// the last time: a thread that only returns has no use for them. Returns what its
    /// biggest object held, if there was room.
    ///
    /// # Safety
    ///
    /// - The calling thread has claimed the cache, and it is not the empty one.
    pub(crate) unsafe fn unload(&mut self, cache: CacheRef) -> Option<usize> {
        // SAFETY: the caller's promise is the one asked for.
        let kept = if unsafe { cache.was_used_since_full() } { cache.limit() / 2 } else { 0 };
        let count = cache.len().saturating_sub(kept).min(self.room());
        if count == 0 {
            return None;
        }
        let weigh = |range| {
            // SAFETY: as above.
            unsafe { cache.weigh(range, self.limits.object_size) }
        };
        let (going, most_going) = weigh(0..count);
        let (staying, most_staying) = weigh(count..cache.len());
        self.bytes_cached = self.bytes_cached - cache.bytes() + staying + going;
        cache.note_bytes(staying + going);
        // A move does not change the sum. If it is too high, nothing moves, and the object
        // that is to come finds no room.
        if self.all_bytes() <= self.limits.max_bytes {
            // SAFETY: as above; each is taken, and removed below.
            let objects = unsafe { cache.oldest(count) };
            // None is large, or it would not have been cached.
            self.stock.push_many(objects);
            // SAFETY: as above.
            unsafe { cache.remove_oldest(count) };
            self.bytes += going;
            self.bytes_cached -= going;
            cache.note_bytes(staying);
        }
        Some(most_going.max(most_staying))
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

    /// Carries out the orders that the owner of a cache has not seen yet. The cache is empty
    /// after that, but for what there is no room for; its bounds are to be set.
    ///
    /// All that is in the cache has been there since before the first of the orders: the
    /// owner has not visited it since.
    ///
    /// # Safety
    ///
    /// - The calling thread has claimed the cache, and it is not the empty one.
    pub(crate) unsafe fn obey(&mut self, cache: CacheRef, doomed: &mut Doomed) {
        // SAFETY: the caller's promise is the one asked for.
        let seen = unsafe { cache.see(self.orders) };
        let is_cleared = seen.clears != self.orders.clears;
        let trims = self.orders.trims - seen.trims;
        let fate = |object: &mut Object| {
            if is_cleared {
                return Fate::Free(Reason::Explicit);
            }
            if trims > 1 || (trims == 1 && object.header().is_old()) {
                return Fate::Free(Reason::Trimmed);
            }
            if trims == 1 {
                object.make_old();
            }
            Fate::MoveIfRoom
        };
        // SAFETY: the caller's promise is the one asked for.
        unsafe { self.exchange(cache, doomed, fate) };
    }

    /// Has each object of a cache meet its fate, those returned longest ago first.
    ///
    /// # Safety
    ///
    /// - The calling thread has claimed the cache, and it is not the empty one.
    unsafe fn exchange(
        &mut self,
        cache: CacheRef,
        doomed: &mut Doomed,
        mut fate: impl FnMut(&mut Object) -> Fate,
    ) {
        // SAFETY: the caller's promise is the one asked for.
        unsafe { self.weigh(cache) };
        let mut left = cache.bytes();
        let meet_fate = |mut object: Object| {
            let fate = fate(&mut object);
            // From here on it counts as the depot's, or not at all.
            let bytes = self.bytes_of(object.header());
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
    }

    /// Notes what a cache holds; returns what its biggest object does.
    ///
    /// # Safety
    ///
    /// - The calling thread has claimed the cache, and it is not the empty one.
    pub(crate) unsafe fn weigh(&mut self, cache: CacheRef) -> usize {
        self.bytes_cached -= cache.bytes();
        // SAFETY: the caller's promise is the one asked for.
        let (sum, most) = unsafe { cache.weigh(0..cache.len(), self.limits.object_size) };
        cache.note_bytes(sum);
        self.bytes_cached += sum;
        most
    }

    /// What an object holds, inline and on the heap.
    fn bytes_of(&self, header: Header) -> usize {
        header.retained().saturating_add(self.limits.object_size)
    }

    /// Ends a generation: frees what was idle at the end of the last one too.
    pub(crate) fn trim(&mut self, caches: &Caches, doomed: &mut Doomed) {
        self.orders.trims += 1;
        caches.summon();
        let mut lot = Lot::new(&mut self.bytes, &self.limits, Reason::Trimmed, doomed);
        for stack in [&mut self.stock, &mut self.large] {
            stack.age(|entry| lot.add(entry));
        }
    }

    /// Ends a window: frees half of what nobody needed in the last two.
    pub(crate) fn maintain(&mut self, caches: &Caches, doomed: &mut Doomed) {
        self.orders.sweeps += 1;
        caches.summon();
        let mut lot = Lot::new(&mut self.bytes, &self.limits, Reason::Trimmed, doomed);
        for stack in [&mut self.stock, &mut self.large] {
            let surplus = stack.end_window();
            stack.pop_bottom(surplus.div_ceil(2)).for_each(|entry| lot.add(entry));
            stack.shrink();
        }
    }

    /// Frees everything.
    pub(crate) fn clear(&mut self, caches: &Caches, doomed: &mut Doomed) {
        self.orders.clears += 1;
        caches.summon();
        self.discard_bottom(usize::MAX, Reason::Explicit, doomed);
    }

    /// Frees everything, and has nothing kept from here on: a cache that obeys is given no
    /// room.
    #[cfg(feature = "buffer")]
    pub(crate) fn retire(&mut self, caches: &Caches, doomed: &mut Doomed) {
        self.is_retired = true;
        self.clear(caches, doomed);
    }

    /// Whether nothing is kept any more.
    pub(crate) fn is_retired(&self) -> bool {
        self.is_retired
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
        let mut lot = Lot::new(&mut self.bytes, &self.limits, reason, doomed);
        let large = count.min(self.large.len());
        self.large.pop_bottom(large).for_each(|entry| lot.add(entry));
        self.stock.pop_bottom(count - large).for_each(|entry| lot.add(entry));
        self.large.shrink();
        self.stock.shrink();
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

/// Entries that leave the depot to be freed.
struct Lot<'a> {
    bytes: &'a mut usize,
    object_size: usize,
    reason: Reason,
    doomed: &'a mut Doomed,
}

impl<'a> Lot<'a> {
    fn new(
        bytes: &'a mut usize,
        limits: &DepotLimits,
        reason: Reason,
        doomed: &'a mut Doomed,
    ) -> Self {
        Self { bytes, object_size: limits.object_size, reason, doomed }
    }

    fn add(&mut self, entry: Entry) {
        *self.bytes -= entry.bytes(self.object_size);
        self.doomed.push((entry.into_object(), self.reason));
    }
}

#[cfg(not(poolable_chaos))]
impl Depot {
    /// Whether this return is to be dropped.
    pub(crate) fn drops_return(&mut self) -> bool {
        false
    }
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
    }

    impl Depot {
        /// Whether this return is to be dropped: one in four.
        pub(crate) fn drops_return(&mut self) -> bool {
            self.chance.next() % 4 == 0
        }

        /// Puts a random object on top.
        pub(super) fn shuffle(&mut self) {
            let count = self.stock.len() as u64;
            if count > 0 {
                let chosen = self.chance.next() % count;
                self.stock.put_on_top(chosen as usize);
            }
        }
    }
}
