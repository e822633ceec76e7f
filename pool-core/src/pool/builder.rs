//! How a user sets a pool up.

use core::fmt;
use std::borrow::Cow;

use super::{Create, Measure, Pool, Recipe, Renew, Validate, give_by_recipe};
use crate::limits::Limits;
use crate::reset::Reset;

/// Sets a [`Pool`] up: [`Pool::builder`] begins, [`build`](Self::build) ends.
///
/// All that is not set has its default. The limits take 0, and are the same as those of
/// `#[derive(Poolable)]`. Closures need no types where the pool's is known, so begin with
/// [`create`](Self::create), or with `Pool::<T>::builder()`.
///
/// # Examples
///
/// ```
/// use poolable::Pool;
///
/// // A type that knows nothing of pools, and so needs both.
/// struct Parser {
///     stack: Vec<u32>,
/// }
///
/// let depth = 64;
/// let pool = Pool::builder()
///     .create(move || Parser { stack: Vec::with_capacity(depth) })
///     .reset(|parser| parser.stack.clear())
///     .measure(|parser| parser.stack.capacity() * size_of::<u32>())
///     .max_object_bytes(1024)
///     .build();
///
/// pool.get().stack.extend([1, 2, 3]);
/// let mut parser = pool.get();
/// assert!(parser.stack.is_empty());
/// // One that has grown past the limit is let go.
/// parser.stack.reserve(1000);
/// drop(parser);
/// assert_eq!(pool.stats().discarded.oversize, 1);
/// ```
#[must_use = "a builder makes a pool when `build` is called"]
pub struct PoolBuilder<T: 'static, C = ByTrait, R = ByTrait> {
    create: C,
    reset: R,
    measure: Option<Box<Measure<T>>>,
    validate: Option<Box<Validate<T>>>,
    name: Option<Cow<'static, str>>,
    limits: Limits,
    #[cfg(feature = "mlock")]
    pub(super) locks: bool,
}

/// What `T: Reset` does.
#[derive(Clone, Copy, Debug)]
pub struct ByTrait;

/// What a function of the user's does.
#[derive(Clone, Copy, Debug)]
pub struct Given<F>(F);

/// Ways to create a `T`.
#[diagnostic::on_unimplemented(
    message = "the pool does not know how to create a `{T}`",
    label = "give the builder a `create`",
    note = "types with `#[derive(Reset)]` or `#[derive(Poolable)]` need none"
)]
pub trait CreateOf<T> {
    #[doc(hidden)]
    #[expect(private_interfaces, reason = "the trait is for this crate alone, and sealed so")]
    fn into_create(self) -> Create<T>;
}

/// Ways to make a `T` blank.
#[diagnostic::on_unimplemented(
    message = "the pool does not know how to make a `{T}` blank",
    label = "give the builder a `reset`",
    note = "types with `#[derive(Reset)]` or `#[derive(Poolable)]` need none"
)]
pub trait ResetOf<T> {
    #[doc(hidden)]
    #[expect(private_interfaces, reason = "the trait is for this crate alone, and sealed so")]
    fn into_renew(self, measure: Option<Box<Measure<T>>>) -> (Renew<T>, fn(&mut T));
}

#[diagnostic::do_not_recommend]
impl<T: Reset> CreateOf<T> for ByTrait {
    #[expect(private_interfaces, reason = "as in the trait")]
    fn into_create(self) -> Create<T> {
        Create::Plain(T::blank)
    }
}

impl<T, F: Fn() -> T + Send + Sync + 'static> CreateOf<T> for Given<F> {
    #[expect(private_interfaces, reason = "as in the trait")]
    fn into_create(self) -> Create<T> {
        Create::Capturing(Box::new(self.0))
    }
}

#[diagnostic::do_not_recommend]
impl<T: Reset + 'static> ResetOf<T> for ByTrait {
    #[expect(private_interfaces, reason = "as in the trait")]
    fn into_renew(self, measure: Option<Box<Measure<T>>>) -> (Renew<T>, fn(&mut T)) {
        let renew = match measure {
            None => Renew::BY_TRAIT,
            Some(measure) => Renew::Given { reset: Box::new(T::reset), measure },
        };
        (renew, T::__wipe)
    }
}

