//! The guard of an object that several users share.
//!
//! # Invariants
//!
//! 1. The handles own the slot together. They are counted in it, from the one that
//!    [`Pooled::share`] made (`handles`).
//! 2. Nobody changes the value but through the only handle there is, borrowed exclusively.
//! 3. Whoever removes the last handle has the slot to itself, and all that was done through
//!    the others is behind it.
//!
//! # Rejected
//!
//! Handles to a part of the object, as `PooledMap` is to `Pooled`: two words, and a field
//! of a shared object can be borrowed as it is.

use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::ops::Deref;
use core::ptr::NonNull;

use super::Pooled;
use super::forward;
use crate::handles::Handles;
use crate::lifecycle::{self, OfType};
use crate::poolable::Poolable;
use crate::slot::Slot;
use crate::watch;

/// An object that several users share, which goes back to its pool when the last of its
/// clones drops.
///
/// It is to [`Pooled`] what an [`Arc`](std::sync::Arc) is to a `Box`: made by
/// [`Pooled::share`], one pointer wide, cloned without an allocation, dereferenced to the
/// object, which nobody can change while there are others. There are no weak ones. All
/// functions are associated ones, so that they hide no method of the object.
///
/// What happens when the object goes back is what [`Pooled`] says, on the thread that drops
/// the last clone. In a pooled type, let a field be an `Option<Shared<T>>`, which a return
/// makes `None`; by itself it has no blank state, and so it is not
/// [`Reset`](crate::Reset).
///
/// # Examples
///
/// ```
/// use poolable::{Poolable, Pooled, Shared};
///
/// #[derive(Poolable)]
/// struct Frame(Vec<u8>);
///
/// let mut frame = Frame::pooled();
/// frame.0.extend(b"to all");
/// let frame: Shared<Frame> = Pooled::share(frame);
/// let subscribers = vec![frame.clone(); 100];
/// drop(frame);
/// assert!(subscribers.iter().all(|frame| frame.0 == b"to all"));
/// drop(subscribers);
/// assert_eq!((Frame::pool().stats().returned, Frame::pool().stats().idle), (1, 1));
/// ```
#[must_use = "the object goes back to its pool at once unless a clone is kept"]
pub struct Shared<T: Poolable> {
    slot: NonNull<Slot<T>>,
    /// As one that owns the object, it is as strict about lifetimes as the guard that does.
    _owns: PhantomData<Pooled<T>>,
}

// SAFETY: a handle gives out shared references to the value, which `T: Sync` allows, and the
// last one is the guard that it was made of, which may be sent.
unsafe impl<T: Poolable + Sync> Send for Shared<T> where Pooled<T>: Send {}

// SAFETY: a shared handle gives out shared references to the value and handles, which may be
// sent for the reasons above.
unsafe impl<T: Poolable + Sync> Sync for Shared<T> where Pooled<T>: Send {}

/// Counts the first handle, whose count takes the place of a mark.
///
/// # Safety
///
/// - The caller owns the slot, whose object is not idle.
#[cold]
#[inline(never)]
unsafe fn begin_watched<T>(slot: NonNull<Slot<T>>) -> NonNull<Slot<T>> {
    watch::share(Slot::word(slot));
    // SAFETY: the caller owns the slot, whose object is not idle.
    unsafe { Slot::handles(slot) }.begin();
    slot
}

/// Gives an object back that had handles.
///
/// # Safety
///
/// - The slot came from the pool of `T`, and the caller owns it and gives it up.
// A call, so that the drop of a handle is small, which mostly is not the last one.
#[inline(never)]
unsafe fn give<T: Poolable>(slot: NonNull<Slot<T>>) {
    watch::unshare(Slot::word(slot));
    // SAFETY: the caller's promise is the one asked for.
    unsafe { lifecycle::give(OfType::new(), slot) };
}

impl<T: Poolable> Shared<T> {
    pub(super) fn new(guard: Pooled<T>) -> Self {
        let slot = Pooled::into_slot(guard);
        if watch::is_on() {
            // SAFETY: the guard owned the slot, so that it is allocated and not idle.
            let slot = unsafe { begin_watched(slot) };
            return Self { slot, _owns: PhantomData };
        }
        // SAFETY: as above.
        unsafe { Slot::handles(slot) }.begin();
        Self { slot, _owns: PhantomData }
    }

