//! One size of buffers: where they come from, and how they get home.
//!
//! # Invariants
//!
//! 1. A buffer knows its class, and keeps it alive, idle or not: so a guard needs no pool
//!    beside it. The class knows its pool weakly; when that is gone, buffers are freed as
//!    they come home.
//! 2. The idle buffers of a class hold its size at least, and no more than it `holds`. They
//!    are empty; those of a class that zeroizes are zero over their whole capacity, all of
//!    which has been written.
//! 3. While its pool lives, a class frees its buffers through a class that somebody else
//!    keeps alive: the last one to go takes the class along.
//! 4. `short_way` is the desk, or none where a return has more to do than to clear the
//!    buffer: the cache that is found there has no room.
//! 5. A buffer whose capacity is what it was when it was idle belongs to its class.
//!
//! No code of a user's runs in here.

use core::mem;
use core::panic::Location;
use core::ptr::NonNull;
use std::borrow::Cow;
use std::sync::{Arc, Weak};

use super::calibrate::Tuner;
use super::ladder::{Ladder, Rungs};
use crate::cache::CacheRef;
use crate::depot::Visitors;
use crate::discarded::Reason;
use crate::lifecycle::{self, Caller, Home};
use crate::limits::Limits;
use crate::raw_pool::RawPool;
use crate::registry::{self, Key};
use crate::slot::{Object, Slot, free_object};
use crate::stats::Stats;
use crate::thread::{self, Desk};
use crate::wipe::Wipe;

/// What a guard leads to.
#[derive(Debug)]
pub(super) struct Buffer {
    pub(super) bytes: Vec<u8>,
    /// The greatest length that was seen since it was last given out, or before.
    pub(super) most_written: usize,
    class: Arc<Class>,
}

/// One size of buffers.
#[derive(Debug)]
pub(super) struct Class {
    /// What a thread finds its cache by; that which keeps none has no key.
    key: Key,
    /// Where it stands in the list of all pools.
    listed: Key,
    /// In bytes.
    size: usize,
    /// How much more than `size` a buffer has room for that belongs to the next class.
    room: usize,
    desk: Desk,
    /// The desk, for a return that has nothing to do but to clear the buffer.
    short_way: Desk,
    zeroizes: bool,
    raw: Arc<RawPool>,
    ladder: Weak<Ladder>,
    tuner: Option<Arc<Tuner>>,
}

/// What is the same for all classes of a pool.
pub(super) struct Rules {
    pub(super) limits: Limits,
    pub(super) zeroizes: bool,
    pub(super) ladder: Weak<Ladder>,
    pub(super) tuner: Option<Arc<Tuner>>,
}

impl Class {
    /// A class of buffers that have room for `size`, and for less than `room` more.
    pub(super) fn new(name: Cow<'static, str>, size: usize, room: usize, rules: &Rules) -> Self {
        let raw = Self::raw_pool(name, rules.limits);
        let key = registry::list(&raw);
        let desk = Desk::new();
        let has_short_way = !rules.zeroizes && rules.tuner.is_none();
        let short_way = if has_short_way { desk } else { Desk::NONE };
        Self {
            key,
            listed: key,
            desk,
            short_way,
            size,
            room,
            zeroizes: rules.zeroizes,
            raw,
            ladder: Weak::clone(&rules.ladder),
            tuner: rules.tuner.clone(),
        }
    }

    /// What buffers belong to that are larger than any class. It keeps none.
    pub(super) fn outside(name: Cow<'static, str>, rules: &Rules) -> Self {
        let raw = Self::raw_pool(name, rules.limits.cache(0).max_idle(0));
        Self {
            key: Key::NONE,
            listed: registry::list(&raw),
            desk: Desk::NONE,
            short_way: Desk::NONE,
            size: usize::MAX,
            room: 0,
            zeroizes: rules.zeroizes,
            raw,
            ladder: Weak::clone(&rules.ladder),
            tuner: rules.tuner.clone(),
        }
    }

    fn raw_pool(name: Cow<'static, str>, limits: Limits) -> Arc<RawPool> {
        // What is kept is a matter of the classes.
        let limits = limits.max_object_bytes(usize::MAX);
        let (size, visitors) = (size_of::<Buffer>(), Visitors::Many);
        // SAFETY: the pool is used with values of `Buffer` alone, which is `Send`.
        Arc::new(unsafe { RawPool::new(name, limits, size, free_object::<Buffer>, visitors) })
    }