impl<T, F: Fn(&mut T) + Send + Sync + 'static> ResetOf<T> for Given<F> {
    #[expect(private_interfaces, reason = "as in the trait")]
    fn into_renew(self, measure: Option<Box<Measure<T>>>) -> (Renew<T>, fn(&mut T)) {
        let measure = measure.unwrap_or_else(|| Box::new(|_| 0));
        (Renew::Given { reset: Box::new(self.0), measure }, |_| ())
    }
}

impl<T> PoolBuilder<T> {
    pub(super) fn new() -> Self {
        Self {
            create: ByTrait,
            reset: ByTrait,
            measure: None,
            validate: None,
            name: None,
            limits: Limits::new(),
            #[cfg(feature = "mlock")]
            locks: false,
        }
    }
}

impl<T, C, R> PoolBuilder<T, C, R> {
    /// How objects are made; otherwise by [`Reset::blank`].
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::Pool;
    ///
    /// let size = 4096;
    /// let pool: Pool<Vec<u8>> = Pool::builder().create(move || Vec::with_capacity(size)).build();
    /// assert_eq!(pool.get().capacity(), 4096);
    /// ```
    pub fn create<F>(self, create: F) -> PoolBuilder<T, Given<F>, R>
    where
        F: Fn() -> T + Send + Sync + 'static,
    {
        PoolBuilder {
            create: Given(create),
            reset: self.reset,
            measure: self.measure,
            validate: self.validate,
            name: self.name,
            limits: self.limits,
            #[cfg(feature = "mlock")]
            locks: self.locks,
        }
    }

    /// How a returned object becomes blank; otherwise by [`Reset::reset`].
    ///
    /// With it, `T` needs no `Reset`; but then a pool knows nothing of what an object holds
    /// on the heap, unless [`measure`](Self::measure) tells it. All that `Reset` would have
    /// done is up to `reset` then, the wiping of secrets included.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::Pool;
    ///
    /// // Keeps what `Reset` would truncate.
    /// let pool: Pool<Vec<u8>> = Pool::builder().reset(|bytes: &mut Vec<u8>| bytes.fill(0)).build();
    /// pool.get().extend([1, 2]);
    /// assert_eq!(*pool.get(), [0, 0]);
    /// ```
    pub fn reset<F>(self, reset: F) -> PoolBuilder<T, C, Given<F>>
    where
        F: Fn(&mut T) + Send + Sync + 'static,
    {
        PoolBuilder {
            create: self.create,
            reset: Given(reset),
            measure: self.measure,
            validate: self.validate,
            name: self.name,
            limits: self.limits,
            #[cfg(feature = "mlock")]
            locks: self.locks,
        }
    }

    /// How much heap an object holds, in bytes; otherwise by [`Reset::retained_bytes`], or
    /// 0 if there is a [`reset`](Self::reset). The limits in bytes go by it.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::Pool;
    ///
    /// let pool: Pool<Vec<u8>> =
    ///     Pool::builder().measure(|_| 2_000).max_object_bytes(1_000).build();
    /// drop(pool.get());
    /// assert_eq!(pool.stats().discarded.oversize, 1);
    /// ```
    pub fn measure<F>(self, measure: F) -> Self
    where
        F: Fn(&mut T) -> usize + Send + Sync + 'static,
    {
        Self { measure: Some(Box::new(measure)), ..self }
    }

    /// Whether a returned object, as its user left it, is worth keeping. One that is not,
    /// and one over which this panics, is dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::Pool;
    ///
    /// let pool: Pool<String> = Pool::builder().validate(|line: &String| line != "bad").build();
    /// pool.get().push_str("bad");
    /// assert_eq!((pool.stats().idle, pool.stats().discarded.invalid), (0, 1));
    /// ```
    pub fn validate<F>(self, validate: F) -> Self
    where
        F: Fn(&T) -> bool + Send + Sync + 'static,
    {
        Self { validate: Some(Box::new(validate)), ..self }
    }

