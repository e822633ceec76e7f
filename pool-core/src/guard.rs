//! The guards of thread-cached pools: that of an object which its type's pool owns, and in
//! the files beside this one, those of a part (`map`), for several users (`shared`), and of pools
//! that users make (`pool`). `forward` gives each what all guards have.
//!
//! # Invariants
//!
//! 1. A guard owns its slot: nobody else reads or writes the value while it lives.
//! 2. The value never moves while it is in the pool. `into_inner` moves it out for good.
//!
//! There is no way to pin the value. A value that relies on its address could be taken
//! out of the guard after it was pinned, by safe code.

mod forward;
mod map;
mod pool;
mod shared;

use core::marker::PhantomData;
use core::mem::{self, ManuallyDrop};
use core::ops::{Deref, DerefMut};
use core::panic::Location;
use core::ptr::NonNull;

pub(crate) use self::forward::forward;
pub use self::map::PooledMap;
pub use self::pool::{PooledOwned, PooledRef};
pub use self::shared::Shared;
use crate::discarded::Reason;
use crate::lifecycle::{self, OfType};
use crate::nest::Level;
use crate::poolable::Poolable;
use crate::private::LeavesThread;
use crate::reset::Reset;
use crate::slot::Slot;
use crate::watch::{self, Unwatched};

/// An object taken from its type's pool, which goes back when this guard drops.
///
/// It is one pointer wide, dereferences to the object, and may be dropped on any
/// thread. All functions are associated ones, `Pooled::into_inner(guard)`, so that they
/// hide no method of the object. There is one exception: a guard can be a field of another
/// pooled object, and so it is [`Reset`] itself. With that trait in scope, call a method
/// `reset` of your own as `(*guard).reset()`.
///
/// On drop the object is checked (`validate`), its secrets are wiped, it is reset,
/// measured against the limits, and kept or freed. If the reset panics the object is
/// freed and the panic goes on; if a panic is already under way, a second one aborts the
/// process, as everywhere in Rust.
///
/// # Examples
///
/// ```
/// use poolable::Poolable;
///
/// #[derive(Poolable)]
/// struct Request {
///     path: String,
/// }
///
/// let mut request = Request::pooled();
/// request.path.push_str("/health");
/// assert_eq!(request.path, "/health");
/// drop(request);
/// assert_eq!(Request::pooled().path, "");
/// ```
#[must_use = "the object goes back to its pool at once unless the guard is kept"]
pub struct Pooled<T: Poolable> {
    slot: NonNull<Slot<T>>,
    _owns: PhantomData<T>,
    _invariant: Invariant<T>,
}

/// Keeps the lifetimes in the type of a guard as they are, neither shorter nor longer.
pub(crate) type Invariant<T> = PhantomData<fn(<T as Poolable>::Static) -> <T as Poolable>::Static>;

// SAFETY: a guard owns its value (invariant 1), so that to send one is to send the other. The
// pool that it returns to is there for all threads.
unsafe impl<T: Poolable<__Reach: LeavesThread> + Send> Send for Pooled<T> {}

// SAFETY: a shared guard gives out shared references to the value, and nothing else.
unsafe impl<T: Poolable + Sync> Sync for Pooled<T> {}

impl<T: Poolable> Pooled<T> {
    #[inline]
    #[track_caller]
    pub(crate) fn take() -> Self {
        Self { slot: lifecycle::take(OfType::new()), _owns: PhantomData, _invariant: PhantomData }
    }

    /// A guard for an idle object, if there is one.
    #[inline]
    #[track_caller]
    pub(crate) fn take_idle() -> Option<Self> {
        let slot = lifecycle::take_idle(OfType::new(), Location::caller())?;
        Some(Self { slot, _owns: PhantomData, _invariant: PhantomData })
    }

    /// A guard for a slot.
    ///
    /// # Safety
    ///
    /// - The slot came from the pool of `T`, and the caller owns it and gives it up.
    unsafe fn from_slot(slot: NonNull<Slot<T>>) -> Self {
        Self { slot, _owns: PhantomData, _invariant: PhantomData }
    }

    /// Gives up the guard, and keeps the slot.
    fn into_slot(guard: Self) -> NonNull<Slot<T>> {
        ManuallyDrop::new(guard).slot
    }

