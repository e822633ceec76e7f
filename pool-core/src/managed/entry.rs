//! One object of a managed pool, and what the pool knows of it.

use std::time::Instant;

/// What a pool knows of an object.
///
/// # Examples
///
/// ```
/// use poolable::managed::{BoundedPool, Lease};
///
/// let pool = BoundedPool::new(1, String::new);
/// drop(pool.get()?);
/// let meta = Lease::meta(&pool.get()?);
/// assert_eq!((meta.id, meta.uses), (1, 2));
/// # Ok::<(), poolable::managed::GetError>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Meta {
    /// Its number, counted from 1 in each pool.
    pub id: u64,
    /// When it was created.
    pub created_at: Instant,
    /// When it was returned last, within the few milliseconds of a coarse clock; at first, when
    /// it was created.
    pub last_used: Instant,
    /// How many times it has been got, the present time included.
    pub uses: u64,
}

impl Meta {
    /// What a pool would know of an object that it has just created and lent for the first time:
    /// for tests of a [`Manager`](super::Manager) without a pool.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::managed::Meta;
    ///
    /// let meta = Meta::new(7);
    /// assert_eq!((meta.id, meta.uses), (7, 1));
    /// ```
    #[must_use]
    pub fn new(id: u64) -> Self {
        let now = Instant::now();
        Self { id, created_at: now, last_used: now, uses: 1 }
    }
}

/// An object in an allocation of its own, so that to pass it on moves a pointer.
///
/// The memory that a value leaves is wiped before it is freed, whether it was dropped or moved
/// out: it may have been a secret.
#[derive(Debug)]
pub(crate) struct Entry<R> {
    /// There until it is taken out to be destroyed or detached.
    value: Option<R>,
    pub(super) meta: Meta,
    /// When it has lived for long enough.
    pub(super) expires_at: Option<Instant>,
    /// When it is looked for among the idle ones then.
    pub(super) swept_at: Option<Instant>,
}

impl<R> Entry<R> {
    pub(super) fn new(
        value: R,
        meta: Meta,
        expires_at: Option<Instant>,
        swept_at: Option<Instant>,
    ) -> Self {
        Self { value: Some(value), meta, expires_at, swept_at }
    }

    #[inline]
    pub(super) fn value(&self) -> &R {
        match &self.value {
            Some(value) => value,
            None => unreachable!("the value is taken from those who own the entry"),
        }
    }

    #[inline]
    pub(super) fn value_mut(&mut self) -> &mut R {
        match &mut self.value {
            Some(value) => value,
            None => unreachable!("the value is taken from those who own the entry"),
        }
    }

    /// The value, for its hook.
    #[inline]
    pub(super) fn parts(&mut self) -> (&mut R, &Meta) {
        match &mut self.value {
            Some(value) => (value, &self.meta),
            None => unreachable!("the value is taken from those who own the entry"),
        }
    }

    /// Where the value is, to be moved out or dropped there.
    pub(super) fn place(&mut self) -> &mut Option<R> {
        &mut self.value
    }
}

impl<R> Drop for Entry<R> {
    fn drop(&mut self) {
        #[cfg(feature = "zeroize")]
        crate::wipe::replace(&mut self.value, None);
    }
}