    #[inline]
    fn handles(&self) -> Handles<'_> {
        // SAFETY: this handle is counted, so that the slot is allocated and not idle.
        unsafe { Slot::handles(self.slot) }
    }

    /// Borrows the object mutably, if this is its only handle.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::{Poolable, Pooled, Shared};
    ///
    /// #[derive(Poolable)]
    /// struct Frame(Vec<u8>);
    ///
    /// let mut frame = Pooled::share(Frame::pooled());
    /// let other = frame.clone();
    /// assert!(Shared::get_mut(&mut frame).is_none());
    /// drop(other);
    /// Shared::get_mut(&mut frame).unwrap().0.push(7);
    /// assert_eq!(frame.0, [7]);
    /// ```
    #[must_use]
    pub fn get_mut(this: &mut Self) -> Option<&mut T> {
        if !this.handles().is_one() {
            return None;
        }
        // SAFETY: this handle is counted, and so the slot is allocated.
        let mut value = unsafe { Slot::value(this.slot) };
        // SAFETY: the value is valid; the only handle is borrowed exclusively, so that no
        // other comes into being (invariant 2).
        Some(unsafe { value.as_mut() })
    }

    /// Turns the only handle of an object into a guard again.
    ///
    /// # Errors
    ///
    /// The handle as it was, if there are others.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::{Poolable, Pooled, Shared};
    ///
    /// #[derive(Debug, Poolable)]
    /// struct Frame(Vec<u8>);
    ///
    /// let frame = Pooled::share(Frame::pooled());
    /// let other = frame.clone();
    /// let frame = Shared::try_unshare(frame).expect_err("there is another");
    /// drop(other);
    /// let mut frame: Pooled<Frame> = Shared::try_unshare(frame).unwrap();
    /// frame.0.push(7);
    /// assert_eq!(frame.0, [7]);
    /// ```
    pub fn try_unshare(this: Self) -> Result<Pooled<T>, Self> {
        if !this.handles().is_one() {
            return Err(this);
        }
        let this = ManuallyDrop::new(this);
        watch::unshare(Slot::word(this.slot));
        // SAFETY: the only handle owned the slot, which came from the pool of `T`, and is
        // gone.
        Ok(unsafe { Pooled::from_slot(this.slot) })
    }

    /// Whether two handles are of one object.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::{Poolable, Pooled, Shared};
    ///
    /// #[derive(Poolable, PartialEq)]
    /// struct Frame(Vec<u8>);
    ///
    /// let (one, two) = (Pooled::share(Frame::pooled()), Pooled::share(Frame::pooled()));
    /// assert!(one == two && !Shared::ptr_eq(&one, &two));
    /// assert!(Shared::ptr_eq(&one, &one.clone()));
    /// ```
    #[must_use]
    pub fn ptr_eq(this: &Self, other: &Self) -> bool {
        this.slot == other.slot
    }

    /// How many handles the object has, or had a moment ago: other threads may make and
    /// drop some at any time.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::{Poolable, Pooled, Shared};
    ///
    /// #[derive(Poolable)]
    /// struct Frame(Vec<u8>);
    ///
    /// let frame = Pooled::share(Frame::pooled());
    /// let _other = frame.clone();
    /// assert_eq!(Shared::count(&frame), 2);
    /// ```
    #[must_use]
    pub fn count(this: &Self) -> usize {
        this.handles().count()
    }
}

/// Another handle of the same object.
impl<T: Poolable> Clone for Shared<T> {
    #[inline]
    fn clone(&self) -> Self {
        self.handles().add();
        Self { slot: self.slot, _owns: PhantomData }
    }
}

impl<T: Poolable> Drop for Shared<T> {
    #[inline]
    fn drop(&mut self) {
        if self.handles().remove() {
            // SAFETY: the last handle is gone, and so the slot is its owner's alone
            // (invariant 3); it came from the pool of `T`.
            unsafe { give(self.slot) };
        }
    }
}

impl<T: Poolable> Deref for Shared<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: this handle is counted, and so the slot is allocated.
        let value = unsafe { Slot::value(self.slot) };
        // SAFETY: the value is valid; nobody changes it while a handle is borrowed
        // (invariant 2).
        unsafe { value.as_ref() }
    }
}

forward!([T: Poolable] Shared<T> => T);

impl<T: Poolable> From<Pooled<T>> for Shared<T> {
    fn from(guard: Pooled<T>) -> Self {
        Self::new(guard)
    }
}