    #[inline(always)]
    pub(super) fn size(&self) -> usize {
        self.size
    }

    pub(super) fn desk(&self) -> Desk {
        self.desk
    }

    #[inline(always)]
    pub(super) fn short_way(&self) -> Desk {
        self.short_way
    }

    /// Whether a buffer of this capacity belongs here.
    pub(super) fn holds(&self, capacity: usize) -> bool {
        capacity.wrapping_sub(self.size) < self.room
    }

    pub(super) fn stats(&self) -> Stats {
        self.raw.stats()
    }

    /// The thread's cache, for calls that concern what is idle.
    fn any_cache(&self) -> CacheRef {
        thread::find(self.key)
    }

    /// The thread's cache, claimed if that is possible.
    fn claim(&self) -> CacheRef {
        thread::claim_at_desk(&self.raw, self.key, self.desk)
    }

    pub(super) fn trim(&self) {
        // SAFETY: the thread has claimed what it finds.
        unsafe { self.raw.trim(self.any_cache()) };
    }

    pub(super) fn clear(&self) {
        // SAFETY: the thread has claimed what it finds.
        unsafe { self.raw.clear(self.any_cache()) };
    }

    pub(super) fn flush(&self) {
        // SAFETY: the thread has claimed what it finds.
        unsafe { self.raw.flush(self.any_cache()) };
    }

    pub(super) fn prewarm(self: &Arc<Self>, count: usize) -> usize {
        lifecycle::prewarm(Stock::of(self), count)
    }

    /// Has all buffers freed: those that are idle in the depot and on this thread now, those
    /// of other threads when they come by or end, and those in use when they come home.
    pub(super) fn close(&self) {
        // SAFETY: the thread has claimed what it finds.
        unsafe { self.raw.retire(self.any_cache()) };
    }

    /// Has the thread's cache do what it was told: of a class that was closed, free all.
    fn catch_up(&self) {
        let cache = self.any_cache();
        if !cache.is_empty_one() {
            // SAFETY: the thread has claimed what it finds.
            unsafe { self.raw.catch_up(cache) };
        }
    }

    /// Whether the pool is gone.
    fn is_closed(&self) -> bool {
        self.ladder.strong_count() == 0
    }

    /// Whether what the last window taught keeps buffers that grew until they belonged here.
    pub(super) fn is_wanted(&self) -> bool {
        self.tuner.as_ref().is_none_or(|tuner| self.size <= tuner.drop_threshold())
    }
}

impl Drop for Class {
    fn drop(&mut self) {
        registry::unlist(self.listed);
        if self.key != Key::NONE {
            self.desk.give_up();
        }
    }
}

/// A class, and the capacity that a new buffer is to have.
#[derive(Clone, Copy)]
struct Stock<'a> {
    class: &'a Arc<Class>,
    capacity: usize,
}

impl<'a> Stock<'a> {
    #[inline(always)]
    fn of(class: &'a Arc<Class>) -> Self {
        Self { class, capacity: class.size }
    }
}

// SAFETY: the key, the depot and the caches behind `raw` are the class's own, and it is used
// with objects of `Buffer` alone; `thread` finds a cache that the thread has claimed.
unsafe impl Home<Buffer> for Stock<'_> {
    #[inline]
    fn raw(&self) -> &RawPool {
        &self.class.raw
    }

    #[inline(always)]
    fn cache(&self) -> Option<CacheRef> {
        if self.class.desk == Desk::NONE { None } else { Some(self.class.desk.cache()) }
    }

    fn any_cache(&self) -> CacheRef {
        self.class.any_cache()
    }

    fn claim(&self) -> CacheRef {
        self.class.claim()
    }

    /// It is listed from the beginning.
    fn list(&self) {}

    fn create(&self) -> Buffer {
        let bytes = if self.class.zeroizes {
            let mut bytes = vec![0; self.capacity];
            bytes.clear();
            bytes
        } else {
            Vec::with_capacity(self.capacity)
        };
        Buffer { bytes, most_written: 0, class: Arc::clone(self.class) }
    }

    fn validate(&self, _: &Buffer) -> bool {
        true
    }

    fn renew(&self, buffer: &mut Buffer) -> usize {
        buffer.empty();
        buffer.bytes.capacity()
    }

    fn measure(&self, buffer: &mut Buffer) -> usize {
        buffer.bytes.capacity()
    }

    fn wipe(&self, buffer: &mut Buffer) {
        buffer.empty();
    }
}

