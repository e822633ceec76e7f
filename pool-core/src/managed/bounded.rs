//! Pools of so many objects and no more.

use core::fmt;
use core::time::Duration;
use std::borrow::Cow;
use std::sync::Arc;
use std::time::Instant;

use super::cancel::CancelToken;
use super::clock::Clock;
use super::entry::Meta;
use super::error::{BuildError, DrainError, GetError};
use super::get::Until;
use super::handle::{Handle, typed};
use super::home::{Home, Rules};
use super::lease::Lease;
use super::listing::{Identity, Kind};
use super::objects::{CustomReset, Recipe, ResetRule, TraitReset};
use super::observer::{Event, Observer};
use super::reason::Reason;
use super::retry::Retry;
use super::runner::Runner;
use super::state::{Bounds, Order};
use super::stats::Stats;
use super::timeouts::Timeouts;
use crate::reset::Reset;

/// What a [`BoundedPool`] does for a getter when as many objects are out as may be.
///
/// # Examples
///
/// ```
/// use poolable::managed::{BoundedPool, WhenExhausted};
///
/// let pool = BoundedPool::builder(String::new)
///     .max_open(1)
///     .when_exhausted(WhenExhausted::Create)
///     .build()?;
/// let (one, extra) = (pool.get()?, pool.get()?);
/// assert_eq!(pool.open(), 2);
/// drop((one, extra)); // One of the two is freed.
/// assert_eq!((pool.size(), pool.stats().destroyed.full), (1, 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WhenExhausted {
    /// Has it wait.
    #[default]
    Wait,
    /// Turns it away: [`GetError::Exhausted`].
    Fail,
    /// Creates one more. As long as there are more than the maximum, what is returned is freed.
    Create,
}

/// A pool of objects made in memory, of which there are never more than so many.
///
/// A getter that finds none waits for its turn: getters are served first come, first served. The
/// objects are created by the getters themselves, when they are needed, and reset when they are
/// returned.
///
/// A handle is cheap to clone. When the last one is dropped the pool closes; leases may outlive
/// it.
///
/// # Examples
///
/// ```
/// use poolable::managed::BoundedPool;
/// use std::time::Duration;
///
/// let pool = BoundedPool::new(2, || Vec::<u8>::with_capacity(4096));
/// let mut one = pool.get()?;
/// one.extend_from_slice(b"hello");
/// let other = pool.get()?;
/// assert!(pool.get_timeout(Duration::from_millis(1)).is_err());
/// drop(one);
/// let again = pool.get()?;
/// assert!(again.is_empty() && again.capacity() >= 4096);
/// # Ok::<(), poolable::managed::GetError>(())
/// ```
pub struct BoundedPool<T: Send + 'static> {
    handle: Arc<Handle<T>>,
    when_exhausted: WhenExhausted,
}

