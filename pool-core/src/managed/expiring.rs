//! Pools whose idle objects come of age.

use core::fmt;
use core::time::Duration;
use std::borrow::Cow;
use std::sync::Arc;
use std::time::Instant;

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

/// A pool whose objects are destroyed when they have been idle for too long.
///
/// It never waits: a getter that finds none idle creates one. An object that is too old is never
/// handed out, and is gone at most half of `max_age` later even if nobody gets or returns
/// anything.
///
/// A handle is cheap to clone. When the last one is dropped the pool closes; leases may outlive
/// it.
///
/// # Examples
///
/// ```
/// use poolable::managed::{Clock, ExpiringPool};
/// use std::time::Duration;
///
/// let clock = Clock::manual();
/// let pool = ExpiringPool::builder(|| Vec::<u8>::with_capacity(4096))
///     .max_age(Duration::from_secs(60))
///     .clock(&clock)
///     .build()?;
/// drop(pool.get()?);
/// clock.advance(Duration::from_secs(59));
/// drop(pool.get()?);
/// assert_eq!(pool.stats().created, 1);
/// clock.advance(Duration::from_secs(60));
/// drop(pool.get()?);
/// assert_eq!((pool.stats().created, pool.stats().destroyed.idle), (2, 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct ExpiringPool<T: Send + 'static> {
    handle: Arc<Handle<T>>,
}

