//! An object's way through its pool: created, taken, given back, freed.
//!
//! These are the places where user code runs. None of them holds a lock, a borrow of
//! thread-local state or a half updated cache meanwhile: user code may panic, and may
//! get and return objects of the same pool. What it panics out of is on the stack, in a
//! guard that frees it, so that the way without a panic pays nothing.

use core::marker::PhantomData;
use core::mem;
use core::panic::Location;
use core::ptr::NonNull;

use crate::by_type;
use crate::cache::CacheRef;
use crate::discarded::Reason;
use crate::events;
#[cfg(feature = "mlock")]
use crate::mlock::Held;
use crate::nest::{self, Give, Level};
use crate::poolable::Poolable;
use crate::raw_pool::RawPool;
use crate::registry;
use crate::slot::{Object, Slot};
use crate::thread::{self, Way};
use crate::watch::{self, Unwatched};

/// Where objects of a type come from and go to: a pool, and the user code that it runs.
///
/// # Safety
///
/// - The pool is used with objects of `T` alone.
/// - `cache`, `any_cache` and `claim` return a cache of that pool which the calling thread has claimed,
///   or the empty one.
/// - `LATER` is nothing, unless `T` has no lifetimes; its function does what `give` does.
pub(crate) unsafe trait Home<T>: Copy {
    /// Gives back an object that had to wait, where returns may nest.
    const LATER: Option<Give> = None;

    fn raw(&self) -> &RawPool;
    /// The thread's cache as it is, unless it has to be looked for.
    fn cache(&self) -> Option<CacheRef>;
    /// The thread's cache as it is, wherever it is found.
    #[inline(always)]
    fn any_cache(&self) -> CacheRef {
        self.cache().unwrap_or(CacheRef::EMPTY)
    }
    /// The thread's cache, claimed if that is possible.
    fn claim(&self) -> CacheRef;
    /// Has the process-wide calls find the pool, at the latest from here on.
    fn list(&self);

    fn create(&self) -> T;
    fn validate(&self, value: &T) -> bool;
    /// Makes a value blank, and measures its heap.
    fn renew(&self, value: &mut T) -> usize;
    fn measure(&self, value: &mut T) -> usize;
    /// Wipes the secrets of a value that its drop does not wipe.
    fn wipe(&self, value: &mut T);

    /// Locks an object in memory that has come into the pool, where the pool does that; with
    /// its value if that is blank.
    #[cfg(feature = "mlock")]
    #[inline(always)]
    fn admit(&self, _slot: NonNull<Slot<T>>, _blank: Option<&mut T>) {}
    /// The lock of an object that is about to leave the pool.
    #[cfg(feature = "mlock")]
    #[inline(always)]
    fn held(&self, _slot: NonNull<Slot<T>>) -> Option<Held> {
        None
    }
}

/// The pool that a type has by its derive.
pub(crate) struct OfType<T>(PhantomData<fn() -> T>);

impl<T> OfType<T> {
    #[inline(always)]
    pub(crate) const fn new() -> Self
    where
        T: Poolable,
    {
        // The pool's objects are of the one type, the guard's of the other.
        const {
            assert!(size_of::<T>() == size_of::<T::Static>());
            assert!(align_of::<T>() == align_of::<T::Static>());
        }
        Self(PhantomData)
    }
}

impl<T> Clone for OfType<T> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for OfType<T> {}

// SAFETY: the pool of a type holds objects of that type, which may differ in lifetimes: idle
// ones are as their reset or their create left them, and so valid at any (`Poolable`). The
// way to the thread's cache is typed, or found by the type's identity; it leads to a cache
// that its thread has claimed, or to the empty one. A type with `__NESTS` has no lifetimes.
unsafe impl<T: Poolable> Home<T> for OfType<T> {
    const LATER: Option<Give> = if T::__NESTS { Some(give_later::<T>) } else { None };

    #[inline]
    fn raw(&self) -> &RawPool {
        T::pool().raw()
    }