impl Buffer {
    /// Notes how much is in it, before that is changed.
    #[inline(always)]
    pub(super) fn note_length(&mut self) {
        // A branch, which hardly ever changes its mind: a store each time costs more.
        if self.bytes.len() > self.most_written {
            self.most_written = self.bytes.len();
        }
    }

    /// Removes the content, and wipes it where that is the rule.
    #[inline]
    pub(super) fn empty(&mut self) {
        if self.class.zeroizes {
            self.bytes.wipe();
        } else {
            self.bytes.clear();
        }
    }
}

/// Takes a buffer of a class if there is an idle one.
pub(super) fn take_idle(class: &Arc<Class>, caller: Caller) -> Option<NonNull<Slot<Buffer>>> {
    lifecycle::take_idle(Stock::of(class), caller)
}

/// Takes a new buffer, with room for `capacity`, whatever the size of the class.
pub(super) fn take_new(
    class: &Arc<Class>,
    capacity: usize,
    caller: Caller,
) -> NonNull<Slot<Buffer>> {
    lifecycle::take_new(Stock { class, capacity }, caller)
}

/// Takes in a buffer that is not of the pool.
#[track_caller]
pub(super) fn attach(class: &Arc<Class>, bytes: Vec<u8>) -> NonNull<Slot<Buffer>> {
    let capacity = bytes.capacity();
    let mut buffer = Buffer { bytes, most_written: 0, class: Arc::clone(class) };
    let slot = lifecycle::attach_argument!(Stock::of(class), buffer);
    // As if it had been idle in its class (invariant 5), unless the word has other uses: then
    // it goes home by the long way.
    // SAFETY: the slot is new, and nobody else's.
    if !unsafe { Slot::is_marked(slot) } {
        // SAFETY: as above.
        unsafe { Slot::note_retained(slot, capacity) };
    }
    slot
}

/// Takes a buffer off the record that was made blank where it is.
///
/// # Safety
///
/// - The caller owns the slot.
pub(super) unsafe fn forget_get(slot: NonNull<Slot<Buffer>>) {
    // SAFETY: the caller owns the slot, and buffers are not shared.
    if unsafe { Slot::is_marked(slot) } {
        // No capacity, so that it goes home by the long way, as one that is marked does.
        // SAFETY: as above.
        unsafe { Slot::note_retained(slot, usize::MAX) };
    }
}

/// Reaches a buffer.
///
/// # Safety
///
/// - The slot is allocated, and nobody changes the buffer for as long as it is used.
#[inline(always)]
pub(super) unsafe fn buffer<'a>(slot: NonNull<Slot<Buffer>>) -> &'a Buffer {
    // SAFETY: the slot is allocated.
    let buffer = unsafe { Slot::value(slot) };
    // SAFETY: the value is valid, and nobody changes it.
    unsafe { buffer.as_ref() }
}

/// Reaches a buffer, to change it.
///
/// # Safety
///
/// - The slot is allocated, and nobody else looks at the buffer for as long as it is used.
#[inline(always)]
pub(super) unsafe fn buffer_mut<'a>(slot: NonNull<Slot<Buffer>>) -> &'a mut Buffer {
    // SAFETY: the slot is allocated.
    let mut buffer = unsafe { Slot::value(slot) };
    // SAFETY: the value is valid, and nobody else looks at it.
    unsafe { buffer.as_mut() }
}

/// The short way home of a buffer.
///
/// # Safety
///
/// - The caller owns the slot.
pub(super) unsafe fn short_way(slot: NonNull<Slot<Buffer>>) -> Desk {
    // SAFETY: the caller owns the slot.
    unsafe { buffer(slot) }.class.short_way
}

