//! An object's way through its pool: created, taken, given back, freed.
//!
//! These are the places where user code runs. None of them holds a lock, a borrow of
//! thread-local state or a half updated cache meanwhile: user code may panic, and may
//! get and return objects of the same pool. What it panics out of is on the stack, in a
//! guard that frees it, so that the way without a panic pays nothing.

use core::mem;
use core::ptr::NonNull;

use crate::poolable::Poolable;
use crate::slot::{Object, Slot};
use crate::stats::Reason;

/// Takes an object: from the thread's cache, the depot, or by creating one.
#[inline]
pub(crate) fn take<T: Poolable>() -> NonNull<Slot<T>> {
    // SAFETY: a way leads to a cache that its thread has claimed.
    match unsafe { T::__local().get().get().pop() } {
        // SAFETY: the pool of `T` holds objects of `T`.
        Some(object) => unsafe { object.into_slot() },
        None => take_slow(),
    }
}

#[cold]
#[inline(never)]
fn take_slow<T: Poolable>() -> NonNull<Slot<T>> {
    let pool = T::pool().raw();
    let object = pool.take_slow(T::__local().get()).unwrap_or_else(|| {
        pool.tally.misses.add_one();
        create::<T>()
    });
    // SAFETY: the pool of `T` holds objects of `T`.
    unsafe { object.into_slot() }
}

/// Creates an object.
pub(crate) fn create<T: Poolable>() -> Object {
    let pool = T::pool().raw();
    let slot = Slot::allocate(T::blank);
    pool.tally.created.add_one();
    // SAFETY: the slot is new, and nobody else's.
    let mut object = unsafe { InHand::<T>::new(slot, Reason::Panic) };
    let bytes = object.measure();
    pool.note_birth(bytes);
    // SAFETY: a new object is blank.
    unsafe { object.into_idle(bytes) }
}

/// Gives an object back: checks it, makes it blank, measures it, keeps it or frees it.
///
/// # Safety
///
/// - The caller owns the slot and gives it up.
#[inline]
pub(crate) unsafe fn give<T: Poolable>(slot: NonNull<Slot<T>>) {
    // SAFETY: the caller's promise is the one asked for.
    let mut object = unsafe { InHand::<T>::new(slot, Reason::Invalid) };
    object.is_return = true;
    if !object.value().__validate() {
        return;
    }
    object.reason = Reason::Panic;
    object.value().reset();
    let bytes = object.measure();
    // SAFETY: the reset has returned, so the value is blank.
    let object = unsafe { object.into_idle(bytes) };
    // The thread-local comes last: what ran above may have changed it.
    // SAFETY: a way leads to a cache that its thread has claimed.
    if let Err(object) = unsafe { T::__local().get().get().push(object, bytes) } {
        give_slow::<T>(object);
    }
}

#[cold]
#[inline(never)]
fn give_slow<T: Poolable>(object: Object) {
    T::pool().raw().give_slow(T::__local().get(), object);
}

/// Frees an object as its user left it, its secrets wiped.
///
/// # Safety
///
/// - The caller owns the slot and gives it up.
pub(crate) unsafe fn discard<T: Poolable>(slot: NonNull<Slot<T>>, reason: Reason) {
    // SAFETY: the caller's promise is the one asked for.
    unsafe { abandon::<T>(slot, reason, false) };
}

/// An object that is neither a user's nor idle, while user code may look at it. Unless
/// it becomes idle it is wiped, dropped and freed, on unwind too.
///
/// While another panic is under way already, a panic in here aborts the process, as
/// everywhere in Rust.
struct InHand<T: Poolable> {
    slot: NonNull<Slot<T>>,
    /// Why it will have been freed.
    reason: Reason,
    /// Whether a guard was dropped for it.
    is_return: bool,
}

impl<T: Poolable> InHand<T> {
    /// # Safety
    ///
    /// - The caller owns the slot and gives it up.
    #[inline(always)]
    unsafe fn new(slot: NonNull<Slot<T>>, reason: Reason) -> Self {
        Self { slot, reason, is_return: false }
    }

    #[inline(always)]
    fn value(&mut self) -> &mut T {
        // SAFETY: the slot is owned by `self`, and so allocated.
        let mut value = unsafe { Slot::value(self.slot) };
        // SAFETY: the value is valid, and borrowed with `self`.
        unsafe { value.as_mut() }
    }

    /// What the object holds, in bytes.
    #[inline(always)]
    fn measure(&mut self) -> usize {
        self.value().retained_bytes().saturating_add(size_of::<T>())
    }

    /// Lets the object become idle.
    ///
    /// # Safety
    ///
    /// - The value is blank.
    #[inline(always)]
    unsafe fn into_idle(self, bytes: usize) -> Object {
        let slot = self.slot;
        mem::forget(self);
        // SAFETY: `self` owned the slot and is gone.
        unsafe { Object::new(slot, bytes) }
    }
}

impl<T: Poolable> Drop for InHand<T> {
    // Out of line, and by value, so that the way without a panic keeps all in registers.
    #[inline(always)]
    fn drop(&mut self) {
        // SAFETY: `self` owns the slot, and is gone after this.
        unsafe { abandon::<T>(self.slot, self.reason, self.is_return) };
    }
}

/// Wipes, drops and frees an object, and counts that.
///
/// # Safety
///
/// - The caller owns the slot and gives it up.
#[cold]
#[inline(never)]
unsafe fn abandon<T: Poolable>(slot: NonNull<Slot<T>>, reason: Reason, is_return: bool) {
    /// Frees the slot, even if the wipe panics.
    struct Freed<T>(NonNull<Slot<T>>);

    impl<T> Drop for Freed<T> {
        fn drop(&mut self) {
            // SAFETY: `abandon` owns the slot, and does not use it any more.
            unsafe { Slot::free(self.0) };
        }
    }

    let tally = &T::pool().raw().tally;
    tally.discarded(reason).add_one();
    if is_return {
        tally.returned.add_one();
    }
    let freed = Freed(slot);
    // SAFETY: the caller owns the slot, so it is allocated.
    let mut value = unsafe { Slot::value(freed.0) };
    // SAFETY: the value is valid, and the caller's.
    unsafe { value.as_mut() }.__wipe();
    drop(freed);
    // The wipes that panicked on the way here were this object's.
    #[cfg(feature = "zeroize")]
    if matches!(reason, Reason::Panic) {
        crate::wipe::forget_failures();
    }
}