    #[inline(always)]
    fn cache(&self) -> Option<CacheRef> {
        match T::__way() {
            Way::Own(local) => Some(local.get()),
            Way::ByType => by_type::find::<T::Static>(),
        }
    }

    #[inline(always)]
    fn any_cache(&self) -> CacheRef {
        match T::__way() {
            Way::Own(local) => local.get(),
            Way::ByType => by_type::find_anywhere::<T::Static>(),
        }
    }

    fn claim(&self) -> CacheRef {
        match T::__way() {
            Way::Own(local) => thread::claim_typed(T::pool().raw(), &local),
            Way::ByType => by_type::claim::<T::Static>(|| T::pool().raw()),
        }
    }

    fn list(&self) {
        registry::list_static(T::pool().raw());
    }

    #[inline(always)]
    fn create(&self) -> T {
        T::blank()
    }

    #[inline(always)]
    fn validate(&self, value: &T) -> bool {
        value.__validate()
    }

    #[inline(always)]
    fn renew(&self, value: &mut T) -> usize {
        value.reset();
        value.retained_bytes()
    }

    #[inline(always)]
    fn measure(&self, value: &mut T) -> usize {
        value.retained_bytes()
    }

    fn wipe(&self, value: &mut T) {
        value.__wipe();
    }
}

/// Where an object is got: the place in the user's code.
pub(crate) type Caller = &'static Location<'static>;

/// Takes an object: from the thread's cache, the depot, or by creating one.
#[inline]
#[track_caller]
pub(crate) fn take<T, H: Home<T>>(home: H) -> NonNull<Slot<T>> {
    take_for(home, Location::caller())
}

/// The same as [`take`], for somebody who asked elsewhere.
#[inline]
pub(crate) fn take_for<T, H: Home<T>>(home: H, caller: Caller) -> NonNull<Slot<T>> {
    // SAFETY: the thread has claimed what its home finds.
    match home.cache().and_then(|cache| unsafe { cache.pop() }) {
        // SAFETY: the pool holds objects of `T`.
        Some(object) => unsafe { object.into_slot() },
        None => take_more(home, caller),
    }
}

/// The get of a second object in hand, and of more: a call, so that the first one stays
/// small where it is inlined.
#[inline(never)]
fn take_more<T, H: Home<T>>(home: H, caller: Caller) -> NonNull<Slot<T>> {
    let object = match home.cache() {
        // SAFETY: the thread has claimed what its home finds.
        Some(cache) => unsafe { cache.pop_more() },
        // SAFETY: as above.
        None => unsafe { home.any_cache().pop_any() },
    };
    match object {
        // SAFETY: the pool holds objects of `T`.
        Some(object) => unsafe { object.into_slot() },
        None => take_slow(home, caller),
    }
}

#[cold]
#[inline(never)]
fn take_slow<T, H: Home<T>>(home: H, caller: Caller) -> NonNull<Slot<T>> {
    take_idle_slow(home, caller).unwrap_or_else(|| take_new(home, caller))
}

/// Takes an object that nobody has used before.
pub(crate) fn take_new<T, H: Home<T>>(home: H, caller: Caller) -> NonNull<Slot<T>> {
    home.raw().tally.misses.add_one();
    // SAFETY: the pool holds objects of `T`.
    let slot = unsafe { create(home).into_slot() };
    // SAFETY: the slot is new, and nobody else's.
    unsafe { note_get(home, slot, caller) };
    slot
}

/// Takes an object from the thread's cache or the depot.
#[inline]
pub(crate) fn take_idle<T, H: Home<T>>(home: H, caller: Caller) -> Option<NonNull<Slot<T>>> {
    // SAFETY: the thread has claimed what its home finds.
    match unsafe { home.any_cache().pop_any() } {
        // SAFETY: the pool holds objects of `T`.
        Some(object) => Some(unsafe { object.into_slot() }),
        None => take_idle_slow(home, caller),
    }
}

