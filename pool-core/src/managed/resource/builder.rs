//! How a pool of resources is set up.

use core::fmt;
use core::marker::PhantomData;
use core::pin::Pin;
use core::time::Duration;
use std::borrow::Cow;
use std::sync::Arc;

use super::ResourcePool;
use crate::managed::async_manager::{AsyncManaged, AsyncManager};
use crate::managed::async_resource::AsyncResourcePool;
use crate::managed::clock::Clock;
use crate::managed::error::BuildError;
use crate::managed::handle::Handle;
use crate::managed::home::{Home, Rules};
use crate::managed::hooks::Hooks;
use crate::managed::listing::{Identity, Kind};
use crate::managed::manager::{Managed, Manager};
use crate::managed::observer::{Event, Observer};
use crate::managed::reason::Reason;
use crate::managed::retry::Retry;
use crate::managed::runner::{Runner, Spawn};
use crate::managed::state::{Bounds, Order};
use crate::managed::timeouts::Timeouts;

/// Sets up a [`ResourcePool`], or an [`AsyncResourcePool`].
///
/// | setting | usual value | meaning |
/// | --- | --- | --- |
/// | `max_open` | 10 | most resources, idle, in use and being created; `None` is no maximum |
/// | `max_idle` | as `max_open` | most idle ones |
/// | `min_idle` | 0 | so many are kept idle |
/// | `max_lifetime` | 30 minutes | a resource that is older is destroyed when it is idle |
/// | `jitter` | 0.1 | up to this share of its lifetime is taken off each, at random |
/// | `idle_timeout` | 10 minutes | one that is idle for longer is destroyed, down to `min_idle` |
/// | `check_after` | zero | how long idle until it is checked before it is handed out |
/// | `order` | `Lifo` | which idle one is handed out first |
/// | `max_connecting` | 4 | most creates at a time |
/// | `timeouts` | 30 s in all | how long a get waits |
/// | `retry` | none | when a create that failed is tried again |
/// | `hold_warn_after` | none | a lease that is held for longer is told to the observer |
/// | `observer` | none | who is told of what happens |
/// | `name` | the type of its resources | what reports call the pool |
/// | `spawn` | none | of an `AsyncResourcePool`: runs creates as tasks of their own |
///
/// # Examples
///
/// ```
/// use poolable::managed::{Manager, ResourcePool, Retry, Timeouts};
/// use std::convert::Infallible;
/// use std::time::Duration;
///
/// struct Numbers;
///
/// impl Manager for Numbers {
///     type Resource = u32;
///     type Error = Infallible;
///
///     fn create(&self) -> Result<u32, Infallible> {
///         Ok(7)
///     }
/// }
///
/// let pool = ResourcePool::builder(Numbers)
///     .max_open(20)
///     .min_idle(2)
///     .check_after(Duration::from_secs(5))
///     .timeouts(Timeouts { wait: Some(Duration::from_secs(3)), ..Timeouts::default() })
///     .retry(Retry::exponential(Duration::from_millis(50), Duration::from_secs(1), 5))
///     .build()?;
/// assert_eq!(pool.stats().max_open, Some(20));
/// # Ok::<(), poolable::managed::BuildError>(())
/// ```
#[must_use = "a builder does nothing until it is built"]
pub struct ResourcePoolBuilder<M, K = Threads> {
    manager: M,
    /// `None`: creates are driven by those who wait for them.
    spawn: Option<Spawn>,
    kind: PhantomData<fn() -> K>,
    max_open: Option<usize>,
    max_idle: Option<usize>,
    min_idle: usize,
    max_lifetime: Option<Duration>,
    jitter: f64,
    idle_timeout: Option<Duration>,
    check_after: Duration,
    order: Order,
    max_connecting: usize,
    timeouts: Timeouts,
    retry: Retry,
    hold_warn_after: Option<Duration>,
    observer: Option<Observer>,
    clock: Clock,
    name: Option<Cow<'static, str>>,
}