impl<T: Send + 'static> ExpiringPool<T> {
    /// A pool that keeps at most `max_idle` objects, each until it has been idle for `max_age`.
    ///
    /// `create` cannot fail: what can belongs in a [`ResourcePool`](super::ResourcePool), which has
    /// an `idle_timeout`.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::managed::ExpiringPool;
    /// use std::time::Duration;
    ///
    /// let pool = ExpiringPool::new(8, Duration::from_secs(60), String::new);
    /// pool.get()?.push_str("hello");
    /// assert!(pool.get()?.is_empty());
    /// # Ok::<(), poolable::managed::GetError>(())
    /// ```
    ///
    /// # Panics
    ///
    /// If `max_age` is zero.
    #[must_use]
    #[track_caller]
    pub fn new(
        max_idle: usize,
        max_age: Duration,
        create: impl Fn() -> T + Send + Sync + 'static,
    ) -> Self
    where
        T: Reset,
    {
        match Self::builder(create).max_idle(max_idle).max_age(max_age).build() {
            Ok(pool) => pool,
            Err(error) => panic!("`ExpiringPool::new`: {error}"),
        }
    }

    /// A pool with other settings.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::managed::{ExpiringPool};
    ///
    /// let pool = ExpiringPool::builder(String::new).max_idle(2).build()?;
    /// assert_eq!(pool.prewarm(10), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn builder(
        create: impl Fn() -> T + Send + Sync + 'static,
    ) -> ExpiringPoolBuilder<T, TraitReset> {
        ExpiringPoolBuilder {
            recipe: Recipe::new(create),
            max_idle: 64,
            max_age: Duration::from_secs(5 * 60),
            destroy: None,
            order: Order::Lifo,
            hold_warn_after: None,
            observer: None,
            clock: Clock::system(),
            name: None,
        }
    }

    /// An object: one that is idle and not too old, or a new one.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::managed::{ExpiringPool};
    ///
    /// let pool = ExpiringPool::builder(String::new).build()?;
    /// pool.get()?.push_str("hello");
    /// assert!(pool.get()?.is_empty()); // the same one, reset
    /// assert_eq!(pool.stats().created, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `Closed`, and nothing else.
    ///
    /// # Panics
    ///
    /// If `create` does; or the destroy of an object that was too old.
    pub fn get(&self) -> Result<Lease<T>, GetError> {
        typed(self.handle.get(Until::Default, None))
    }

    /// Creates objects until `idle` are idle, at most `max_idle`; how many it created.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::managed::ExpiringPool;
    /// use std::time::Duration;
    ///
    /// let pool = ExpiringPool::new(8, Duration::from_secs(60), String::new);
    /// assert_eq!((pool.prewarm(100), pool.size()), (8, 8));
    /// ```
    ///
    /// # Panics
    ///
    /// If `create` does. What was created stays.
    pub fn prewarm(&self, idle: usize) -> usize {
        self.handle.prewarm_here(idle)
    }

    /// Destroys the idle objects that `keep` refuses; how many those were. What it changes and
    /// keeps is not reset.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::managed::ExpiringPool;
    /// use std::time::Duration;
    ///
    /// let pool = ExpiringPool::new(8, Duration::from_secs(60), String::new);
    /// pool.prewarm(3);
    /// assert_eq!(pool.retain(|_, meta| meta.id == 1), 2);
    /// ```
    ///
    /// # Panics
    ///
    /// If `keep` does: what it was asked of is destroyed, and the others stay. Or if a destroy
    /// does.
    pub fn retain(&self, keep: impl FnMut(&mut T, &Meta) -> bool) -> usize {
        self.handle.retain(keep)
    }

    /// Closes the pool: later getters are told so, and what is idle is destroyed. Leases go on,
    /// and destroy what they hold. To close it again does nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::managed::{ExpiringPool, GetError};
    /// use std::time::Duration;
    ///
    /// let pool = ExpiringPool::new(8, Duration::from_secs(60), String::new);
    /// let line = pool.get()?;
    /// pool.close();
    /// drop(line);
    /// assert_eq!(pool.stats().destroyed.closed, 1);
    /// assert!(matches!(pool.get(), Err(GetError::Closed)));
    /// # Ok::<(), GetError>(())
    /// ```
    ///
    /// # Panics
    ///
    /// If a destroy panics, when all are destroyed.
    pub fn close(&self) {
        self.handle.close();
    }

    /// Whether the pool is closed.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::managed::ExpiringPool;
    ///
    /// assert!(!ExpiringPool::builder(String::new).build()?.is_closed());
    /// # Ok::<(), poolable::managed::BuildError>(())
    /// ```
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.handle.core.is_closed()
    }

    /// Closes the pool, and waits until all leases are back, and what they held is gone. The
    /// deadline is a time of the pool's [`Clock`](super::Clock).
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::managed::ExpiringPool;
    /// use std::time::Instant;
    ///
    /// let pool = ExpiringPool::builder(String::new).build()?;
    /// let line = pool.get()?;
    /// assert!(pool.drain(Instant::now()).is_err());
    /// drop(line);
    /// assert!(pool.drain(Instant::now()).is_ok());
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
    /// use poolable::managed::ExpiringPool;
    /// use std::time::{Duration, Instant};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let pool = ExpiringPool::new(8, Duration::from_secs(60), String::new);
    /// let line = pool.get()?;
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
    /// use poolable::managed::ExpiringPool;
    ///
    /// let pool = ExpiringPool::builder(Vec::<u8>::new).name("lines").build()?;
    /// assert_eq!(pool.name(), "lines");
    /// let pool = ExpiringPool::builder(Vec::<u8>::new).build()?;
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
    /// use poolable::managed::{ExpiringPool};
    ///
    /// let pool = ExpiringPool::builder(String::new).build()?;
    /// drop((pool.get()?, pool.get()?));
    /// assert_eq!((pool.stats().created, pool.stats().idle), (2, 2));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.handle.stats()
    }

    /// How many objects are idle. How many there are in all is [`Stats::open`].
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::managed::{ExpiringPool};
    ///
    /// let pool = ExpiringPool::builder(String::new).build()?;
    /// let line = pool.get()?;
    /// assert_eq!((pool.size(), pool.stats().open), (0, 1));
    /// drop(line);
    /// assert_eq!(pool.size(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn size(&self) -> usize {
        self.handle.idle()
    }
}

impl<T: Send + 'static> Clone for ExpiringPool<T> {
    fn clone(&self) -> Self {
        Self { handle: self.handle.clone() }
    }
}

impl<T: Send + 'static> fmt::Debug for ExpiringPool<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExpiringPool").field("stats", &self.stats()).finish_non_exhaustive()
    }
}