#[cold]
#[inline(never)]
fn take_idle_slow<T, H: Home<T>>(home: H, caller: Caller) -> Option<NonNull<Slot<T>>> {
    let cache = home.claim();
    // SAFETY: the thread has claimed what its home finds.
    let object = unsafe { home.raw().take_slow(cache) }?;
    // SAFETY: the pool holds objects of `T`.
    let slot = unsafe { object.into_slot() };
    // SAFETY: the object owned the slot, which is this function's now.
    unsafe { note_get(home, slot, caller) };
    Some(slot)
}

/// Tells the watches, if there are any, of an object that is about to be handed out. A cache
/// that is watched brings every get here.
///
/// # Safety
///
/// - The slot came from this pool, and the caller owns it.
#[inline]
pub(crate) unsafe fn note_get<T, H: Home<T>>(home: H, slot: NonNull<Slot<T>>, caller: Caller) {
    if watch::is_on() {
        // SAFETY: the caller owns the slot, which `Slot` takes off the record before it frees
        // it.
        unsafe { watch::got(Slot::word(slot), home.raw(), caller) };
    }
}

/// Creates an object.
fn create<T, H: Home<T>>(home: H) -> Object {
    home.list();
    // What it takes from pools is a part of what it makes.
    let _unwatched = watch::is_on().then(Unwatched::enter);
    let slot = Slot::allocate(|| home.create());
    let pool = home.raw();
    pool.tally.created.add_one();
    // SAFETY: the slot is new, and nobody else's.
    let mut object = unsafe { InHand::new(home, slot, Reason::Panic) };
    #[cfg(feature = "mlock")]
    home.admit(slot, Some(object.value()));
    events::created(pool.name());
    let retained = home.measure(object.value());
    // SAFETY: a new object is blank.
    let mut object = unsafe { object.into_idle(retained) };
    object.saturate();
    pool.note_birth(&object);
    object
}

/// Creates up to `count` idle objects for the depot, or for the thread's cache if there is
/// no depot, and returns how many it kept.
pub(crate) fn prewarm<T, H: Home<T>>(home: H, count: usize) -> usize {
    let pool = home.raw();
    let count = count.min(pool.room(home.claim()));
    let stock = |_: &usize| {
        let object = create(home);
        // After the create, which may have claimed the cache.
        // SAFETY: the thread has claimed what its home finds.
        unsafe { pool.stock(home.claim(), object) }
    };
    (0..count).take_while(stock).count()
}

/// Takes a value in, as if it came from the pool.
///
/// # Safety
///
/// - `source` is valid for reads of a value, which is not used there any more.
pub(crate) unsafe fn attach<T, H: Home<T>>(
    home: H,
    source: *const T,
    caller: Caller,
) -> NonNull<Slot<T>> {
    home.list();
    // SAFETY: the caller's promise is the one asked for.
    let slot = unsafe { Slot::adopt(source) };
    home.raw().tally.attached.add_one();
    #[cfg(feature = "mlock")]
    home.admit(slot, None);
    // SAFETY: the slot is new, and nobody else's.
    unsafe { note_get(home, slot, caller) };
    slot
}

/// Takes in a value that a function was passed, and leaves no copy of it behind: what may be
/// a secret has one home.
macro_rules! attach_argument {
    ($home:expr, $value:ident) => {{
        #[cfg(feature = "zeroize")]
        $crate::wipe::hold!($value);
        #[cfg(not(feature = "zeroize"))]
        let $value = {
            let _ = &mut $value;
            core::mem::ManuallyDrop::new($value)
        };
        #[cfg(not(feature = "zeroize"))]
        let $value = &raw const *$value;
        // SAFETY: the value is there, and the variable has lost its name.
        unsafe { $crate::lifecycle::attach($home, $value, core::panic::Location::caller()) }
    }};
}

pub(crate) use attach_argument;