impl<M, K> ResourcePoolBuilder<M, K> {
    pub(in crate::managed) fn new(manager: M) -> Self {
        Self {
            manager,
            spawn: None,
            kind: PhantomData,
            max_open: Some(10),
            max_idle: None,
            min_idle: 0,
            max_lifetime: Some(Duration::from_secs(30 * 60)),
            jitter: 0.1,
            idle_timeout: Some(Duration::from_secs(10 * 60)),
            check_after: Duration::ZERO,
            order: Order::Lifo,
            max_connecting: 4,
            timeouts: Timeouts::default(),
            retry: Retry::none(),
            hold_warn_after: None,
            observer: None,
            clock: Clock::system(),
            name: None,
        }
    }

    /// Sets the most resources that are open: idle, in use and being created. `None` is no
    /// maximum.
    ///
    /// # Examples
    ///
    /// ```
    /// # use poolable::managed::{Manager, ResourcePool};
    /// # use std::convert::Infallible;
    /// # struct Numbers;
    /// # impl Manager for Numbers {
    /// #     type Resource = u32;
    /// #     type Error = Infallible;
    /// #     fn create(&self) -> Result<u32, Infallible> { Ok(7) }
    /// # }
    /// let pool = ResourcePool::builder(Numbers).max_open(2).build()?;
    /// let _both = (pool.get()?, pool.get()?);
    /// assert!(pool.try_get().is_err());
    /// let pool = ResourcePool::builder(Numbers).max_open(None).build()?;
    /// assert_eq!(pool.stats().max_open, None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn max_open(mut self, max_open: impl Into<Option<usize>>) -> Self {
        self.max_open = max_open.into();
        self
    }

    /// Sets the most idle resources: one that is returned when there are as many is destroyed.
    /// Zero keeps none, and more than `max_open` are no more than that.
    ///
    /// # Examples
    ///
    /// ```
    /// # use poolable::managed::{Manager, ResourcePool};
    /// # use std::convert::Infallible;
    /// # struct Numbers;
    /// # impl Manager for Numbers {
    /// #     type Resource = u32;
    /// #     type Error = Infallible;
    /// #     fn create(&self) -> Result<u32, Infallible> { Ok(7) }
    /// # }
    /// let pool = ResourcePool::builder(Numbers).max_idle(1).build()?;
    /// drop((pool.get()?, pool.get()?));
    /// assert_eq!((pool.stats().idle, pool.stats().destroyed.full), (1, 1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn max_idle(mut self, max_idle: usize) -> Self {
        self.max_idle = Some(max_idle);
        self
    }

    /// Keeps so many idle, from the start: they are created whenever they are missing, on threads
    /// apart, or by tasks of the [`spawn`](ResourcePoolBuilder::spawn) hook, without which an
    /// [`AsyncResourcePool`] is not built. After one that failed the next is tried a second later,
    /// or when another create has succeeded.
    ///
    /// # Examples
    ///
    /// ```
    /// # use poolable::managed::{Manager, ResourcePool};
    /// # use std::convert::Infallible;
    /// # struct Numbers;
    /// # impl Manager for Numbers {
    /// #     type Resource = u32;
    /// #     type Error = Infallible;
    /// #     fn create(&self) -> Result<u32, Infallible> { Ok(7) }
    /// # }
    /// let pool = ResourcePool::builder(Numbers).min_idle(2).build()?;
    /// while pool.stats().idle < 2 {
    ///     std::thread::yield_now(); // they are created without being asked for
    /// }
    /// assert_eq!(pool.stats().created, 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn min_idle(mut self, min_idle: usize) -> Self {
        self.min_idle = min_idle;
        self
    }

    /// Sets how old a resource may become. One that is idle is destroyed soon after that, at most
    /// an eighth of the shortest limit or a second late; one in use when it is returned.
    ///
    /// # Examples
    ///
    /// ```
    /// # use poolable::managed::{Clock, Manager, ResourcePool};
    /// # use std::convert::Infallible;
    /// # struct Numbers;
    /// # impl Manager for Numbers {
    /// #     type Resource = u32;
    /// #     type Error = Infallible;
    /// #     fn create(&self) -> Result<u32, Infallible> { Ok(7) }
    /// # }
    /// use std::time::Duration;
    ///
    /// let clock = Clock::manual();
    /// let pool = ResourcePool::builder(Numbers)
    ///     .max_lifetime(Duration::from_secs(600))
    ///     .clock(&clock)
    ///     .build()?;
    /// drop(pool.get()?);
    /// clock.advance(Duration::from_secs(601));
    /// drop(pool.get()?);
    /// assert_eq!(pool.stats().created, 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn max_lifetime(mut self, max_lifetime: impl Into<Option<Duration>>) -> Self {
        self.max_lifetime = max_lifetime.into();
        self
    }

    /// Sets the share of its lifetime that each resource may lose, at random, when it is created:
    /// so that many which were created together do not end together.
    ///
    /// # Examples
    ///
    /// ```
    /// # use poolable::managed::{Manager, ResourcePool};
    /// # use std::convert::Infallible;
    /// # struct Numbers;
    /// # impl Manager for Numbers {
    /// #     type Resource = u32;
    /// #     type Error = Infallible;
    /// #     fn create(&self) -> Result<u32, Infallible> { Ok(7) }
    /// # }
    /// use poolable::managed::BuildError;
    ///
    /// assert!(ResourcePool::builder(Numbers).jitter(0.25).build().is_ok());
    /// let more_than_all = ResourcePool::builder(Numbers).jitter(1.5).build();
    /// assert!(matches!(more_than_all, Err(BuildError::Jitter)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn jitter(mut self, jitter: f64) -> Self {
        self.jitter = jitter;
        self
    }

    /// Sets how long a resource may be idle. Later it is destroyed, unless no more than
    /// `min_idle` are idle.
    ///
    /// # Examples
    ///
    /// ```
    /// # use poolable::managed::{Clock, Manager, ResourcePool};
    /// # use std::convert::Infallible;
    /// # struct Numbers;
    /// # impl Manager for Numbers {
    /// #     type Resource = u32;
    /// #     type Error = Infallible;
    /// #     fn create(&self) -> Result<u32, Infallible> { Ok(7) }
    /// # }
    /// use std::time::Duration;
    ///
    /// let clock = Clock::manual();
    /// let pool = ResourcePool::builder(Numbers)
    ///     .idle_timeout(Duration::from_secs(60))
    ///     .clock(&clock)
    ///     .build()?;
    /// drop(pool.get()?);
    /// clock.advance(Duration::from_secs(70));
    /// assert_eq!((pool.stats().idle, pool.stats().destroyed.idle), (0, 1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn idle_timeout(mut self, idle_timeout: impl Into<Option<Duration>>) -> Self {
        self.idle_timeout = idle_timeout.into();
        self
    }

    /// Sets how long a resource must have been idle to be checked before it is handed out. Zero
    /// checks always; one that has just been created is not checked.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::managed::{Clock, Manager, Meta, ResourcePool};
    /// use std::io;
    /// use std::time::Duration;
    ///
    /// struct Fragile;
    ///
    /// impl Manager for Fragile {
    ///     type Resource = ();
    ///     type Error = io::Error;
    ///
    ///     fn create(&self) -> io::Result<()> {
    ///         Ok(())
    ///     }
    ///
    ///     fn check(&self, _: &mut (), _: &Meta) -> io::Result<()> {
    ///         Err(io::ErrorKind::BrokenPipe.into())
    ///     }
    /// }
    ///
    /// let clock = Clock::manual();
    /// let pool = ResourcePool::builder(Fragile)
    ///     .check_after(Duration::from_secs(5))
    ///     .clock(&clock)
    ///     .build()?;
    /// drop(pool.get()?);
    /// drop(pool.get()?); // not checked yet
    /// assert_eq!(pool.stats().check_failed, 0);
    /// clock.advance(Duration::from_secs(6));
    /// drop(pool.get()?); // another one
    /// assert_eq!((pool.stats().check_failed, pool.stats().created), (1, 2));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn check_after(mut self, check_after: Duration) -> Self {
        self.check_after = check_after;
        self
    }

    /// Sets which idle resource is handed out first.
    ///
    /// # Examples
    ///
    /// ```
    /// # use poolable::managed::{Lease, Manager, Order, ResourcePool};
    /// # use std::convert::Infallible;
    /// # struct Numbers;
    /// # impl Manager for Numbers {
    /// #     type Resource = u32;
    /// #     type Error = Infallible;
    /// #     fn create(&self) -> Result<u32, Infallible> { Ok(7) }
    /// # }
    /// let pool = ResourcePool::builder(Numbers).order(Order::Fifo).build()?;
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

    /// Sets the most creates that run at a time. It does not bound how many begin in a second:
    /// where a server refuses at once, that is up to [`retry`](Self::retry).
    ///
    /// # Examples
    ///
    /// ```
    /// # use poolable::managed::{Manager, ResourcePool};
    /// # use std::convert::Infallible;
    /// # struct Numbers;
    /// # impl Manager for Numbers {
    /// #     type Resource = u32;
    /// #     type Error = Infallible;
    /// #     fn create(&self) -> Result<u32, Infallible> { Ok(7) }
    /// # }
    /// use poolable::managed::BuildError;
    ///
    /// let pool = ResourcePool::builder(Numbers).max_connecting(1).build()?;
    /// assert_eq!(pool.prewarm(3)?, 3); // one after the other
    /// let none = ResourcePool::builder(Numbers).max_connecting(0).build();
    /// assert!(matches!(none, Err(BuildError::ZeroMaxConnecting)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn max_connecting(mut self, max_connecting: usize) -> Self {
        self.max_connecting = max_connecting;
        self
    }

    /// Sets how long a get waits.
    ///
    /// # Examples
    ///
    /// ```
    /// # use poolable::managed::{GetError, Manager, ResourcePool, Timeouts};
    /// # use std::convert::Infallible;
    /// # struct Numbers;
    /// # impl Manager for Numbers {
    /// #     type Resource = u32;
    /// #     type Error = Infallible;
    /// #     fn create(&self) -> Result<u32, Infallible> { Ok(7) }
    /// # }
    /// use std::time::Duration;
    ///
    /// let pool = ResourcePool::builder(Numbers)
    ///     .max_open(1)
    ///     .timeouts(Timeouts { wait: Some(Duration::from_millis(1)), ..Timeouts::default() })
    ///     .build()?;
    /// let _number = pool.get()?;
    /// assert!(matches!(pool.get(), Err(GetError::Timeout { .. })));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// Sets when a create that failed is tried again.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::managed::{Manager, ResourcePool, Retry};
    /// use std::io;
    /// use std::sync::atomic::{AtomicU32, Ordering};
    /// use std::time::Duration;
    ///
    /// /// Accepts nobody at first.
    /// struct Starting(AtomicU32);
    ///
    /// impl Manager for Starting {
    ///     type Resource = ();
    ///     type Error = io::Error;
    ///
    ///     fn create(&self) -> io::Result<()> {
    ///         match self.0.fetch_add(1, Ordering::Relaxed) {
    ///             0 | 1 => Err(io::ErrorKind::ConnectionRefused.into()),
    ///             _ => Ok(()),
    ///         }
    ///     }
    /// }
    ///
    /// let pause = Duration::from_millis(1);
    /// let pool = ResourcePool::builder(Starting(AtomicU32::new(0)))
    ///     .retry(Retry::exponential(pause, 2 * pause, 3))
    ///     .build()?;
    /// assert!(pool.get().is_ok()); // at the third try
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// Has the [`observer`](Self::observer) told of each lease that is held for longer, once.
    /// Without one nobody is, but for those who listen to the features `tracing` and `metrics`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use poolable::managed::{Clock, Event, Manager, ResourcePool};
    /// # use std::convert::Infallible;
    /// # struct Numbers;
    /// # impl Manager for Numbers {
    /// #     type Resource = u32;
    /// #     type Error = Infallible;
    /// #     fn create(&self) -> Result<u32, Infallible> { Ok(7) }
    /// # }
    /// use std::sync::mpsc;
    /// use std::time::Duration;
    ///
    /// let (sender, warnings) = mpsc::channel();
    /// let clock = Clock::manual();
    /// let pool = ResourcePool::builder(Numbers)
    ///     .hold_warn_after(Duration::from_secs(5))
    ///     .observer(move |event| {
    ///         if let Event::HeldTooLong { .. } = event {
    ///             sender.send(()).unwrap();
    ///         }
    ///     })
    ///     .clock(&clock)
    ///     .build()?;
    /// let number = pool.get()?;
    /// clock.advance(Duration::from_secs(6));
    /// assert!(warnings.recv().is_ok());
    /// # drop(number);
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
    /// # use poolable::managed::{Event, Manager, ResourcePool};
    /// # use std::convert::Infallible;
    /// # struct Numbers;
    /// # impl Manager for Numbers {
    /// #     type Resource = u32;
    /// #     type Error = Infallible;
    /// #     fn create(&self) -> Result<u32, Infallible> { Ok(7) }
    /// # }
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicU32, Ordering};
    ///
    /// let created = Arc::new(AtomicU32::new(0));
    /// let pool = ResourcePool::builder(Numbers)
    ///     .observer({
    ///         let created = created.clone();
    ///         move |event| {
    ///             if let Event::Created { .. } = event {
    ///                 created.fetch_add(1, Ordering::Relaxed);
    ///             }
    ///         }
    ///     })
    ///     .build()?;
    /// assert_eq!(pool.prewarm(3)?, 3);
    /// assert_eq!(created.load(Ordering::Relaxed), 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn observer(mut self, see: impl Fn(&Event<'_>) + Send + Sync + 'static) -> Self {
        self.observer = Some(Observer::new(see));
        self
    }

    /// Sets what reports call the pool; otherwise the name of the type of its resources.
    ///
    /// # Examples
    ///
    /// ```
    /// # use poolable::managed::{Manager, ResourcePool};
    /// # use std::convert::Infallible;
    /// # struct Numbers;
    /// # impl Manager for Numbers {
    /// #     type Resource = u32;
    /// #     type Error = Infallible;
    /// #     fn create(&self) -> Result<u32, Infallible> { Ok(7) }
    /// # }
    /// assert_eq!(ResourcePool::new(Numbers).name(), "u32");
    /// let pool = ResourcePool::builder(Numbers).name("numbers").build()?;
    /// assert_eq!(pool.name(), "numbers");
    /// # Ok::<(), poolable::managed::BuildError>(())
    /// ```
    pub fn name(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sets the clock that the pool goes by, with all its deadlines and pauses: for tests.
    ///
    /// # Examples
    ///
    /// ```
    /// # use poolable::managed::{Clock, Manager, ResourcePool};
    /// # use std::convert::Infallible;
    /// # struct Numbers;
    /// # impl Manager for Numbers {
    /// #     type Resource = u32;
    /// #     type Error = Infallible;
    /// #     fn create(&self) -> Result<u32, Infallible> { Ok(7) }
    /// # }
    /// use std::time::Duration;
    ///
    /// let clock = Clock::manual(); // stands still, until it is told to go on
    /// let pool = ResourcePool::builder(Numbers).clock(&clock).build()?;
    /// drop(pool.get()?);
    /// clock.advance(Duration::from_secs(3600)); // above both ages
    /// assert_eq!(pool.stats().idle, 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn clock(mut self, clock: &Clock) -> Self {
        self.clock = clock.clone();
        self
    }

    /// The manager, and the pool that asks it for what it needs.
    fn into_home<R: Send + 'static, H: Hooks<R> + 'static>(
        self,
        hooks: impl FnOnce(Arc<M>) -> H,
        runner: Runner,
    ) -> Result<(Arc<Handle<R>>, Arc<M>), BuildError> {
        if self.max_open == Some(0) {
            return Err(BuildError::ZeroMaxOpen);
        }
        if self.max_connecting == 0 {
            return Err(BuildError::ZeroMaxConnecting);
        }
        let max_open = self.max_open.unwrap_or(usize::MAX);
        if self.min_idle > max_open.min(self.max_idle.unwrap_or(max_open)) {
            return Err(BuildError::MinIdle);
        }
        if !(0.0..=1.0).contains(&self.jitter) {
            return Err(BuildError::Jitter);
        }
        let lifetimes = [self.max_lifetime, self.idle_timeout];
        if lifetimes.contains(&Some(Duration::ZERO)) {
            return Err(BuildError::ZeroLifetime);
        }
        let bounds = Bounds {
            max_open,
            max_idle: self.max_idle,
            min_idle: self.min_idle,
            max_creating: self.max_connecting,
            is_apart: true,
            are_kept: matches!(runner, Runner::Waiters),
            are_forgotten: runner.is_async(),
            order: self.order,
            surplus: Reason::Resized,
        };
        let rules = Rules {
            check_after: Some(self.check_after),
            max_lifetime: self.max_lifetime,
            jitter: self.jitter,
            idle_timeout: self.idle_timeout,
            is_strict: false,
            min_idle: self.min_idle,
            creates_beyond: false,
            timeouts: self.timeouts,
            retry: self.retry,
            hold_warn_after: self.hold_warn_after,
        };
        let manager = Arc::new(self.manager);
        let hooks = Box::new(hooks(manager.clone()));
        let kind = if runner.is_async() { Kind::AsyncResource } else { Kind::Resource };
        let identity = Identity::new::<R>(self.name, kind);
        let home = Home::new(identity, bounds, rules, runner, self.clock, hooks, self.observer);
        home.replenish();
        Ok((Handle::new(home), manager))
    }
}