    /// What reports call the pool; otherwise the name of the type.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::Pool;
    ///
    /// let pool: Pool<String> = Pool::builder().name(format!("lines of {}", "main")).build();
    /// assert_eq!(pool.name(), "lines of main");
    /// ```
    pub fn name(self, name: impl Into<Cow<'static, str>>) -> Self {
        Self { name: Some(name.into()), ..self }
    }

    /// How many objects each thread keeps: 64, fewer of big ones.
    ///
    /// By default a thread keeps as many objects as fit into 1 MiB, 64 at the most. A number
    /// given here stands alone, for objects of up to 128 KiB each, as far as
    /// [`max_bytes`](Self::max_bytes) allows it; bigger ones are never kept by a thread.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::Pool;
    ///
    /// let pool: Pool<String> = Pool::builder().cache(2).max_idle(0).build();
    /// drop([pool.get(), pool.get(), pool.get()]);
    /// assert_eq!(pool.stats().idle, 2);
    /// ```
    pub fn cache(self, objects: usize) -> Self {
        Self { limits: self.limits.cache(objects), ..self }
    }

    /// How many objects the depot keeps for all threads: 1024. Each thread's cache comes on
    /// top of that.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::Pool;
    ///
    /// let pool: Pool<String> = Pool::builder().max_idle(2).build();
    /// assert_eq!(pool.prewarm(10), 2);
    /// ```
    pub fn max_idle(self, objects: usize) -> Self {
        Self { limits: self.limits.max_idle(objects), ..self }
    }

    /// How many bytes an object may hold, inline and on the heap, to be kept: 1 MiB, or
    /// four times the most that one held straight after its create.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::Pool;
    ///
    /// let pool: Pool<Vec<u8>> = Pool::builder().max_object_bytes(65536).build();
    /// pool.get().reserve(65537);
    /// assert_eq!(pool.stats().discarded.oversize, 1);
    /// ```
    pub fn max_object_bytes(self, bytes: usize) -> Self {
        Self { limits: self.limits.max_object_bytes(bytes), ..self }
    }

    /// How many bytes all idle objects together may hold: 64 MiB.
    ///
    /// They are counted when a thread's cache and the depot exchange objects: in between a
    /// cache may grow to what it may keep, and what it took from the depot counts as idle
    /// until its next exchange.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::Pool;
    ///
    /// let pool: Pool<Vec<u8>> =
    ///     Pool::builder().create(|| Vec::with_capacity(1000)).max_bytes(10_000).build();
    /// assert_eq!(pool.prewarm(100), 9);
    /// ```
    pub fn max_bytes(self, bytes: usize) -> Self {
        Self { limits: self.limits.max_bytes(bytes), ..self }
    }
}

impl<T, C, R> PoolBuilder<T, C, R> {
    /// Makes the pool.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::Pool;
    ///
    /// let pool: Pool<Vec<u8>> = Pool::builder().build();
    /// assert_eq!(pool.get().capacity(), 0);
    /// ```
    #[must_use]
    pub fn build(self) -> Pool<T>
    where
        C: CreateOf<T>,
        R: ResetOf<T>,
    {
        let (renew, wipe) = self.reset.into_renew(self.measure);
        let create = self.create.into_create();
        let give = match renew {
            Renew::ByTrait { give, .. } if self.validate.is_none() => give,
            _ => give_by_recipe::<T>,
        };
        let recipe = Recipe { create, renew, validate: self.validate, wipe, give };
        let pool = Pool::build(self.name, self.limits, recipe);
        #[cfg(feature = "mlock")]
        let pool = if self.locks { pool.locked() } else { pool };
        pool
    }
}

impl<T, C, R> fmt::Debug for PoolBuilder<T, C, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PoolBuilder")
            .field("name", &self.name)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
