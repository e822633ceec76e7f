//! The guard of a part of an object.
//!
//! # Invariants
//!
//! 1. `part` was derived from the one exclusive reference to the value that `whole` has
//!    given out, and stays the only way to it: `whole` is not dereferenced until it drops.
//! 2. What `part` points to is there as long as the lifetimes in `T` and `U` last, and the
//!    guard cannot be used when they are over. The function that found it takes a borrow of
//!    any length within them, so that what it returns lies in the object, or in something
//!    that outlives all of them.
//!    The type has to go on telling them: a guard of a `U` that borrows is not narrowed any
//!    more, for the part of it may be of a type that does not tell.
//! 3. `part` is not used when the guard drops: then `U` may be gone, and `whole` puts its
//!    object to rights by itself.
//!
//! The guard is invariant in `U`. A guard of a `&'a str` that passed for one of a shorter
//! life would take a string that the object then holds for too long.

use core::marker::PhantomData;
use core::ops::{Deref, DerefMut};
use core::ptr::NonNull;

use super::Pooled;
use super::forward;
use crate::poolable::Poolable;

/// A part of a pooled object, which goes back as a whole when this guard drops.
///
/// Made by [`Pooled::map`] and [`Pooled::try_map`], and narrowed further by its own. It
/// dereferences to the part. All functions are associated ones, so that they hide no method
/// of the part.
///
/// # Examples
///
/// ```
/// use poolable::{Poolable, Pooled, PooledMap};
///
/// #[derive(Poolable)]
/// struct Message {
///     head: String,
///     body: Vec<u8>,
/// }
///
/// /// Whoever gets the body need not know of the message.
/// fn read() -> PooledMap<Message, [u8]> {
///     let mut message = Message::pooled();
///     message.body.extend(b"text");
///     Pooled::map(message, |message| message.body.as_mut_slice())
/// }
///
/// let mut body = read();
/// body.make_ascii_uppercase();
/// assert_eq!(*body, *b"TEXT");
/// ```
#[must_use = "the object goes back to its pool at once unless the guard is kept"]
pub struct PooledMap<T: Poolable, U: ?Sized> {
    part: NonNull<U>,
    whole: Pooled<T>,
    _invariant: PhantomData<*mut U>,
}

// SAFETY: to send the guard is to send the object's, and the exclusive way to a `U`.
unsafe impl<T: Poolable, U: ?Sized + Send> Send for PooledMap<T, U> where Pooled<T>: Send {}

// SAFETY: a shared guard gives out shared references to the `U`, and nothing else.
unsafe impl<T: Poolable, U: ?Sized + Sync> Sync for PooledMap<T, U> where Pooled<T>: Sync {}

impl<T: Poolable, U: ?Sized> PooledMap<T, U> {
    pub(super) fn new(
        mut whole: Pooled<T>,
        part: impl for<'b> FnOnce(&'b mut T) -> &'b mut U,
    ) -> Self {
        let part = NonNull::from(part(&mut whole));
        Self { part, whole, _invariant: PhantomData }
    }

    pub(super) fn try_new(
        mut whole: Pooled<T>,
        part: impl for<'b> FnOnce(&'b mut T) -> Option<&'b mut U>,
    ) -> Result<Self, Pooled<T>> {
        match part(&mut whole).map(NonNull::from) {
            Some(part) => Ok(Self { part, whole, _invariant: PhantomData }),
            None => Err(whole),
        }
    }

    /// Frees the whole object instead of keeping it, its secrets wiped.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::{Poolable, Pooled, PooledMap};
    ///
    /// #[derive(Poolable)]
    /// struct Frame(Vec<u8>);
    ///
    /// let body = Pooled::map(Frame::pooled(), |frame| &mut frame.0);
    /// PooledMap::discard(body);
    /// let stats = Frame::pool().stats();
    /// assert_eq!((stats.discarded.explicit, stats.idle), (1, 0));
    /// ```
    pub fn discard(guard: Self) {
        Pooled::discard(guard.whole);
    }

    /// Narrows the guard further. The whole object goes home when the new guard drops, or
    /// at once if `part` panics.
    ///
    /// A part that borrows is not narrowed further: the part of it may be of a type that does
    /// not tell how long it may be used. Narrow the guard of the object in one step.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::{Poolable, Pooled, PooledMap};
    ///
    /// #[derive(Poolable)]
    /// struct Frame(Vec<u8>);
    ///
    /// let mut frame = Frame::pooled();
    /// frame.0.extend(b"head, body");
    /// let frame = Pooled::map(frame, |frame| frame.0.as_mut_slice());
    /// let body = PooledMap::map(frame, |bytes| &mut bytes[6..]);
    /// assert_eq!(*body, *b"body");
    /// ```
    pub fn map<V: ?Sized>(
        mut guard: Self,
        part: impl for<'b> FnOnce(&'b mut U) -> &'b mut V,
    ) -> PooledMap<T, V>
    where
        U: 'static,
    {
        let part = NonNull::from(part(&mut guard));
        PooledMap { part, whole: guard.whole, _invariant: PhantomData }
    }

    /// Narrows the guard to a part that may not be there. What [`map`](PooledMap::map) says of
    /// parts that borrow holds here too.
    ///
    /// # Errors
    ///
    /// The guard as it was, if `part` returns none.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::{Poolable, Pooled, PooledMap};
    ///
    /// #[derive(Poolable)]
    /// struct Frame(Vec<u8>);
    ///
    /// let mut bytes = Pooled::map(Frame::pooled(), |frame| &mut frame.0);
    /// bytes.push(7);
    /// let bytes = PooledMap::try_map(bytes, |bytes| bytes.get_mut(1)).expect_err("one byte");
    /// let first = PooledMap::try_map(bytes, |bytes| bytes.get_mut(0)).unwrap();
    /// assert_eq!(*first, 7);
    /// ```
    pub fn try_map<V: ?Sized>(
        mut guard: Self,
        part: impl for<'b> FnOnce(&'b mut U) -> Option<&'b mut V>,
    ) -> Result<PooledMap<T, V>, Self>
    where
        U: 'static,
    {
        match part(&mut guard).map(NonNull::from) {
            Some(part) => Ok(PooledMap { part, whole: guard.whole, _invariant: PhantomData }),
            None => Err(guard),
        }
    }
}

impl<T: Poolable, U: ?Sized> Deref for PooledMap<T, U> {
    type Target = U;

    #[inline]
    fn deref(&self) -> &U {
        // SAFETY: the part is there (invariant 2), and is borrowed with the guard, which
        // is the only way to it (invariant 1).
        unsafe { self.part.as_ref() }
    }
}

impl<T: Poolable, U: ?Sized> DerefMut for PooledMap<T, U> {
    #[inline]
    fn deref_mut(&mut self) -> &mut U {
        // SAFETY: the part is there (invariant 2), and is borrowed exclusively with the
        // guard, which is the only way to it (invariant 1).
        unsafe { self.part.as_mut() }
    }
}

forward!([T: Poolable, U: ?Sized] PooledMap<T, U> => mut U);