impl<M: Manager> ResourcePoolBuilder<M> {
    /// Builds the pool. It creates nothing yet, but for `min_idle`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use poolable::managed::{BuildError, Manager, ResourcePool};
    /// # use std::convert::Infallible;
    /// # struct Numbers;
    /// # impl Manager for Numbers {
    /// #     type Resource = u32;
    /// #     type Error = Infallible;
    /// #     fn create(&self) -> Result<u32, Infallible> { Ok(7) }
    /// # }
    /// let pool = ResourcePool::builder(Numbers).build()?;
    /// assert_eq!(pool.stats().open, 0); // nothing yet
    /// let none = ResourcePool::builder(Numbers).max_open(0).build();
    /// assert!(matches!(none, Err(BuildError::ZeroMaxOpen)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the settings exclude each other, or a limit is 0 that must not be.
    pub fn build(self) -> Result<ResourcePool<M>, BuildError> {
        let (handle, manager) = self.into_home(Managed, Runner::Threads)?;
        Ok(ResourcePool { handle, manager })
    }
}

impl<M: AsyncManager> ResourcePoolBuilder<M, Tasks> {
    /// Sets how the pool has its creates run in the background, as tasks of their own. So they go
    /// on when the getter that asked for them has gone, and a timeout never wastes a connect.
    ///
    /// The pool calls this wherever it needs to, which may be on a thread outside of any runtime:
    /// take the runtime's handle with you, as below. `tokio::spawn` alone panics there, and
    /// `min_idle` is not kept. A task that is dropped unfinished, as when its runtime ends, is driven
    /// by the getters who wait for it; one whose executor stands still, as a runtime of one thread does
    /// outside of its `block_on`, keeps them waiting. Of [tokio](https://docs.rs/tokio),
    /// and with the feature of that name, there is also [`tokio`](Self::tokio).
    ///
    /// # Examples
    ///
    /// ```
    /// # use poolable::managed::{AsyncManager, AsyncResourcePool};
    /// # use std::convert::Infallible;
    /// # struct Numbers;
    /// # impl AsyncManager for Numbers {
    /// #     type Resource = u32;
    /// #     type Error = Infallible;
    /// #     async fn create(&self) -> Result<u32, Infallible> { Ok(7) }
    /// # }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let runtime = tokio::runtime::Handle::current();
    /// let pool = AsyncResourcePool::builder(Numbers)
    ///     .spawn(move |task| drop(runtime.spawn(task)))
    ///     .build()?;
    /// assert_eq!(*pool.get().await?, 7);
    /// # Ok(())
    /// # }
    /// ```
    pub fn spawn(
        mut self,
        spawn: impl Fn(Pin<Box<dyn Future<Output = ()> + Send>>) + Send + Sync + 'static,
    ) -> Self {
        self.spawn = Some(Box::new(spawn));
        self
    }

