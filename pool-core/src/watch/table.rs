//! The gets that are on record.
//!
//! # Invariants
//!
//! 1. No user code runs while the table is locked, but for the global allocator, and no other
//!    lock is taken meanwhile: a slot may be freed under any.
//! 2. The word of a record is there: a slot is taken off the record, under the lock, before
//!    it is freed. Whoever finds [`is_on`] false on the way to free one has missed no record
//!    that is looked at again: the table was emptied before it became false, and whoever got
//!    the object, or was handed it, has seen it true if it was.
//! 3. There is one record for each slot at the most. Its object is out as long as the word
//!    has its mark, or handles are counted there in its stead. Every other use of the word
//!    overwrites the mark, a return with what the object retains.
//! 4. `WATCHES` tells what `samplers` and `followers` do. It changes under the lock.

use core::cell::Cell;
use core::hash::BuildHasherDefault;
use core::marker::PhantomData;
use core::mem;
use core::panic::Location;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicU8, AtomicU64};
use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::DefaultHasher;
use std::time::Instant;

use super::{Hold, ONE_IN};
use crate::nest;
use crate::raw_pool::RawPool;
use crate::registry;
use crate::slot::Mark;
use crate::sync::{AtomicUsize, Mutex, Ordering};

/// What the watches that live want: nothing, or the sum of the two below.
static WATCHES: AtomicU8 = AtomicU8::new(0);

const SAMPLES: u8 = 1;
const FOLLOWS: u8 = 2;

/// Whether there is a watch. It decides what the `floor` of caches is.
#[inline(always)]
pub(crate) fn is_on() -> bool {
    // Acquire: pairs with the Release in `Table::tell` (invariant 2).
    WATCHES.load(Ordering::Acquire) != 0
}

/// Whose gets are on record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Samples of all threads.
    Samples,
    /// All of the threads that a follower of this number has.
    Follower(u64),
}

/// A get that is on record.
struct Record {
    word: Word,
    /// Of all records there are, this has the number.
    number: usize,
    /// Whether the word is the count of the object's handles.
    is_shared: bool,
    is_sample: bool,
    /// Zero if the thread followed none.
    follower: u64,
    pool: Cow<'static, str>,
    location: &'static Location<'static>,
    since: Instant,
}

/// The word of a slot.
struct Word(NonNull<AtomicUsize>);

// SAFETY: an atomic may be looked at by any thread.
unsafe impl Send for Word {}

impl Word {
    fn get(&self) -> &AtomicUsize {
        // SAFETY: a record's word is there (invariant 2).
        unsafe { self.0.as_ref() }
    }
}

impl Record {
    fn is_out(&self) -> bool {
        self.is_shared || Mark::new(self.number).is_on(self.word.get())
    }

    fn is_of(&self, scope: Scope) -> bool {
        match scope {
            Scope::Samples => self.is_sample,
            Scope::Follower(number) => self.follower == number,
        }
    }
}

struct Table {
    /// By the address of the word.
    records: HashMap<usize, Record, BuildHasherDefault<DefaultHasher>>,
    /// How many records there may be before those of returned objects are removed.
    most: usize,
    last_number: usize,
    samplers: usize,
    followers: Vec<u64>,
}

static TABLE: Mutex<Table> = Mutex::new(Table {
    records: HashMap::with_hasher(BuildHasherDefault::new()),
    most: LEAST_ROOM,
    last_number: 0,
    samplers: 0,
    followers: Vec::new(),
});

/// The records that there is room for before the first sweep.
const LEAST_ROOM: usize = 64;

impl Table {
    /// Tells the getters what is wanted.
    fn tell(&self) {
        let samples = if self.samplers > 0 { SAMPLES } else { 0 };
        let follows = if self.followers.is_empty() { 0 } else { FOLLOWS };
        // Release: pairs with the Acquire in `is_on`.
        WATCHES.store(samples | follows, Ordering::Release);
    }

    fn add(&mut self, mut record: Record) {
        self.last_number += 1;
        record.number = self.last_number;
        Mark::new(record.number).put_on(record.word.get());
        self.records.insert(record.word.0.addr().get(), record);
        if self.records.len() > self.most {
            self.records.retain(|_, record| record.is_out());
            self.make_room();
        }
    }