/// Sets up an [`ExpiringPool`].
///
/// | setting | usual value | meaning |
/// | --- | --- | --- |
/// | `max_idle` | 64 | most idle objects |
/// | `max_age` | 5 minutes | one that is idle for so long is destroyed |
/// | `destroy` | drop | how |
/// | `order` | `Lifo` | which idle one is handed out first |
/// | `reset`, `no_reset` | trait `Reset` | what is done with a returned object |
/// | `hold_warn_after` | none | a lease that is held for longer is told to the observer |
/// | `observer` | none | who is told of what happens |
/// | `name` | the type's | what reports call the pool |
///
/// # Examples
///
/// ```
/// use poolable::managed::ExpiringPool;
/// use std::sync::mpsc;
/// use std::time::Duration;
///
/// let (send, gone) = mpsc::channel();
/// let pool = ExpiringPool::builder(|| Vec::<u8>::with_capacity(4096))
///     .max_idle(1)
///     .max_age(Duration::from_secs(10))
///     .destroy(move |buffer| send.send(buffer.capacity()).unwrap())
///     .build()?;
/// let (one, other) = (pool.get()?, pool.get()?);
/// drop((one, other)); // One of them is kept.
/// assert_eq!((gone.recv()?, pool.size()), (4096, 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "a builder does nothing until it is built"]
pub struct ExpiringPoolBuilder<T, P = TraitReset> {
    recipe: Recipe<T, P>,
    max_idle: usize,
    max_age: Duration,
    destroy: Option<Box<dyn Fn(T) + Send + Sync>>,
    order: Order,
    hold_warn_after: Option<Duration>,
    observer: Option<Observer>,
    clock: Clock,
    name: Option<Cow<'static, str>>,
}