    /// Has the pool [`spawn`](Self::spawn) its tasks on the tokio runtime that this is called in.
    ///
    /// Times stay those of the system: to go by those of the runtime, which a test can pause, see
    /// [`Clock::tokio`].
    ///
    /// # Examples
    ///
    /// ```
    /// # use poolable::managed::{AsyncManager, AsyncResourcePool};
    /// # use std::convert::Infallible;
    /// # struct Numbers;
    /// # impl AsyncManager for Numbers {
    /// #     type Resource = u32;
    /// #     type Error = Infallible;
    /// #     async fn create(&self) -> Result<u32, Infallible> { Ok(7) }
    /// # }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let pool = AsyncResourcePool::builder(Numbers).min_idle(1).tokio().build()?;
    /// assert_eq!(*pool.get().await?, 7);
    /// let outside = std::thread::spawn(|| AsyncResourcePool::builder(Numbers).tokio().build().is_ok());
    /// assert!(outside.join().is_err()); // it panicked
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// If it is not called in a tokio runtime.
    #[cfg(feature = "tokio")]
    #[track_caller]
    pub fn tokio(self) -> Self {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            panic!(
                "`AsyncResourcePoolBuilder::tokio`: call it in a tokio runtime, or in one that is entered"
            );
        };
        self.spawn(move |task| drop(runtime.spawn(task)))
    }

    /// Builds the pool. It creates nothing yet, but for `min_idle`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use poolable::managed::{AsyncManager, AsyncResourcePool, BuildError};
    /// # use std::convert::Infallible;
    /// # struct Numbers;
    /// # impl AsyncManager for Numbers {
    /// #     type Resource = u32;
    /// #     type Error = Infallible;
    /// #     async fn create(&self) -> Result<u32, Infallible> { Ok(7) }
    /// # }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let pool = AsyncResourcePool::builder(Numbers).build()?;
    /// assert_eq!(*pool.get().await?, 7);
    /// let nobody = AsyncResourcePool::builder(Numbers).min_idle(1).build();
    /// assert!(matches!(nobody, Err(BuildError::MinIdleWithoutSpawn)));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// If the settings exclude each other, or a limit is 0 that must not be; and if `min_idle` is
    /// set without [`spawn`](Self::spawn), since nobody would create what is missing.
    pub fn build(mut self) -> Result<AsyncResourcePool<M>, BuildError> {
        let runner = self.spawn.take().map_or(Runner::Waiters, Runner::Tasks);
        if self.min_idle > 0 && matches!(runner, Runner::Waiters) {
            return Err(BuildError::MinIdleWithoutSpawn);
        }
        let (handle, manager) = self.into_home(AsyncManaged, runner)?;
        Ok(AsyncResourcePool::from_parts(handle, manager))
    }
}