/// Gives a buffer back.
///
/// # Safety
///
/// - The caller owns the slot and gives it up.
/// - `short_way` is that of the buffer's class.
#[inline]
pub(super) unsafe fn give(slot: NonNull<Slot<Buffer>>, short_way: Desk) {
    // SAFETY: the caller owns the slot.
    let buffer = unsafe { buffer_mut(slot) };
    let capacity = buffer.bytes.capacity();
    // SAFETY: as above, and buffers are not shared.
    if capacity != unsafe { Slot::retained_when_idle(slot) } {
        // SAFETY: as above.
        return unsafe { give_long(slot) };
    }
    let cache = short_way.cache();
    if !cache.has_room_for(capacity) {
        // SAFETY: as above.
        return unsafe { give_more(slot, short_way) };
    }
    buffer.bytes.clear();
    // SAFETY: as above; the buffer is empty, and its capacity is what it was.
    let object = unsafe { Object::again(slot) };
    // SAFETY: the thread has claimed what it finds, and there is room.
    unsafe { cache.put(object) };
}

#[cold]
#[inline(never)]
fn give_slow(object: Object, capacity: usize) {
    // SAFETY: the objects of a class are buffers.
    let slot = unsafe { object.into_slot::<Buffer>() };
    // Kept alive until nothing uses it any more (invariant 3).
    // SAFETY: the object owned the slot, which is this function's now.
    let class = Arc::clone(unsafe { &buffer(slot).class });
    if class.is_closed() {
        class.catch_up();
        // SAFETY: as above.
        return unsafe { free(&class, slot, Reason::Explicit) };
    }
    // SAFETY: as above, and the buffer is as it was.
    let object = unsafe { Object::new(slot, capacity) };
    // SAFETY: the thread has claimed what it finds.
    unsafe { class.raw.give_slow(class.claim(), object) };
}

/// The return of a second buffer of a class, and of more, or of one that has no short way.
///
/// # Safety
///
/// - As for [`give`], and the buffer's capacity is what it was when it was idle.
#[inline(never)]
unsafe fn give_more(slot: NonNull<Slot<Buffer>>, short_way: Desk) {
    if short_way == Desk::NONE {
        // SAFETY: the caller's promise is the one asked for.
        return unsafe { give_long(slot) };
    }
    // SAFETY: the caller owns the slot.
    let buffer = unsafe { buffer_mut(slot) };
    let capacity = buffer.bytes.capacity();
    buffer.bytes.clear();
    // SAFETY: the caller gives the slot up; the buffer is empty, and its capacity is what it
    // was.
    let object = unsafe { Object::again(slot) };
    // SAFETY: the thread has claimed what it finds.
    if let Err(object) = unsafe { short_way.cache().push_more(object, capacity) } {
        give_slow(object, capacity);
    }
}

/// The return of a buffer that is wiped, or measured, or has to look for its class.
///
/// # Safety
///
/// - The caller owns the slot and gives it up.
#[inline(never)]
unsafe fn give_long(slot: NonNull<Slot<Buffer>>) {
    // SAFETY: the caller owns the slot.
    let buffer = unsafe { buffer_mut(slot) };
    let written = mem::take(&mut buffer.most_written).max(buffer.bytes.len());
    buffer.empty();
    let class = &buffer.class;
    if let Some(tuner) = &class.tuner {
        tuner.note(written);
    }
    if class.holds(buffer.bytes.capacity()) && !class.is_closed() {
        // SAFETY: the caller owns the slot and gives it up; the buffer was emptied, and is
        // where it belongs.
        return unsafe { give_home(slot) };
    }
    // SAFETY: the caller owns the slot and gives it up.
    unsafe { move_home(slot) };
}

/// Leaves a buffer with its class.
///
/// # Safety
///
/// - The caller owns the slot and gives it up.
/// - The buffer is as its class keeps it (invariant 2).
unsafe fn give_home(slot: NonNull<Slot<Buffer>>) {
    // SAFETY: the caller owns the slot.
    let buffer = unsafe { buffer(slot) };
    let (cache, capacity) = (buffer.class.any_cache(), buffer.bytes.capacity());
    // SAFETY: the caller owns the slot and gives it up.
    let object = unsafe { Object::new(slot, capacity) };
    // SAFETY: the thread has claimed what it finds.
    if let Err(object) = unsafe { cache.push_any(object, capacity) } {
        give_slow(object, capacity);
    }
}