impl<T: Send + 'static> BoundedPool<T> {
    /// A pool of at most `max_open` objects, which `create` makes.
    ///
    /// `create` cannot fail: what can belongs in a [`ResourcePool`](super::ResourcePool). It is not
    /// asked again when an object is reused, which is then as its reset leaves it: a `Vec` is
    /// empty, whatever length it was made with. For another reset see
    /// [`BoundedPoolBuilder::reset`].
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::managed::BoundedPool;
    ///
    /// let pool = BoundedPool::new(1, || vec![0_u8; 4096]);
    /// assert_eq!(pool.get()?.len(), 4096);
    /// assert_eq!(pool.get()?.len(), 0); // the same one
    /// # Ok::<(), poolable::managed::GetError>(())
    /// ```
    ///
    /// # Panics
    ///
    /// If `max_open` is 0.
    #[must_use]
    #[track_caller]
    pub fn new(max_open: usize, create: impl Fn() -> T + Send + Sync + 'static) -> Self
    where
        T: Reset,
    {
        match Self::builder(create).max_open(max_open).build() {
            Ok(pool) => pool,
            Err(error) => panic!("`BoundedPool::new`: {error}"),
        }
    }

    /// A pool with other settings.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::managed::{BoundedPool};
    ///
    /// let pool = BoundedPool::builder(String::new).max_open(3).build()?;
    /// assert_eq!(pool.stats().max_open, Some(3));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn builder(
        create: impl Fn() -> T + Send + Sync + 'static,
    ) -> BoundedPoolBuilder<T, TraitReset> {
        BoundedPoolBuilder {
            recipe: Recipe::new(create),
            max_open: Some(10),
            max_idle: None,
            when_exhausted: WhenExhausted::Wait,
            order: Order::Lifo,
            timeouts: Timeouts::default(),
            hold_warn_after: None,
            observer: None,
            clock: Clock::system(),
            name: None,
        }
    }

    fn until(&self, until: Until) -> Until {
        match self.when_exhausted {
            WhenExhausted::Fail => Until::Timeout(Duration::ZERO),
            _ => until,
        }
    }

    /// An object, at once or after a wait of at most [`Timeouts::wait`], which is 30 seconds
    /// unless the builder says otherwise.
    ///
    /// If there is room, `create` runs here, and takes the time that it takes.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::managed::{BoundedPool};
    ///
    /// let pool = BoundedPool::new(1, String::new);
    /// pool.get()?.push_str("hello");
    /// assert!(pool.get()?.is_empty()); // the same one, reset
    /// assert_eq!(pool.stats().created, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `Timeout` when the time is up, `Closed`, and under [`WhenExhausted::Fail`] `Exhausted`.
    ///
    /// # Panics
    ///
    /// If `create` does. The place of the object is free again then.
    #[inline]
    pub fn get(&self) -> Result<Lease<T>, GetError> {
        typed(self.handle.get(self.until(Until::Default), None))
    }

    /// An object that can be had without waiting: an idle one, or a new one if there is room.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::managed::{BoundedPool, GetError};
    ///
    /// let pool = BoundedPool::new(1, String::new);
    /// let _line = pool.try_get()?;
    /// assert!(matches!(pool.try_get(), Err(GetError::Exhausted)));
    /// # Ok::<(), GetError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `Exhausted`, and `Closed`.
    ///
    /// # Panics
    ///
    /// As for [`get`](Self::get).
    pub fn try_get(&self) -> Result<Lease<T>, GetError> {
        typed(self.handle.try_get())
    }

    /// An object, at once or after a wait of at most `timeout`. Zero is a
    /// [`try_get`](Self::try_get).
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::managed::{BoundedPool, GetError};
    /// use std::time::Duration;
    ///
    /// let pool = BoundedPool::new(1, String::new);
    /// let _line = pool.get_timeout(Duration::from_secs(5))?;
    /// let late = pool.get_timeout(Duration::from_millis(1));
    /// assert!(matches!(late, Err(GetError::Timeout { .. })));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`get`](Self::get).
    ///
    /// # Panics
    ///
    /// As for [`get`](Self::get).
    pub fn get_timeout(&self, timeout: Duration) -> Result<Lease<T>, GetError> {
        typed(self.handle.get(self.until(Until::Timeout(timeout)), None))
    }

    /// An object, at once or after a wait until `deadline` (`None`: for ever) or until the token
    /// is cancelled.
    ///
    /// The deadline is a time of the pool's [`Clock`](super::Clock); [`Timeouts::wait`] has no part
    /// in it. One that has passed makes this a [`try_get`](Self::try_get).
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::managed::{BoundedPool, CancelToken, GetError};
    ///
    /// let pool = BoundedPool::new(1, String::new);
    /// let shutdown = CancelToken::new();
    /// let _line = pool.get()?;
    /// shutdown.cancel();
    /// assert!(matches!(pool.get_with(None, &shutdown), Err(GetError::Cancelled)));
    /// # Ok::<(), GetError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`get`](Self::get), and `Cancelled`.
    ///
    /// # Panics
    ///
    /// As for [`get`](Self::get).
    pub fn get_with(
        &self,
        deadline: Option<Instant>,
        cancel: &CancelToken,
    ) -> Result<Lease<T>, GetError> {
        match self.when_exhausted {
            WhenExhausted::Fail if !cancel.is_cancelled() => self.try_get(),
            _ => typed(self.handle.get_with(deadline, cancel)),
        }
    }

    /// The same as [`get`](Self::get), for a task on any executor.
    ///
    /// Tasks and threads wait in one queue, and a task is in it from its first poll. A future that
    /// is dropped gives up its place, and passes on what it was about to get; no statistic counts
    /// that. Its time begins with the first poll too, and is kept by a thread of the library's, so
    /// that the executor needs no timer. `create` runs within a poll.
    ///
    /// The future borrows the pool, and is `Send`. For a task of its own move a clone of the pool
    /// into it. One that is leaked keeps what it was granted. Its waker may be called on the thread
    /// that keeps the time of all pools: one that blocks, or polls at once, delays them.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::managed::BoundedPool;
    /// use std::pin::pin;
    /// use std::task::{Context, Poll, Waker};
    ///
    /// let pool = BoundedPool::new(1, String::new);
    /// let line = pool.get()?;
    /// let mut next = pin!(pool.get_async());
    /// let mut context = Context::from_waker(Waker::noop()); // An executor has a better one.
    /// assert!(next.as_mut().poll(&mut context).is_pending());
    /// drop(line);
    /// assert!(matches!(next.poll(&mut context), Poll::Ready(Ok(_))));
    /// # Ok::<(), poolable::managed::GetError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`get`](Self::get).
    ///
    /// # Panics
    ///
    /// As for [`get`](Self::get).
    pub async fn get_async(&self) -> Result<Lease<T>, GetError> {
        typed(self.handle.get_async(self.until(Until::Default)).await)
    }

    /// Creates objects until `idle` are idle, as far as the limits allow; how many it created.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::managed::BoundedPool;
    ///
    /// let pool = BoundedPool::new(4, String::new);
    /// assert_eq!((pool.prewarm(3), pool.prewarm(100)), (3, 1));
    /// assert_eq!(pool.size(), 4);
    /// ```
    ///
    /// # Panics
    ///
    /// If `create` does. What was created stays.
    pub fn prewarm(&self, idle: usize) -> usize {
        self.handle.prewarm_here(idle)
    }

    /// Sets how many may be open; `None` is no maximum, and 0 hands nothing out, under
    /// [`WhenExhausted::Create`] neither.
    ///
    /// What is idle beyond that is freed at once, what is in use when it is returned. Those who
    /// wait are served if there is room now.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::managed::BoundedPool;
    ///
    /// let pool = BoundedPool::new(4, String::new);
    /// pool.prewarm(4);
    /// pool.resize(1);
    /// assert_eq!((pool.open(), pool.stats().destroyed.resized), (1, 3));
    /// ```
    ///
    /// # Panics
    ///
    /// If the drop of an object panics, when all are gone.
    pub fn resize(&self, max_open: impl Into<Option<usize>>) {
        self.handle.resize(max_open.into());
    }

    /// Frees the idle objects that `keep` refuses; how many those were.
    ///
    /// What it changes and keeps is not reset: the next getter finds it so.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::managed::BoundedPool;
    ///
    /// let pool = BoundedPool::builder(|| Vec::<u8>::with_capacity(16)).build()?;
    /// pool.get()?.reserve(1 << 20);
    /// assert_eq!(pool.retain(|buffer, _| buffer.capacity() < 1 << 16), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Panics
    ///
    /// If `keep` does: what it was asked of is freed, and the others stay. Or if the drop of an
    /// object does.
    pub fn retain(&self, keep: impl FnMut(&mut T, &Meta) -> bool) -> usize {
        self.handle.retain(keep)
    }

    /// Closes the pool: those who wait, and later getters, are told so, and what is idle is freed.
    /// Leases go on, and free what they hold; a getter who has been given an object already gets
    /// it. To close it again does nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::managed::{BoundedPool, GetError};
    ///
    /// let pool = BoundedPool::new(1, String::new);
    /// pool.close();
    /// pool.close();
    /// assert!(matches!(pool.get(), Err(GetError::Closed)));
    /// ```
    ///
    /// # Panics
    ///
    /// If the drop of an object panics, when all are gone.
    pub fn close(&self) {
        self.handle.close();
    }

    /// Whether the pool is closed.
    ///
    /// # Examples
    ///
    /// ```
    /// let pool = poolable::managed::BoundedPool::new(1, String::new);
    /// assert!(!pool.is_closed());
    /// ```
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.handle.core.is_closed()
    }

    /// Closes the pool, and waits until all leases are back, and what they held is gone. The
    /// deadline is a time of the pool's [`Clock`](super::Clock).
    ///
    /// A lease that was given to [`mem::forget`](core::mem::forget) never comes back.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::managed::BoundedPool;
    /// use std::time::{Duration, Instant};
    ///
    /// let pool = BoundedPool::new(1, String::new);
    /// let line = pool.get()?;
    /// let job = std::thread::spawn(move || line.len());
    /// pool.drain(Instant::now() + Duration::from_secs(5))?;
    /// assert_eq!(job.join().unwrap(), 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If they are not at the deadline. The pool is closed all the same.
    ///
    /// # Panics
    ///
    /// As for [`close`](Self::close).
    pub fn drain(&self, deadline: Instant) -> Result<(), DrainError> {
        self.handle.drain(deadline)
    }

    /// The same as [`drain`](Self::drain), for a task: that call would block its thread, and those
    /// who are to return what they have may need it.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::managed::BoundedPool;
    /// use std::time::{Duration, Instant};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let pool = BoundedPool::new(1, String::new);
    /// let line = pool.get_async().await?;
    /// let job = tokio::spawn(async move { line.len() });
    /// pool.drain_async(Instant::now() + Duration::from_secs(5)).await?;
    /// assert_eq!(job.await?, 0);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`drain`](Self::drain).
    ///
    /// # Panics
    ///
    /// As for [`close`](Self::close).
    pub async fn drain_async(&self, deadline: Instant) -> Result<(), DrainError> {
        self.handle.drain_async(deadline).await
    }

    /// The name given to the builder, or else that of the type of its objects.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::managed::BoundedPool;
    ///
    /// let pool = BoundedPool::builder(Vec::<u8>::new).name("lines").build()?;
    /// assert_eq!(pool.name(), "lines");
    /// let pool = BoundedPool::builder(Vec::<u8>::new).build()?;
    /// assert!(pool.name().ends_with("Vec<u8>"));
    /// # Ok::<(), poolable::managed::BuildError>(())
    /// ```
    #[must_use]
    pub fn name(&self) -> &str {
        &self.handle.identity.name
    }

    /// What the pool has counted.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::managed::{BoundedPool};
    ///
    /// let pool = BoundedPool::new(4, String::new);
    /// drop((pool.get()?, pool.get()?));
    /// let stats = pool.stats();
    /// assert_eq!((stats.created, stats.borrowed, stats.returned, stats.idle), (2, 2, 2, 2));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.handle.stats()
    }

    /// How many objects are idle. How many there are in all is [`open`](Self::open).
    ///
    /// # Examples
    ///
    /// ```
    /// let pool = poolable::managed::BoundedPool::new(4, String::new);
    /// let line = pool.get()?;
    /// assert_eq!((pool.size(), pool.open()), (0, 1));
    /// drop(line);
    /// assert_eq!((pool.size(), pool.open()), (1, 1));
    /// # Ok::<(), poolable::managed::GetError>(())
    /// ```
    #[must_use]
    pub fn size(&self) -> usize {
        self.handle.idle()
    }

    /// How many objects there are: idle, in use and being created.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::managed::{BoundedPool};
    ///
    /// let pool = BoundedPool::new(4, String::new);
    /// let line = pool.get()?;
    /// drop(pool.get()?);
    /// assert_eq!((pool.open(), pool.size()), (2, 1));
    /// # drop(line);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn open(&self) -> usize {
        self.handle.open()
    }
}