/// Says that a builder is that of a [`ResourcePool`].
///
/// # Examples
///
/// ```
/// # use poolable::managed::{Manager, ResourcePool, ResourcePoolBuilder, Threads};
/// # use std::convert::Infallible;
/// # struct Numbers;
/// # impl Manager for Numbers {
/// #     type Resource = u32;
/// #     type Error = Infallible;
/// #     fn create(&self) -> Result<u32, Infallible> { Ok(7) }
/// # }
/// let builder: ResourcePoolBuilder<Numbers, Threads> = ResourcePool::builder(Numbers);
/// assert_eq!(*builder.build()?.get()?, 7);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Threads(());

/// Says that a builder is that of an [`AsyncResourcePool`].
///
/// # Examples
///
/// ```
/// # use poolable::managed::{AsyncManager, AsyncResourcePool, ResourcePoolBuilder, Tasks};
/// # use std::convert::Infallible;
/// # struct Numbers;
/// # impl AsyncManager for Numbers {
/// #     type Resource = u32;
/// #     type Error = Infallible;
/// #     async fn create(&self) -> Result<u32, Infallible> { Ok(7) }
/// # }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let builder: ResourcePoolBuilder<Numbers, Tasks> = AsyncResourcePool::builder(Numbers);
/// assert_eq!(*builder.build()?.get().await?, 7);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Tasks(());

impl<M, K> fmt::Debug for ResourcePoolBuilder<M, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResourcePoolBuilder")
            .field("max_open", &self.max_open)
            .field("max_idle", &self.max_idle)
            .field("min_idle", &self.min_idle)
            .finish_non_exhaustive()
    }
}