/// Gives an empty buffer to the class that it belongs to by now, or frees it.
///
/// # Safety
///
/// - The caller owns the slot and gives it up.
#[cold]
#[inline(never)]
unsafe fn move_home(slot: NonNull<Slot<Buffer>>) {
    // SAFETY: the caller owns the slot.
    let buffer = unsafe { buffer_mut(slot) };
    // Kept alive until nothing uses it any more (invariant 3).
    let class = Arc::clone(&buffer.class);
    let ladder = class.ladder.upgrade();
    let home = match &ladder {
        Some(ladder) => ladder.home_of(buffer.bytes.capacity()),
        None => {
            class.catch_up();
            Err(Reason::Explicit)
        }
    };
    match home.and_then(|home| if home.is_wanted() { Ok(home) } else { Err(Reason::Oversize) }) {
        Ok(home) => {
            if !Arc::ptr_eq(home, &class) {
                class.raw.tally.detached.add_one();
                home.raw.tally.attached.add_one();
                buffer.class = Arc::clone(home);
            }
            // SAFETY: the caller owns the slot and gives it up; the buffer is empty, and its
            // class is the one that holds it.
            unsafe { give_home(slot) };
        }
        // SAFETY: the caller owns the slot and gives it up.
        Err(reason) => unsafe { free(&class, slot, reason) },
    }
}

/// Frees a buffer that came home.
///
/// # Safety
///
/// - The caller owns the slot and gives it up; it belongs to the class.
unsafe fn free(class: &Arc<Class>, slot: NonNull<Slot<Buffer>>, reason: Reason) {
    class.raw.tally.returned.add_one();
    // SAFETY: the caller's promise is the one asked for.
    unsafe { lifecycle::discard(Stock::of(class), slot, reason) };
}

/// Frees a buffer whose user does not want it back.
///
/// # Safety
///
/// - The caller owns the slot and gives it up.
pub(super) unsafe fn discard(slot: NonNull<Slot<Buffer>>) {
    // SAFETY: the caller owns the slot.
    let class = Arc::clone(unsafe { &buffer(slot).class });
    // SAFETY: the caller's promise is the one asked for.
    unsafe { lifecycle::discard(Stock::of(&class), slot, Reason::Explicit) };
}

/// Takes the bytes out for good.
///
/// # Safety
///
/// - The caller owns the slot and gives it up.
pub(super) unsafe fn detach(slot: NonNull<Slot<Buffer>>) -> Vec<u8> {
    // SAFETY: the caller owns the slot.
    let class = Arc::clone(unsafe { &buffer(slot).class });
    // SAFETY: the caller's promise is the one asked for.
    let detached = unsafe { lifecycle::detach(Stock::of(&class), slot) };
    detached.into_inner().bytes
}

/// Takes another buffer from where this one came from.
#[track_caller]
pub(super) fn take_like(buffer: &Buffer, capacity: usize) -> NonNull<Slot<Buffer>> {
    match buffer.class.ladder.upgrade() {
        Some(ladder) => take_from(&ladder, capacity, Location::caller()),
        None => take_new(&buffer.class, capacity, Location::caller()),
    }
}

/// Takes a buffer with room for `capacity`.
pub(super) fn take_from(ladder: &Ladder, capacity: usize, caller: Caller) -> NonNull<Slot<Buffer>> {
    match ladder.class_for(capacity) {
        Some(class) => lifecycle::take_for(Stock::of(class), caller),
        None => take_new(ladder.outside(), capacity, caller),
    }
}

/// Takes another buffer than the hot one, with room for `capacity`, from the thread's cache, if
/// the first look finds that; with its short way home.
pub(super) fn take_more(rungs: &Rungs, capacity: usize) -> Option<(NonNull<Slot<Buffer>>, Desk)> {
    let (cache, short_way) = rungs.cache_for(capacity);
    // SAFETY: the thread has claimed what it finds.
    let object = unsafe { cache.pop_more() }?;
    // SAFETY: the objects of a class are buffers.
    Some((unsafe { object.into_slot() }, short_way))
}

/// Takes the hot buffer with room for `capacity`, if the first look finds it; with its short
/// way home.
#[inline(always)]
pub(super) fn take_hot(rungs: &Rungs, capacity: usize) -> Option<(NonNull<Slot<Buffer>>, Desk)> {
    let (cache, short_way) = rungs.cache_for(capacity);
    // SAFETY: the thread has claimed what it finds.
    let object = unsafe { cache.pop() }?;
    // SAFETY: the objects of a class are buffers.
    Some((unsafe { object.into_slot() }, short_way))
}

/// Whether an idle buffer of its class is zero over its whole capacity.
pub(super) fn is_kept_zero(buffer: &Buffer) -> bool {
    buffer.class.zeroizes
}