    /// Takes the object out of the pool for good.
    ///
    /// The value moves; the memory that it leaves is wiped before it is freed.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::{Poolable, Pooled};
    ///
    /// #[derive(Poolable)]
    /// struct Line(String);
    ///
    /// let mut line = Line::pooled();
    /// line.0.push_str("kept");
    /// let line: Line = Pooled::into_inner(line);
    /// assert_eq!(line.0, "kept");
    /// assert_eq!(Line::pool().stats().detached, 1);
    /// ```
    #[must_use = "the object is dropped unless it is kept; to free it, use `Pooled::discard`"]
    pub fn into_inner(guard: Self) -> T {
        let slot = Self::into_slot(guard);
        // SAFETY: the guard owned the slot and is gone.
        unsafe { lifecycle::detach(OfType::new(), slot) }.into_inner()
    }

    /// Frees the object instead of keeping it, its secrets wiped.
    ///
    /// For an object known to be broken or bloated.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::{Poolable, Pooled};
    ///
    /// #[derive(Poolable)]
    /// struct Line(String);
    ///
    /// Pooled::discard(Line::pooled());
    /// assert_eq!(Line::pool().stats().idle, 0);
    /// ```
    pub fn discard(guard: Self) {
        let slot = Self::into_slot(guard);
        // SAFETY: the guard owned the slot and is gone.
        unsafe { lifecycle::discard(OfType::new(), slot, Reason::Explicit) };
    }

    /// Lets the object live as long as the program, and counts it as detached.
    ///
    /// The memory is the pool's, never a `Box`: it cannot be freed any more.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::{Poolable, Pooled};
    ///
    /// #[derive(Poolable)]
    /// struct Line(String);
    ///
    /// let line: &'static mut Line = Pooled::leak(Line::pooled());
    /// line.0.push_str("for ever");
    /// assert_eq!(Line::pool().stats().detached, 1);
    /// ```
    pub fn leak<'a>(guard: Self) -> &'a mut T
    where
        T: 'a,
    {
        let slot = Self::into_slot(guard);
        // SAFETY: the guard owned the slot and is gone.
        unsafe { lifecycle::leak(OfType::new(), slot) }
    }

    /// Gives a value to the pool: a guard for it, as if it had come from there.
    ///
    /// The argument is wiped when the value has moved; the variable that it came from is the
    /// caller's.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::{Poolable, Pooled};
    ///
    /// #[derive(Poolable)]
    /// struct Line(String);
    ///
    /// drop(Pooled::attach(Line(String::with_capacity(512))));
    /// assert!(Line::pooled().0.capacity() >= 512);
    /// ```
    #[track_caller]
    pub fn attach(mut value: T) -> Self {
        Self {
            slot: lifecycle::attach_argument!(OfType::new(), value),
            _owns: PhantomData,
            _invariant: PhantomData,
        }
    }

    /// Lets several users have the object: the guard becomes a [`Shared`] one, which can be
    /// cloned. The object goes home when the last clone drops.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::{Poolable, Pooled};
    /// use std::thread;
    ///
    /// #[derive(Poolable)]
    /// struct Frame(Vec<u8>);
    ///
    /// let mut frame = Frame::pooled();
    /// frame.0.extend(b"to all");
    /// let frame = Pooled::share(frame);
    /// let readers = [frame.clone(), frame].map(|frame| thread::spawn(move || frame.0.len()));
    /// assert_eq!(readers.map(|reader| reader.join().unwrap()), [6, 6]);
    /// assert_eq!(Frame::pool().stats().returned, 1);
    /// ```
    ///
    /// # Performance
    ///
    /// One store: the count of the handles lies beside the object.
    pub fn share(guard: Self) -> Shared<T> {
        Shared::new(guard)
    }

    /// Narrows the guard to a part of the object. The whole object goes home when the new
    /// guard drops, or at once if `part` panics.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::{Poolable, Pooled, PooledMap};
    ///
    /// #[derive(Poolable)]
    /// struct Frame {
    ///     channel: u32,
    ///     body: Vec<u8>,
    /// }
    ///
    /// let mut body: PooledMap<Frame, Vec<u8>> = Pooled::map(Frame::pooled(), |f| &mut f.body);
    /// body.extend(b"text");
    /// assert_eq!(*body, b"text");
    /// drop(body);
    /// assert_eq!(Frame::pool().stats().returned, 1);
    /// ```
    pub fn map<U: ?Sized>(
        guard: Self,
        part: impl for<'b> FnOnce(&'b mut T) -> &'b mut U,
    ) -> PooledMap<T, U> {
        PooledMap::new(guard, part)
    }

    /// Narrows the guard to a part that the object may not have.
    ///
    /// # Errors
    ///
    /// The guard as it was, if `part` returns none.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::{Poolable, Pooled};
    ///
    /// #[derive(Debug, Poolable)]
    /// struct Frame(Vec<u8>);
    ///
    /// let frame = Pooled::try_map(Frame::pooled(), |frame| frame.0.first_mut());
    /// let mut frame = frame.expect_err("the frame is empty");
    /// frame.0.push(7);
    /// let first = Pooled::try_map(frame, |frame| frame.0.first_mut());
    /// assert_eq!(*first.unwrap(), 7);
    /// ```
    pub fn try_map<U: ?Sized>(
        guard: Self,
        part: impl for<'b> FnOnce(&'b mut T) -> Option<&'b mut U>,
    ) -> Result<PooledMap<T, U>, Self> {
        PooledMap::try_new(guard, part)
    }
}