impl<T: Send + 'static, P> ExpiringPoolBuilder<T, P> {
    /// Sets the most idle objects: one that is returned when there are as many is destroyed.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::managed::{ExpiringPool};
    ///
    /// let pool = ExpiringPool::builder(String::new).max_idle(1).build()?;
    /// drop((pool.get()?, pool.get()?));
    /// assert_eq!((pool.size(), pool.stats().destroyed.full), (1, 1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn max_idle(mut self, max_idle: usize) -> Self {
        self.max_idle = max_idle;
        self
    }

    /// Sets for how long an object may be idle.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::managed::{Clock, ExpiringPool};
    /// use std::time::Duration;
    ///
    /// let clock = Clock::manual();
    /// let pool = ExpiringPool::builder(String::new)
    ///     .max_age(Duration::from_secs(60))
    ///     .clock(&clock)
    ///     .build()?;
    /// drop(pool.get()?);
    /// clock.advance(Duration::from_secs(61));
    /// drop(pool.get()?);
    /// assert_eq!(pool.stats().created, 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn max_age(mut self, max_age: Duration) -> Self {
        self.max_age = max_age;
        self
    }

    /// Sets what is done with an object that goes, instead of dropping it: on the thread that
    /// finds it too old or too much, which is one of the pool's if nobody gets or returns
    /// anything.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::managed::{ExpiringPool};
    /// use std::sync::mpsc;
    ///
    /// let (sender, gone) = mpsc::channel();
    /// let pool = ExpiringPool::builder(|| String::from("hello"))
    ///     .destroy(move |line| sender.send(line).unwrap())
    ///     .no_reset()
    ///     .build()?;
    /// drop(pool.get()?);
    /// pool.close();
    /// assert_eq!(gone.recv()?, "hello");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn destroy(mut self, destroy: impl Fn(T) + Send + Sync + 'static) -> Self {
        self.destroy = Some(Box::new(destroy));
        self
    }

    /// Sets which idle object is handed out first.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::managed::{ExpiringPool, Lease, Order};
    ///
    /// let pool = ExpiringPool::builder(String::new).order(Order::Fifo).build()?;
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

    /// Sets what is done with a returned object, instead of its `Reset`. An object whose reset
    /// panics is destroyed, and the panic goes on in whoever drops the lease, unless that thread
    /// panics already.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::managed::{ExpiringPool};
    ///
    /// let pool = ExpiringPool::builder(String::new).reset(|line| line.push('.')).build()?;
    /// drop(pool.get()?);
    /// assert_eq!(*pool.get()?, ".");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn reset(
        self,
        reset: impl Fn(&mut T) + Send + Sync + 'static,
    ) -> ExpiringPoolBuilder<T, CustomReset> {
        self.with_recipe(|recipe| recipe.cleaned_by(Some(Box::new(reset))))
    }

    /// Has objects returned as they are, but for those whose borrower panics: they are destroyed.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::managed::{ExpiringPool};
    ///
    /// let pool = ExpiringPool::builder(String::new).no_reset().build()?;
    /// pool.get()?.push_str("hello");
    /// assert_eq!(*pool.get()?, "hello");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn no_reset(self) -> ExpiringPoolBuilder<T, CustomReset> {
        self.with_recipe(|recipe| recipe.cleaned_by(None))
    }

    /// Has the [`observer`](Self::observer) told of each lease that is held for longer, once.
    /// Without one nobody is, but for those who listen to the features `tracing` and `metrics`.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::managed::{Clock, Event, ExpiringPool};
    /// use std::sync::mpsc;
    /// use std::time::Duration;
    ///
    /// let (sender, warnings) = mpsc::channel();
    /// let clock = Clock::manual();
    /// let pool = ExpiringPool::builder(String::new)
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
    /// use poolable::managed::{Event, ExpiringPool};
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicU32, Ordering};
    ///
    /// let created = Arc::new(AtomicU32::new(0));
    /// let pool = ExpiringPool::builder(String::new)
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
    /// use poolable::managed::{Clock, ExpiringPool};
    /// use std::time::Duration;
    ///
    /// let clock = Clock::manual(); // stands still, until it is told to go on
    /// let pool = ExpiringPool::builder(String::new).clock(&clock).build()?;
    /// drop(pool.get()?);
    /// clock.advance(Duration::from_secs(3600));
    /// assert_eq!(pool.size(), 0);
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
    /// use poolable::managed::ExpiringPool;
    ///
    /// let pool = ExpiringPool::builder(String::new).name("lines").build()?;
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
    ) -> ExpiringPoolBuilder<T, Q> {
        ExpiringPoolBuilder {
            recipe: with(self.recipe),
            max_idle: self.max_idle,
            max_age: self.max_age,
            destroy: self.destroy,
            order: self.order,
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
    /// use poolable::managed::{BuildError, ExpiringPool};
    /// use std::time::Duration;
    ///
    /// assert_eq!(ExpiringPool::builder(String::new).build()?.stats().open, 0); // nothing yet
    /// let never = ExpiringPool::builder(String::new).max_age(Duration::ZERO).build();
    /// assert!(matches!(never, Err(BuildError::ZeroMaxAge)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If `max_age` is zero.
    pub fn build(self) -> Result<ExpiringPool<T>, BuildError>
    where
        P: ResetRule<T>,
    {
        if self.max_age.is_zero() {
            return Err(BuildError::ZeroMaxAge);
        }
        let bounds = Bounds {
            max_open: usize::MAX,
            max_idle: Some(self.max_idle),
            min_idle: 0,
            max_creating: usize::MAX,
            is_apart: false,
            are_kept: false,
            are_forgotten: false,
            order: self.order,
            surplus: Reason::Full,
        };
        let rules = Rules {
            check_after: None,
            max_lifetime: None,
            jitter: 0.0,
            idle_timeout: Some(self.max_age),
            is_strict: true,
            min_idle: 0,
            creates_beyond: false,
            timeouts: Timeouts::default(),
            retry: Retry::none(),
            hold_warn_after: self.hold_warn_after,
        };
        let hooks = Box::new(self.recipe.into_objects(self.destroy));
        let identity = Identity::new::<T>(self.name, Kind::Expiring);
        let home =
            Home::new(identity, bounds, rules, Runner::Getter, self.clock, hooks, self.observer);
        Ok(ExpiringPool { handle: Handle::new(home) })
    }
}

impl<T, P> fmt::Debug for ExpiringPoolBuilder<T, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExpiringPoolBuilder")
            .field("max_idle", &self.max_idle)
            .field("max_age", &self.max_age)
            .finish_non_exhaustive()
    }
}