/// Gives an object back: checks it, makes it blank, measures it, keeps it or frees it.
///
/// # Safety
///
/// - The slot came from this pool, and the caller owns it and gives it up.
#[inline(always)]
pub(crate) unsafe fn give<T, H: Home<T>>(home: H, slot: NonNull<Slot<T>>) {
    // A constant: other types have none of this in their code.
    if let Some(later) = H::LATER {
        let Some(_level) = Level::enter() else {
            // SAFETY: the caller gives the slot up, and it may wait: `T` has no lifetimes.
            return unsafe { nest::defer(slot.cast(), later) };
        };
        // SAFETY: the caller's promise is the one asked for.
        return unsafe { give_now(home, slot) };
    }
    // SAFETY: as above.
    unsafe { give_now(home, slot) };
}

/// Gives back an object that had to wait.
///
/// # Safety
///
/// - `slot` is a `Slot<T>` that came from the pool of `T`; the caller owns it and gives it up.
unsafe fn give_later<T: Poolable>(slot: NonNull<()>) {
    // SAFETY: the caller's promise is the one asked for.
    unsafe { give_now(OfType::<T>::new(), slot.cast()) };
}

/// Gives an object back, whatever it holds.
///
/// # Safety
///
/// - As for [`give`].
#[inline(always)]
unsafe fn give_now<T, H: Home<T>>(home: H, slot: NonNull<Slot<T>>) {
    // SAFETY: the caller's promise is the one asked for.
    let mut object = unsafe { InHand::new(home, slot, Reason::Invalid) };
    object.is_return = true;
    if !home.validate(object.value()) {
        return;
    }
    object.reason = Reason::Panic;
    let retained = home.renew(object.value());
    // SAFETY: the reset has returned, so the value is blank.
    let object = unsafe { object.into_idle(retained) };
    // The thread-local comes last: what ran above may have changed it.
    let pushed = match home.cache() {
        // SAFETY: the thread has claimed what its home finds.
        Some(cache) => unsafe { cache.push(object, retained) },
        None => Err(object),
    };
    if let Err(object) = pushed {
        give_more(home, object, retained);
    }
}

/// The return of a second object, and of more.
#[inline(never)]
fn give_more<T, H: Home<T>>(home: H, object: Object, retained: usize) {
    let pushed = match home.cache() {
        // SAFETY: the thread has claimed what its home finds.
        Some(cache) => unsafe { cache.push_more(object, retained) },
        // SAFETY: as above.
        None => unsafe { home.any_cache().push_any(object, retained) },
    };
    if let Err(object) = pushed {
        give_slow(home, object);
    }
}

#[cold]
#[inline(never)]
fn give_slow<T, H: Home<T>>(home: H, object: Object) {
    let cache = home.claim();
    // SAFETY: the thread has claimed what its home finds.
    unsafe { home.raw().give_slow(cache, object) };
}

/// Takes the value out of the pool for good.
///
/// # Safety
///
/// - The slot came from this pool, and the caller owns it and gives it up.
pub(crate) unsafe fn detach<T, H: Home<T>>(home: H, slot: NonNull<Slot<T>>) -> Detached<T> {
    home.raw().tally.detached.add_one();
    #[cfg(feature = "mlock")]
    drop(home.held(slot));
    Detached(slot)
}

/// A value that is no pool's any more, still in its slot: it is to be moved once, to where its
/// new owner wants it.
pub(crate) struct Detached<T>(NonNull<Slot<T>>);

impl<T> Detached<T> {
    /// Moves the value out.
    #[inline]
    pub(crate) fn into_inner(self) -> T {
        let slot = self.0;
        mem::forget(self);
        // SAFETY: `self` owned the slot, and is gone.
        unsafe { Slot::into_inner(slot) }
    }
}

impl<T> Drop for Detached<T> {
    fn drop(&mut self) {
        // SAFETY: `self` owns the slot, and is gone after this.
        unsafe { Slot::free(self.0) };
    }
}