impl<T: Send + 'static> Clone for BoundedPool<T> {
    fn clone(&self) -> Self {
        Self { handle: self.handle.clone(), when_exhausted: self.when_exhausted }
    }
}

impl<T: Send + 'static> fmt::Debug for BoundedPool<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BoundedPool").field("stats", &self.stats()).finish_non_exhaustive()
    }
}

/// Sets up a [`BoundedPool`].
///
/// | setting | usual value | meaning |
/// | --- | --- | --- |
/// | `max_open` | 10 | most objects, idle, in use and being created; `None` is no maximum |
/// | `max_idle` | as `max_open` | most idle ones |
/// | `when_exhausted` | `Wait` | what a getter gets when there are as many as may be |
/// | `order` | `Lifo` | which idle one is handed out first |
/// | `timeouts` | 30 s | how long a get waits: of the three, `wait` is of interest |
/// | `reset`, `no_reset` | trait `Reset` | what is done with a returned object |
/// | `hold_warn_after` | none | a lease that is held for longer is told to the observer |
/// | `observer` | none | who is told of what happens |
/// | `name` | the type's | what reports call the pool |
///
/// # Examples
///
/// ```
/// use poolable::managed::{BoundedPool, Timeouts};
/// use std::time::Duration;
///
/// /// A type that is not ours, and has no `Reset`.
/// struct Parser {
///     depth: usize,
/// }
///
/// let pool = BoundedPool::builder(|| Parser { depth: 0 })
///     .max_open(4)
///     .reset(|parser| parser.depth = 0)
///     .timeouts(Timeouts { wait: Some(Duration::from_secs(1)), ..Timeouts::default() })
///     .build()?;
/// pool.get()?.depth = 7;
/// assert_eq!(pool.get()?.depth, 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "a builder does nothing until it is built"]
pub struct BoundedPoolBuilder<T, P = TraitReset> {
    recipe: Recipe<T, P>,
    max_open: Option<usize>,
    max_idle: Option<usize>,
    when_exhausted: WhenExhausted,
    order: Order,
    timeouts: Timeouts,
    hold_warn_after: Option<Duration>,
    observer: Option<Observer>,
    clock: Clock,
    name: Option<Cow<'static, str>>,
}

