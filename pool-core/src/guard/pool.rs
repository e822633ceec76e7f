//! The guards of objects from pools that users make.
//!
//! The invariants are those of [`Pooled`](crate::Pooled), whose docs say what happens when
//! a guard is dropped.

use core::mem::ManuallyDrop;
use core::ops::{Deref, DerefMut};
use core::ptr::NonNull;
use std::sync::Arc;

use super::forward;
use crate::discarded::Reason;
use crate::lifecycle;
use crate::pool::Pool;
use crate::slot::Slot;

/// An object taken from a [`Pool`], which goes back when this guard drops.
///
/// It borrows the pool; [`PooledOwned`] keeps it alive instead. It dereferences to the
/// object, and may be dropped on any thread if `T: Send`.
///
/// # Examples
///
/// ```
/// use poolable::{Pool, PooledRef};
///
/// let pool = Pool::new(Vec::<u8>::new);
/// let mut line: PooledRef<'_, Vec<u8>> = pool.get();
/// line.push(b'a');
/// assert_eq!(*line, [b'a']);
/// ```
#[must_use = "the object goes back to its pool at once unless the guard is kept"]
pub struct PooledRef<'p, T: 'static> {
    slot: NonNull<Slot<T>>,
    pool: &'p Pool<T>,
}

/// An object taken from a [`Pool`] in an [`Arc`], which goes back when this guard drops.
///
/// # Examples
///
/// ```
/// use poolable::{Pool, PooledOwned};
/// use std::sync::Arc;
///
/// let pool = Arc::new(Pool::new(Vec::<u8>::new));
/// let line: PooledOwned<Vec<u8>> = pool.get_owned();
/// drop(pool);
/// assert!(line.is_empty());
/// ```
#[must_use = "the object goes back to its pool at once unless the guard is kept"]
pub struct PooledOwned<T: 'static> {
    slot: NonNull<Slot<T>>,
    pool: Arc<Pool<T>>,
}

// SAFETY: a guard owns its value, so that to send one is to send the other; the pool is
// `Sync` if `T: Send`.
unsafe impl<T: Send> Send for PooledRef<'_, T> {}

// SAFETY: a shared guard gives out shared references to the value, and nothing else.
unsafe impl<T: Sync> Sync for PooledRef<'_, T> {}

// SAFETY: a guard owns its value, so that to send one is to send the other; the pool is
// `Send` and `Sync` if `T: Send`.
unsafe impl<T: Send> Send for PooledOwned<T> {}

// SAFETY: a shared guard gives out shared references to the value, and nothing else.
unsafe impl<T: Sync> Sync for PooledOwned<T> {}

impl<'p, T> PooledRef<'p, T> {
    #[inline]
    pub(crate) fn new(pool: &'p Pool<T>, slot: NonNull<Slot<T>>) -> Self {
        Self { slot, pool }
    }

    /// Gives up the guard, and keeps what it held.
    #[inline]
    fn into_parts(guard: Self) -> (&'p Pool<T>, NonNull<Slot<T>>) {
        let guard = ManuallyDrop::new(guard);
        (guard.pool, guard.slot)
    }

    /// Takes the object out of the pool for good.
    ///
    /// The value moves; the memory that it leaves is wiped before it is freed.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::{Pool, PooledRef};
    ///
    /// let pool = Pool::new(String::new);
    /// let line: String = PooledRef::into_inner(pool.get());
    /// assert_eq!((line.as_str(), pool.stats().detached), ("", 1));
    /// ```
    #[must_use = "the object is dropped unless it is kept; to free it, use `discard`"]
    pub fn into_inner(guard: Self) -> T {
        let (pool, slot) = Self::into_parts(guard);
        // SAFETY: the guard owned the slot, which came from this pool, and is gone.
        unsafe { lifecycle::detach(pool, slot) }.into_inner()
    }

    /// Frees the object instead of keeping it.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::{Pool, PooledRef};
    ///
    /// let pool = Pool::new(String::new);
    /// PooledRef::discard(pool.get());
    /// assert_eq!(pool.stats().discarded.explicit, 1);
    /// ```
    pub fn discard(guard: Self) {
        let (pool, slot) = Self::into_parts(guard);
        // SAFETY: the guard owned the slot, which came from this pool, and is gone.
        unsafe { lifecycle::discard(pool, slot, Reason::Explicit) };
    }

    /// Lets the object live as long as the program, and counts it as detached.
    ///
    /// The memory is the pool's, never a `Box`: it cannot be freed any more.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::{Pool, PooledRef};
    ///
    /// let pool = Pool::new(String::new);
    /// let line: &'static mut String = PooledRef::leak(pool.get());
    /// drop(pool);
    /// line.push_str("for ever");
    /// assert_eq!(line, "for ever");
    /// ```
    pub fn leak<'a>(guard: Self) -> &'a mut T {
        let (pool, slot) = Self::into_parts(guard);
        // SAFETY: the guard owned the slot, which came from this pool, and is gone.
        unsafe { lifecycle::leak(pool, slot) }
    }
}