impl<T: Poolable> Drop for Pooled<T> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: the guard owns the slot and is gone after this.
        unsafe { lifecycle::give(OfType::new(), self.slot) };
    }
}

impl<T: Poolable> Deref for Pooled<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: the guard owns the slot (invariant 1), and so it is allocated.
        let value = unsafe { Slot::value(self.slot) };
        // SAFETY: the value is valid, and borrowed with the guard.
        unsafe { value.as_ref() }
    }
}

impl<T: Poolable> DerefMut for Pooled<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: the guard owns the slot (invariant 1), and so it is allocated.
        let mut value = unsafe { Slot::value(self.slot) };
        // SAFETY: the value is valid, and borrowed exclusively with the guard.
        unsafe { value.as_mut() }
    }
}

forward!([T: Poolable] Pooled<T> => mut T);

impl<T: Poolable> Default for Pooled<T> {
    #[track_caller]
    fn default() -> Self {
        Self::take()
    }
}

impl<T: Poolable> From<T> for Pooled<T> {
    #[track_caller]
    fn from(value: T) -> Self {
        Self::attach(value)
    }
}

impl<T: Poolable> Pooled<T> {
    /// Takes an object that is to stand in the place of another one, inside a third. An idle
    /// one may keep others inside, and these again: put into each other they would make a
    /// chain that only grows.
    fn replacement() -> Self {
        // It is about to be idle, in an idle one.
        let _unwatched = watch::is_on().then(Unwatched::enter);
        if !T::__NESTS {
            return Self::take();
        }
        // SAFETY: it comes from the pool of `T`, for this guard.
        unsafe { Self::from_slot(lifecycle::take_new(OfType::new(), Location::caller())) }
    }

    /// Whether an object that was reset where it is stays there; it is off the record then. While
    /// there is a watch, all of them come here.
    #[cold]
    #[inline(never)]
    fn is_kept_renewed(&mut self, retained: usize) -> bool {
        // As of an object that has become idle, which it has, with the one that it is in.
        // SAFETY: the guard owns the slot, which is not shared.
        unsafe { Slot::note_retained(self.slot, retained) };
        T::pool().raw().keeps_renewed_slow(retained)
    }

    /// Does to the object what a return does, where it is, and keeps it; or puts another one
    /// in its place, if the pool would not have kept it.
    fn renew(&mut self) {
        /// Puts another object in the place of one that the pool does not want. One whose
        /// reset panicked is among them: to be given back it would have to be reset again.
        struct Replaced<'a, T: Poolable> {
            guard: &'a mut Pooled<T>,
            reason: Reason,
        }

        impl<T: Poolable> Drop for Replaced<'_, T> {
            fn drop(&mut self) {
                let unwanted = mem::replace(self.guard, Pooled::replacement());
                let unwanted = Pooled::into_slot(unwanted);
                // SAFETY: the guard owned the slot and is gone.
                unsafe { lifecycle::discard(OfType::new(), unwanted, self.reason) };
            }
        }

        let mut replaced = Replaced { guard: self, reason: Reason::Invalid };
        if !replaced.guard.__validate() {
            return;
        }
        replaced.reason = Reason::Panic;
        (**replaced.guard).reset();
        let retained = (**replaced.guard).retained_bytes();
        let pool = T::pool().raw();
        if !pool.keeps_renewed(retained) && !replaced.guard.is_kept_renewed(retained) {
            replaced.reason = Reason::Oversize;
            return;
        }
        mem::forget(replaced);
    }
}

/// A pooled object inside a pooled object: reset where it is, and kept.
impl<T: Poolable> Reset for Pooled<T> {
    #[track_caller]
    fn blank() -> Self {
        Self::take()
    }

    fn reset(&mut self) {
        // A constant, as in `lifecycle::give`.
        if !T::__NESTS {
            return self.renew();
        }
        match Level::enter() {
            Some(_level) => self.renew(),
            // Too deep to be reset here: it goes home, and another one takes its place.
            None => drop(mem::replace(self, Self::replacement())),
        }
    }

    fn retained_bytes(&mut self) -> usize {
        (**self).retained_bytes().saturating_add(size_of::<Slot<T>>())
    }
}
