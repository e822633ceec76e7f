//! What a getter holds.

use core::ops::{Deref, DerefMut};
use std::sync::Arc;

use super::entry::{Entry, Meta};
use super::home::Home;
use crate::guard::forward;

/// An object taken from a managed pool, which goes back when this guard drops, wherever and
/// whyever that is.
///
/// It dereferences to the object, and keeps what it needs of the pool alive: it may outlive
/// every handle of the pool, and then destroys its object.
///
/// - Where the object itself is asked for, as by a comparison, a loop, or a function that takes a
///   `&mut T`, write `&*lease` or `&mut *lease`. To borrow two fields at once, begin with
///   `let object = &mut *lease;`.
/// - `lease.clone()` clones the object, which the pool does not count.
/// - `let _ = pool.get()?;` returns it at once; a lease in the head of a `match` or a `while let`
///   lives to the end of the body.
/// - A panic that is caught while the lease lives is not seen: when the lease drops, nothing is
///   panicking. Catch it around the lease, or [`discard`](Self::discard) the object.
/// - One that is given to [`mem::forget`](core::mem::forget) takes its place for ever.
///
/// # Examples
///
/// ```
/// use poolable::managed::{BoundedPool, Lease};
///
/// let pool = BoundedPool::new(1, String::new);
/// let mut line: Lease<String> = pool.get()?;
/// line.push_str("hello");
/// let (copy, words): (String, Vec<char>) = (line.clone(), line.chars().collect());
/// assert!(*line == "hello" && copy == "hello" && words.len() == 5);
/// assert_eq!(pool.stats().in_use, 1);
/// drop(line);
/// assert_eq!(pool.stats().in_use, 0);
/// # Ok::<(), poolable::managed::GetError>(())
/// ```
#[must_use = "the object goes back to its pool at once unless the guard is kept"]
pub struct Lease<T: Send + 'static> {
    /// There until the guard ends.
    entry: Option<Box<Entry<T>>>,
    home: Arc<Home<T>>,
}

impl<T: Send + 'static> Lease<T> {
    #[inline]
    pub(super) fn new(home: Arc<Home<T>>, entry: Box<Entry<T>>) -> Self {
        Self { entry: Some(entry), home }
    }

    #[inline]
    fn entry(&self) -> &Entry<T> {
        match &self.entry {
            Some(entry) => entry,
            None => unreachable!("the guard has not ended"),
        }
    }

    /// What the pool knows of the object.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::managed::{BoundedPool, Lease};
    ///
    /// let pool = BoundedPool::new(1, String::new);
    /// let line = pool.get()?;
    /// assert_eq!(Lease::meta(&line).uses, 1);
    /// # Ok::<(), poolable::managed::GetError>(())
    /// ```
    #[must_use]
    pub fn meta(lease: &Self) -> Meta {
        lease.entry().meta
    }

    /// Destroys the object instead of returning it, without a word to
    /// [`on_release`](super::Manager::on_release): its place is free at once.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::managed::{BoundedPool, Lease};
    ///
    /// let pool = BoundedPool::new(1, String::new);
    /// Lease::discard(pool.get()?);
    /// assert_eq!((pool.open(), pool.stats().destroyed.released), (0, 1));
    /// # Ok::<(), poolable::managed::GetError>(())
    /// ```
    pub fn discard(mut lease: Self) {
        if let Some(entry) = lease.entry.take() {
            lease.home.discard(entry);
        }
    }

    /// Takes the object out of the pool for good, as it is: its place is free at once.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::managed::{BoundedPool, Lease};
    ///
    /// let pool = BoundedPool::new(1, String::new);
    /// let line: String = Lease::detach(pool.get()?);
    /// assert_eq!((line.as_str(), pool.open(), pool.stats().detached), ("", 0, 1));
    /// # Ok::<(), poolable::managed::GetError>(())
    /// ```
    #[doc(alias = "into_inner")]
    #[must_use = "the object is dropped unless it is kept; to destroy it, use `discard`"]
    pub fn detach(mut lease: Self) -> T {
        let Some(mut entry) = lease.entry.take() else { unreachable!("the guard has not ended") };
        lease.home.detached(&entry);
        match entry.place().take() {
            Some(value) => value,
            None => unreachable!("the value is in its entry"),
        }
    }
}

impl<T: Send + 'static> Deref for Lease<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        self.entry().value()
    }
}

impl<T: Send + 'static> DerefMut for Lease<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        match &mut self.entry {
            Some(entry) => entry.value_mut(),
            None => unreachable!("the guard has not ended"),
        }
    }
}

impl<T: Send + 'static> Drop for Lease<T> {
    #[inline]
    fn drop(&mut self) {
        if let Some(entry) = self.entry.take() {
            self.home.take_back(entry);
        }
    }
}

forward!([T: Send + 'static] Lease<T> => mut T);