impl<T> PooledOwned<T> {
    #[inline]
    pub(crate) fn new(pool: Arc<Pool<T>>, slot: NonNull<Slot<T>>) -> Self {
        Self { slot, pool }
    }

    /// Gives up the guard, and keeps what it held.
    fn into_parts(guard: Self) -> (Arc<Pool<T>>, NonNull<Slot<T>>) {
        let guard = ManuallyDrop::new(guard);
        // SAFETY: the guard is not dropped, so the pool is taken out once.
        let pool = unsafe { core::ptr::read(&guard.pool) };
        (pool, guard.slot)
    }

    /// Takes the object out of the pool for good.
    ///
    /// The value moves; the memory that it leaves is wiped before it is freed.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::{Pool, PooledOwned};
    /// use std::sync::Arc;
    ///
    /// let pool = Arc::new(Pool::new(String::new));
    /// let line: String = PooledOwned::into_inner(pool.get_owned());
    /// assert_eq!((line.as_str(), pool.stats().detached), ("", 1));
    /// ```
    #[must_use = "the object is dropped unless it is kept; to free it, use `discard`"]
    pub fn into_inner(guard: Self) -> T {
        let (pool, slot) = Self::into_parts(guard);
        // SAFETY: the guard owned the slot, which came from this pool, and is gone.
        let detached = unsafe { lifecycle::detach(&*pool, slot) };
        // Before the value is on its way out, where a panic in here would lose it.
        drop(pool);
        detached.into_inner()
    }

    /// Frees the object instead of keeping it.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::{Pool, PooledOwned};
    /// use std::sync::Arc;
    ///
    /// let pool = Arc::new(Pool::new(String::new));
    /// PooledOwned::discard(pool.get_owned());
    /// assert_eq!(pool.stats().discarded.explicit, 1);
    /// ```
    pub fn discard(guard: Self) {
        let (pool, slot) = Self::into_parts(guard);
        // SAFETY: the guard owned the slot, which came from this pool, and is gone.
        unsafe { lifecycle::discard(&*pool, slot, Reason::Explicit) };
    }

    /// Lets the object live as long as the program, and counts it as detached.
    ///
    /// The memory is the pool's, never a `Box`: it cannot be freed any more.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::{Pool, PooledOwned};
    /// use std::sync::Arc;
    ///
    /// let pool = Arc::new(Pool::new(String::new));
    /// let line: &'static mut String = PooledOwned::leak(pool.get_owned());
    /// line.push_str("for ever");
    /// assert_eq!((line.as_str(), pool.stats().detached), ("for ever", 1));
    /// ```
    pub fn leak<'a>(guard: Self) -> &'a mut T {
        let (pool, slot) = Self::into_parts(guard);
        // SAFETY: the guard owned the slot, which came from this pool, and is gone.
        unsafe { lifecycle::leak(&*pool, slot) }
    }
}

impl<T> Drop for PooledRef<'_, T> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: the guard owns the slot, which came from this pool, and is gone after this.
        unsafe { self.pool.give(self.slot) };
    }
}

impl<T> Drop for PooledOwned<T> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: the guard owns the slot, which came from this pool, and is gone after this.
        unsafe { self.pool.give(self.slot) };
    }
}

impl<T> Deref for PooledRef<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: the guard owns the slot (invariant 1), and so it is allocated.
        let value = unsafe { Slot::value(self.slot) };
        // SAFETY: the value is valid, and borrowed with the guard.
        unsafe { value.as_ref() }
    }
}

impl<T> DerefMut for PooledRef<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: the guard owns the slot (invariant 1), and so it is allocated.
        let mut value = unsafe { Slot::value(self.slot) };
        // SAFETY: the value is valid, and borrowed exclusively with the guard.
        unsafe { value.as_mut() }
    }
}

forward!(['p, T] PooledRef<'p, T> => mut T);
impl<T> Deref for PooledOwned<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: the guard owns the slot (invariant 1), and so it is allocated.
        let value = unsafe { Slot::value(self.slot) };
        // SAFETY: the value is valid, and borrowed with the guard.
        unsafe { value.as_ref() }
    }
}

impl<T> DerefMut for PooledOwned<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: the guard owns the slot (invariant 1), and so it is allocated.
        let mut value = unsafe { Slot::value(self.slot) };
        // SAFETY: the value is valid, and borrowed exclusively with the guard.
        unsafe { value.as_mut() }
    }
}

forward!([T] PooledOwned<T> => mut T);