    /// Sets how many records there may be by how many there are, and gives back what is too
    /// much for them: it would take memory for ever, and every sweep and every look goes over
    /// all of it.
    fn make_room(&mut self) {
        self.most = LEAST_ROOM.max(2 * self.records.len());
        self.records.shrink_to(self.most + 1);
    }

    /// Forgets what nobody wants to know any more.
    fn end(&mut self, scope: Scope) {
        match scope {
            Scope::Samples => self.samplers -= 1,
            Scope::Follower(number) => self.followers.retain(|&follower| follower != number),
        }
        let (samplers, followers) = (self.samplers, mem::take(&mut self.followers));
        self.records.retain(|_, record| {
            record.is_sample &= samplers > 0;
            record.is_sample || followers.contains(&record.follower)
        });
        self.followers = followers;
        self.make_room();
        self.tell();
    }
}

/// What a thread knows of watches. Without a destructor, so that it also serves the
/// destructors of other thread-locals.
struct Local {
    /// The follower that is told of the thread's gets, or zero.
    follower: Cell<u64>,
    /// Of so many gets, the last one is the next sample; zero before the first get of all.
    countdown: Cell<u32>,
    /// How many reasons there are to leave the thread's gets alone.
    unwatched: Cell<u32>,
}

thread_local! {
    static LOCAL: Local = const {
        Local { follower: Cell::new(0), countdown: Cell::new(0), unwatched: Cell::new(0) }
    };
}

impl Local {
    /// Counts a get, and tells whether it is a sample.
    fn samples(&self) -> bool {
        let left = match self.countdown.get() {
            0 => first_interval(),
            left => left,
        };
        self.countdown.set(if left > 1 { left - 1 } else { next_interval() });
        left == 1
    }
}

/// How many gets there are from one sample to the next: 1 to 255, each as likely, so that no
/// rhythm of the program hides any of them.
fn next_interval() -> u32 {
    1 + (random() % u64::from(2 * ONE_IN - 1)) as u32
}

/// How many gets of a new thread there are up to its first sample: as many as are left for one
/// that comes in at any of the gets between two samples. So each get is as likely to be one, the
/// first of a thread that makes no other too.
fn first_interval() -> u32 {
    let random = random();
    // The lesser of two different ones of the numbers from 0 to 255.
    let one = (random % u64::from(2 * ONE_IN)) as u32;
    let other = ((random >> 32) % u64::from(2 * ONE_IN - 1)) as u32;
    1 + one.min(if other < one { other } else { other + 1 })
}