/// Leaves the value where it is for good.
///
/// # Safety
///
/// - The slot came from this pool, and the caller owns it and gives it up.
pub(crate) unsafe fn leak<'a, T, H: Home<T>>(home: H, slot: NonNull<Slot<T>>) -> &'a mut T {
    home.raw().tally.detached.add_one();
    watch::forget(Slot::word(slot));
    // SAFETY: the caller owns the slot, so it is allocated.
    let mut value = unsafe { Slot::value(slot) };
    // SAFETY: the slot is never freed from here on, and nobody else has a way to it.
    unsafe { value.as_mut() }
}

/// Frees an object as its user left it, its secrets wiped.
///
/// # Safety
///
/// - The slot came from this pool, and the caller owns it and gives it up.
pub(crate) unsafe fn discard<T, H: Home<T>>(home: H, slot: NonNull<Slot<T>>, reason: Reason) {
    // SAFETY: the caller's promise is the one asked for.
    unsafe { abandon(home, slot, reason, false) };
}

/// An object that is neither a user's nor idle, while user code may look at it. Unless
/// it becomes idle it is wiped, dropped and freed, on unwind too.
///
/// While another panic is under way already, a panic in here aborts the process, as
/// everywhere in Rust.
struct InHand<T, H: Home<T>> {
    home: H,
    slot: NonNull<Slot<T>>,
    /// Why it will have been freed.
    reason: Reason,
    /// Whether a guard was dropped for it.
    is_return: bool,
}

impl<T, H: Home<T>> InHand<T, H> {
    /// # Safety
    ///
    /// - The caller owns the slot and gives it up.
    #[inline(always)]
    unsafe fn new(home: H, slot: NonNull<Slot<T>>, reason: Reason) -> Self {
        Self { home, slot, reason, is_return: false }
    }

    #[inline(always)]
    fn value(&mut self) -> &mut T {
        // SAFETY: the slot is owned by `self`, and so allocated.
        let mut value = unsafe { Slot::value(self.slot) };
        // SAFETY: the value is valid, and borrowed with `self`.
        unsafe { value.as_mut() }
    }

    /// Lets the object become idle.
    ///
    /// # Safety
    ///
    /// - The value is blank.
    #[inline(always)]
    unsafe fn into_idle(self, retained: usize) -> Object {
        let slot = self.slot;
        mem::forget(self);
        // SAFETY: `self` owned the slot and is gone.
        unsafe { Object::new(slot, retained) }
    }
}

impl<T, H: Home<T>> Drop for InHand<T, H> {
    // Out of line, and by value, so that the way without a panic keeps all in registers.
    #[inline(always)]
    fn drop(&mut self) {
        // SAFETY: `self` owns the slot, and is gone after this.
        unsafe { abandon(self.home, self.slot, self.reason, self.is_return) };
    }
}

/// Wipes, drops and frees an object, and counts that.
///
/// # Safety
///
/// - The caller owns the slot and gives it up.
#[cold]
#[inline(never)]
unsafe fn abandon<T, H: Home<T>>(home: H, slot: NonNull<Slot<T>>, reason: Reason, is_return: bool) {
    /// Frees the slot, even if the wipe panics.
    struct Freed<T>(NonNull<Slot<T>>);

    impl<T> Drop for Freed<T> {
        fn drop(&mut self) {
            // SAFETY: `abandon` owns the slot, and does not use it any more.
            unsafe { Slot::free(self.0) };
        }
    }

    // Dropped last, when nothing of the object is left.
    let _told = events::Discarding { pool: home.raw().name(), reason };
    let tally = &home.raw().tally;
    tally.discarded(reason).add_one();
    if is_return {
        tally.returned.add_one();
    }
    // Before the next line, and so dropped after what that makes.
    #[cfg(feature = "mlock")]
    let _held = home.held(slot);
    let freed = Freed(slot);
    // SAFETY: the caller owns the slot, so it is allocated.
    let mut value = unsafe { Slot::value(freed.0) };
    // SAFETY: the value is valid, and the caller's.
    home.wipe(unsafe { value.as_mut() });
    drop(freed);
    // The wipes that panicked on the way here were this object's.
    #[cfg(feature = "zeroize")]
    if matches!(reason, Reason::Panic) {
        crate::wipe::forget_failures();
    }
}