impl<T: Send + 'static, P> BoundedPoolBuilder<T, P> {
    /// Sets the most objects: idle, in use and being created. `None` is no maximum.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::managed::{BoundedPool};
    ///
    /// let pool = BoundedPool::builder(String::new).max_open(1).build()?;
    /// let _line = pool.get()?;
    /// assert!(pool.try_get().is_err());
    /// let pool = BoundedPool::builder(String::new).max_open(None).build()?;
    /// assert_eq!(pool.stats().max_open, None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn max_open(mut self, max_open: impl Into<Option<usize>>) -> Self {
        self.max_open = max_open.into();
        self
    }

    /// Sets the most idle objects: one that is returned when there are as many is freed. Zero
    /// keeps none, and more than `max_open` are no more than that.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::managed::{BoundedPool};
    ///
    /// let pool = BoundedPool::builder(String::new).max_idle(1).build()?;
    /// drop((pool.get()?, pool.get()?));
    /// assert_eq!(pool.size(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn max_idle(mut self, max_idle: usize) -> Self {
        self.max_idle = Some(max_idle);
        self
    }

    /// Sets what a getter gets when there are as many as may be.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::managed::{BoundedPool, GetError, WhenExhausted};
    ///
    /// let pool = BoundedPool::builder(String::new)
    ///     .max_open(1)
    ///     .when_exhausted(WhenExhausted::Fail)
    ///     .build()?;
    /// let _line = pool.get()?;
    /// assert!(matches!(pool.get(), Err(GetError::Exhausted))); // at once
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn when_exhausted(mut self, when_exhausted: WhenExhausted) -> Self {
        self.when_exhausted = when_exhausted;
        self
    }

    /// Sets which idle object is handed out first.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::managed::{BoundedPool, Lease, Order};
    ///
    /// let pool = BoundedPool::builder(String::new).order(Order::Fifo).build()?;
    /// let (first, second) = (pool.get()?, pool.get()?);
    /// let id = Lease::meta(&first).id;
    /// drop(first);
    /// drop(second);
    /// assert_eq!(Lease::meta(&pool.get()?).id, id); // who came back first goes first
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn order(mut self, order: Order) -> Self {
        self.order = order;
        self
    }

    /// Sets how long a get waits.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::managed::{BoundedPool, GetError, Timeouts};
    /// use std::time::Duration;
    ///
    /// let pool = BoundedPool::builder(String::new)
    ///     .max_open(1)
    ///     .timeouts(Timeouts { wait: Some(Duration::from_millis(1)), ..Timeouts::default() })
    ///     .build()?;
    /// let _line = pool.get()?;
    /// assert!(matches!(pool.get(), Err(GetError::Timeout { .. })));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// Sets what is done with a returned object, instead of its `Reset`. An object whose reset
    /// panics is freed, and the panic goes on in whoever drops the lease, unless that thread
    /// panics already.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::managed::BoundedPool;
    ///
    /// let blocks = BoundedPool::builder(|| vec![0_u8; 4096])
    ///     .reset(|block| {
    ///         block.clear();
    ///         block.resize(4096, 0);
    ///     })
    ///     .build()?;
    /// blocks.get()?.truncate(10);
    /// assert_eq!(blocks.get()?.len(), 4096);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn reset(
        self,
        reset: impl Fn(&mut T) + Send + Sync + 'static,
    ) -> BoundedPoolBuilder<T, CustomReset> {
        self.with_recipe(|recipe| recipe.cleaned_by(Some(Box::new(reset))))
    }

    /// Has objects returned as they are, but for those whose borrower panics: they are freed.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::managed::{BoundedPool};
    ///
    /// let pool = BoundedPool::builder(String::new).no_reset().build()?;
    /// pool.get()?.push_str("hello");
    /// assert_eq!(*pool.get()?, "hello");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn no_reset(self) -> BoundedPoolBuilder<T, CustomReset> {
        self.with_recipe(|recipe| recipe.cleaned_by(None))
    }

    /// Has the [`observer`](Self::observer) told of each lease that is held for longer, once.
    /// Without one nobody is, but for those who listen to the features `tracing` and `metrics`.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::managed::{BoundedPool, Clock, Event};
    /// use std::sync::mpsc;
    /// use std::time::Duration;
    ///
    /// let (sender, warnings) = mpsc::channel();
    /// let clock = Clock::manual();
    /// let pool = BoundedPool::builder(String::new)
    ///     .hold_warn_after(Duration::from_secs(5))
    ///     .observer(move |event| {
    ///         if let Event::HeldTooLong { id, .. } = event {
    ///             sender.send(*id).unwrap();
    ///         }
    ///     })
    ///     .clock(&clock)
    ///     .build()?;
    /// let line = pool.get()?;
    /// clock.advance(Duration::from_secs(6));
    /// assert_eq!(warnings.recv(), Ok(1));
    /// # drop(line);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn hold_warn_after(mut self, hold_warn_after: impl Into<Option<Duration>>) -> Self {
        self.hold_warn_after = hold_warn_after.into();
        self
    }

    /// Sets who is told of what happens, on the thread that it happens on. No lock is held, and
    /// panics end there.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::managed::{BoundedPool, Event};
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicU32, Ordering};
    ///
    /// let created = Arc::new(AtomicU32::new(0));
    /// let pool = BoundedPool::builder(String::new)
    ///     .observer({
    ///         let created = created.clone();
    ///         move |event| {
    ///             if let Event::Created { .. } = event {
    ///                 created.fetch_add(1, Ordering::Relaxed);
    ///             }
    ///         }
    ///     })
    ///     .build()?;
    /// assert_eq!(pool.prewarm(3), 3);
    /// assert_eq!(created.load(Ordering::Relaxed), 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn observer(mut self, see: impl Fn(&Event<'_>) + Send + Sync + 'static) -> Self {
        self.observer = Some(Observer::new(see));
        self
    }

    /// Sets the clock that the pool goes by: for tests.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::managed::{BoundedPool, Clock, GetError};
    /// use std::time::Duration;
    ///
    /// let clock = Clock::manual();
    /// let pool = BoundedPool::builder(String::new).max_open(1).clock(&clock).build()?;
    /// let line = pool.get()?;
    /// let waiting = std::thread::spawn({
    ///     let pool = pool.clone();
    ///     move || pool.get().map(drop)
    /// });
    /// while pool.stats().waiting == 0 {
    ///     std::thread::yield_now();
    /// }
    /// clock.advance(Duration::from_secs(31)); // in no time
    /// assert!(matches!(waiting.join().unwrap(), Err(GetError::Timeout { .. })));
    /// # drop(line);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn clock(mut self, clock: &Clock) -> Self {
        self.clock = clock.clone();
        self
    }

    /// Sets what reports call the pool; otherwise the name of the type of its objects.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::managed::BoundedPool;
    ///
    /// let pool = BoundedPool::builder(String::new).name("lines").build()?;
    /// assert_eq!(pool.name(), "lines");
    /// # Ok::<(), poolable::managed::BuildError>(())
    /// ```
    pub fn name(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.name = Some(name.into());
        self
    }

    fn with_recipe<Q>(
        self,
        with: impl FnOnce(Recipe<T, P>) -> Recipe<T, Q>,
    ) -> BoundedPoolBuilder<T, Q> {
        BoundedPoolBuilder {
            recipe: with(self.recipe),
            max_open: self.max_open,
            max_idle: self.max_idle,
            when_exhausted: self.when_exhausted,
            order: self.order,
            timeouts: self.timeouts,
            hold_warn_after: self.hold_warn_after,
            observer: self.observer,
            clock: self.clock,
            name: self.name,
        }
    }

    /// Builds the pool, which creates nothing yet.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::managed::{BoundedPool, BuildError};
    ///
    /// let pool = BoundedPool::builder(String::new).build()?;
    /// assert_eq!(pool.open(), 0); // nothing yet
    /// let none = BoundedPool::builder(String::new).max_open(0).build();
    /// assert!(matches!(none, Err(BuildError::ZeroMaxOpen)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If `max_open` is 0.
    pub fn build(self) -> Result<BoundedPool<T>, BuildError>
    where
        P: ResetRule<T>,
    {
        if self.max_open == Some(0) {
            return Err(BuildError::ZeroMaxOpen);
        }
        let creates_beyond = self.when_exhausted == WhenExhausted::Create;
        let bounds = Bounds {
            max_open: self.max_open.unwrap_or(usize::MAX),
            max_idle: self.max_idle,
            min_idle: 0,
            max_creating: usize::MAX,
            is_apart: false,
            are_kept: false,
            are_forgotten: false,
            order: self.order,
            surplus: if creates_beyond { Reason::Full } else { Reason::Resized },
        };
        let rules = Rules {
            check_after: None,
            max_lifetime: None,
            jitter: 0.0,
            idle_timeout: None,
            is_strict: false,
            min_idle: 0,
            creates_beyond,
            timeouts: self.timeouts,
            retry: Retry::none(),
            hold_warn_after: self.hold_warn_after,
        };
        let hooks = Box::new(self.recipe.into_objects(None));
        let identity = Identity::new::<T>(self.name, Kind::Bounded);
        let home =
            Home::new(identity, bounds, rules, Runner::Getter, self.clock, hooks, self.observer);
        Ok(BoundedPool { handle: Handle::new(home), when_exhausted: self.when_exhausted })
    }
}

impl<T, P> fmt::Debug for BoundedPoolBuilder<T, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BoundedPoolBuilder")
            .field("max_open", &self.max_open)
            .field("when_exhausted", &self.when_exhausted)
            .finish_non_exhaustive()
    }
}