fn random() -> u64 {
    const STEP: u64 = 0x9E37_79B9_7F4A_7C15;
    static SEED: AtomicU64 = AtomicU64::new(STEP);

    // The steps and the mixing of SplitMix64.
    let mut mixed = SEED.fetch_add(STEP, Ordering::Relaxed);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

/// While this lives, gets of the current thread are nobody's: what a create takes belongs to
/// the object that it makes.
#[derive(Debug)]
pub(crate) struct Unwatched(PhantomData<*mut ()>);

impl Unwatched {
    pub(crate) fn enter() -> Self {
        let _ = LOCAL.try_with(|local| local.unwatched.set(local.unwatched.get() + 1));
        Self(PhantomData)
    }
}

impl Drop for Unwatched {
    fn drop(&mut self) {
        let _ = LOCAL.try_with(|local| local.unwatched.set(local.unwatched.get() - 1));
    }
}

/// Puts a get on record, if it is a sample, or its thread is followed.
///
/// # Safety
///
/// - `word` is that of a slot, which the caller owns, and whose object has one user.
/// - [`forget`] is called before the slot is freed.
#[cold]
#[inline(never)]
pub(crate) unsafe fn got(
    word: NonNull<AtomicUsize>,
    pool: &RawPool,
    location: &'static Location<'static>,
) {
    let wanted = LOCAL.try_with(|local| {
        // A return that nests makes room for what it may take, as a create does.
        if local.unwatched.get() > 0 || nest::is_under_way() {
            return (false, 0);
        }
        (local.samples(), local.follower.get())
    });
    // Where the thread's memory is gone, nobody is told.
    let (is_sample, follower) = wanted.unwrap_or((false, 0));
    if !is_sample && follower == 0 {
        return;
    }
    // The clone and the clock come first: they are not for the time of the lock.
    let mut record = Record {
        word: Word(word),
        number: 0,
        is_shared: false,
        is_sample,
        follower,
        pool: pool.name_to_keep(),
        location,
        since: Instant::now(),
    };
    // A follower has come by all pools before it follows.
    if is_sample {
        pool.watch_renewed();
    }
    let mut table = TABLE.lock();
    record.is_sample &= table.samplers > 0;
    if !table.followers.contains(&follower) {
        record.follower = 0;
    }
    if record.is_sample || record.follower != 0 {
        table.add(record);
    }
}

/// Takes a slot off the record that is about to be freed, or is no pool's any more.
#[inline(always)]
pub(crate) fn forget(word: NonNull<AtomicUsize>) {
    if is_on() {
        forget_slow(word);
    }
}

#[cold]
#[inline(never)]
fn forget_slow(word: NonNull<AtomicUsize>) {
    let forgotten = TABLE.lock().records.remove(&word.addr().get());
    // Not under the lock.
    drop(forgotten);
}

/// Keeps on record an object whose handles are about to be counted in its word.
#[inline(always)]
pub(crate) fn share(word: NonNull<AtomicUsize>) {
    if is_on() {
        set_shared(word, true);
    }
}

/// Keeps on record an object whose handles are gone, and that has one user again. Whoever
/// calls this owns it.
#[inline(always)]
pub(crate) fn unshare(word: NonNull<AtomicUsize>) {
    if is_on() {
        set_shared(word, false);
    }
}

#[cold]
#[inline(never)]
fn set_shared(word: NonNull<AtomicUsize>, is_shared: bool) {
    let mut table = TABLE.lock();
    let Some(record) = table.records.get_mut(&word.addr().get()) else { return };
    // One of a get that is over, of the same slot, says nothing about this one.
    if record.is_out() {
        record.is_shared = is_shared;
        if !is_shared {
            Mark::new(record.number).put_on(record.word.get());
        }
    }
}

/// What is on record in a scope and still out, those that were got first first, with the
/// numbers of their records.
pub(crate) fn outstanding(scope: Scope) -> Vec<(usize, Hold)> {
    let mut found = Vec::new();
    let table = TABLE.lock();
    for record in table.records.values().filter(|record| record.is_of(scope)) {
        if record.is_out() {
            found.push((record.number, record.pool.clone(), record.location, record.since));
        }
    }
    drop(table);
    found.sort_unstable_by_key(|&(number, ..)| number);
    let hold = |(number, pool, location, since): (_, Cow<'static, str>, _, Instant)| {
        (number, Hold { pool: pool.into_owned(), location, held: since.elapsed() })
    };
    found.into_iter().map(hold).collect()
}

/// Has gets be put on record for as long as it lives.
#[derive(Debug)]
pub(crate) struct Watching(Scope);

impl Watching {
    /// Samples of all threads.
    pub(crate) fn samples() -> Self {
        let mut table = TABLE.lock();
        table.samplers += 1;
        table.tell();
        drop(table);
        registry::visit_all(RawPool::heed_watch);
        Self(Scope::Samples)
    }

    /// All gets of the threads that [`follow`] its scope.
    pub(crate) fn follower() -> Self {
        static LAST: AtomicU64 = AtomicU64::new(0);

        let number = LAST.fetch_add(1, Ordering::Relaxed) + 1;
        let mut table = TABLE.lock();
        table.followers.push(number);
        table.tell();
        drop(table);
        registry::visit_all(RawPool::heed_watch);
        Self(Scope::Follower(number))
    }

    pub(crate) fn scope(&self) -> Scope {
        self.0
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        TABLE.lock().end(self.0);
        if !is_on() {
            registry::visit_all(RawPool::heed_watch);
        }
    }
}

/// Has a follower be told of the current thread's gets, in place of the one that was before.
#[derive(Debug)]
pub(crate) struct Followed {
    follower: u64,
    before: u64,
    /// It is about the thread.
    _thread: PhantomData<*mut ()>,
}

impl Followed {
    pub(crate) fn new(scope: Scope) -> Self {
        let follower = if let Scope::Follower(number) = scope { number } else { 0 };
        let before = LOCAL.try_with(|local| local.follower.replace(follower)).unwrap_or(0);
        Self { follower, before, _thread: PhantomData }
    }
}

impl Drop for Followed {
    fn drop(&mut self) {
        let _ = LOCAL.try_with(|local| {
            // If another has come and not gone, the thread is its.
            if local.follower.get() == self.follower {
                local.follower.set(self.before);
            }
        });
    }
}

#[cfg(all(test, not(any(poolable_passthrough, poolable_chaos))))]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::cache::CacheRef;
    use crate::depot::Visitors;
    use crate::limits::Limits;
    use crate::slot::{Object, Slot, free_object};

    /// A watch is the whole process's: one test at a time.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

    fn pool() -> Arc<RawPool> {
        let (name, limits) = (Cow::Borrowed("watched"), Limits::new());
        // SAFETY: the objects are of this type, which is `Send`.
        let pool = unsafe { RawPool::new(name, limits, 1, free_object::<u8>, Visitors::Many) };
        Arc::new(pool)
    }

    fn claim(pool: &RawPool) -> CacheRef {
        let mut claimed = None;
        pool.claim(|cache| claimed = Some(cache));
        claimed.expect("the pool has caches")
    }

    /// Whether a return and a get of the next object meet in the cache.
    fn is_hit(cache: CacheRef) -> bool {
        // SAFETY: the slot is new, and given up.
        let object = unsafe { Object::new(Slot::allocate(|| 1_u8), 0) };
        // SAFETY: the caller has claimed the cache.
        unsafe { cache.push(object, 0) }.expect("there is room");
        // SAFETY: as above.
        let popped = unsafe { cache.pop_any() };
        let is_hit = popped.is_some();
        // SAFETY: as above.
        let object = popped.or_else(|| unsafe { cache.pop_watched() }).expect("it is there");
        // SAFETY: it is of this type.
        unsafe { free_object::<u8>(object) };
        is_hit
    }

    #[test]
    fn all_caches_are_watched_while_there_is_a_watch_and_left_alone_then() {
        let _alone = ONE_AT_A_TIME.lock();
        let pool = pool();
        let key = registry::list(&pool);
        let cache = claim(&pool);
        assert!(is_hit(cache));
        let first = Watching::samples();
        assert!(!is_hit(cache));
        // Claimed later, or summoned.
        let later = claim(&pool);
        assert!(!is_hit(later));
        // SAFETY: this thread has claimed the cache.
        unsafe { pool.trim(later) };
        pool.trim_or_wish();
        for cache in [cache, later] {
            // SAFETY: as above.
            unsafe { pool.catch_up(cache) };
            assert!(!is_hit(cache));
        }
        let second = Watching::follower();
        drop(first);
        assert!(!is_hit(cache));
        drop(second);
        assert!(is_hit(cache) && is_hit(later));
        registry::unlist(key);
    }

    #[test]
    fn a_cache_that_is_summoned_while_a_watch_comes_and_goes_obeys_first() {
        let _alone = ONE_AT_A_TIME.lock();
        let pool = pool();
        let key = registry::list(&pool);
        let cache = claim(&pool);
        pool.trim_or_wish();
        let watching = Watching::samples();
        assert!(cache.is_summoned());
        drop(watching);
        assert!(cache.is_summoned());
        // SAFETY: this thread has claimed the cache.
        unsafe { pool.catch_up(cache) };
        assert!(is_hit(cache));
        registry::unlist(key);
    }

    #[test]
    fn records_of_objects_that_are_back_are_removed() {
        let _alone = ONE_AT_A_TIME.lock();
        let pool = pool();
        let watching = Watching::follower();
        let followed = Followed::new(watching.scope());
        let get = || {
            let slot = Slot::allocate(|| 1_u8);
            // SAFETY: the slot is new, and freed by `Slot`.
            unsafe { got(Slot::word(slot), &pool, Location::caller()) };
            slot
        };
        let kept: Vec<_> = (0..10).map(|_| get()).collect();
        // SAFETY: each slot is new, and given up.
        let back = (0..10_000).map(|_| unsafe { Object::new(get(), 0) });
        let back: Vec<Object> = back.collect();
        let most = TABLE.lock().records.len();
        assert!(most <= LEAST_ROOM + 1, "{most}");
        assert_eq!(outstanding(watching.scope()).len(), kept.len());
        for object in back {
            // SAFETY: it is of this type.
            unsafe { free_object::<u8>(object) };
        }
        for slot in kept {
            // SAFETY: this test owns the slot.
            unsafe { Slot::free(slot) };
        }
        assert_eq!(TABLE.lock().records.len(), 0);
        drop((followed, watching));
        assert!(!is_on());
    }

    #[test]
    fn the_room_for_many_records_is_given_back() {
        const MANY: usize = 20_000;

        let _alone = ONE_AT_A_TIME.lock();
        let pool = pool();
        let watching = Watching::follower();
        let followed = Followed::new(watching.scope());
        let get = || {
            let slot = Slot::allocate(|| 1_u8);
            // SAFETY: the slot is new, and freed by `Slot`.
            unsafe { got(Slot::word(slot), &pool, Location::caller()) };
            slot
        };
        // SAFETY: this test owns the slot.
        let free = |slot| unsafe { Slot::free(slot) };
        let room = || TABLE.lock().records.capacity();
        // By the end of the watch ..
        let slots: Vec<_> = (0..MANY).map(|_| get()).collect();
        assert!(room() >= MANY);
        drop((followed, watching));
        assert!(room() <= 4 * LEAST_ROOM, "{}", room());
        slots.into_iter().for_each(free);
        // .. and by a sweep, when they are back.
        let watching = Watching::follower();
        let followed = Followed::new(watching.scope());
        let slots: Vec<_> = (0..MANY).map(|_| get()).collect();
        // SAFETY: each slot is given up.
        let back = slots.into_iter().map(|slot| unsafe { Object::new(slot, 0) });
        let back: Vec<Object> = back.collect();
        let mut later = Vec::new();
        while room() >= MANY && later.len() < 4 * MANY {
            // SAFETY: the slot is given up.
            later.push(unsafe { Object::new(get(), 0) });
        }
        assert!(room() <= 4 * LEAST_ROOM, "{}", room());
        for object in back.into_iter().chain(later) {
            // SAFETY: it is of this type.
            unsafe { free_object::<u8>(object) };
        }
        drop((followed, watching));
    }

    #[test]
    fn a_sample_of_a_pool_that_the_watch_has_not_come_by_is_taken_off_where_it_is_reset() {
        let _alone = ONE_AT_A_TIME.lock();
        // Not on the list, and so the watch never comes by.
        let pool = pool();
        assert!(pool.keeps_renewed_slow(1) && pool.keeps_renewed(1));
        let watching = Watching::samples();
        assert!(pool.keeps_renewed(1));
        let mut slots = Vec::new();
        while TABLE.lock().records.is_empty() {
            let slot = Slot::allocate(|| 1_u8);
            // SAFETY: the slot is new, and freed by `Slot`.
            unsafe { got(Slot::word(slot), &pool, Location::caller()) };
            slots.push(slot);
        }
        assert!(!pool.keeps_renewed(1));
        for slot in slots {
            // SAFETY: this test owns the slot.
            unsafe { Slot::free(slot) };
        }
        drop(watching);
        assert!(pool.keeps_renewed_slow(1) && pool.keeps_renewed(1));
    }

    #[test]
    fn of_the_gets_of_a_new_thread_each_is_as_likely_to_be_sampled() {
        // What a thread's gets would be, were it new.
        const THREADS: usize = 200_000;
        let mut sampled = [0_usize; 8];
        for _ in 0..THREADS {
            let thread =
                Local { follower: Cell::new(0), countdown: Cell::new(0), unwatched: Cell::new(0) };
            for count in &mut sampled {
                *count += usize::from(thread.samples());
            }
        }
        let due = THREADS / ONE_IN as usize;
        for count in sampled {
            assert!(count.abs_diff(due) < due / 6, "{count} of {due}");
        }
    }

    #[test]
    fn intervals_are_one_to_255_and_128_on_average() {
        let intervals: Vec<u32> = (0..100_000).map(|_| next_interval()).collect();
        assert_eq!((intervals.iter().min(), intervals.iter().max()), (Some(&1), Some(&255)));
        let mean = f64::from(intervals.iter().sum::<u32>()) / intervals.len() as f64;
        assert!((127.0..129.0).contains(&mean), "{mean}");
    }
}
