//! How a pool of resources is set up.

use core::fmt;
use core::time::Duration;
use std::sync::Arc;

use super::ResourcePool;
use crate::managed::clock::Clock;
use crate::managed::error::BuildError;
use crate::managed::handle::Handle;
use crate::managed::home::{Home, Rules};
use crate::managed::manager::{Managed, Manager};
use crate::managed::observer::{Event, Observer};
use crate::managed::reason::Reason;
use crate::managed::retry::Retry;
use crate::managed::state::{Bounds, Order};
use crate::managed::timeouts::Timeouts;

/// Sets up a [`ResourcePool`].
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
/// | `max_connecting` | 4 | most creates at a time, each on a thread of its own |
/// | `timeouts` | 30 s in all | how long a get waits |
/// | `retry` | none | when a create that failed is tried again |
/// | `hold_warn_after` | none | a lease that is held for longer is told to the observer |
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
pub struct ResourcePoolBuilder<M> {
    manager: M,
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
}

impl<M: Manager> ResourcePoolBuilder<M> {
    pub(super) fn new(manager: M) -> Self {
        Self {
            manager,
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
        }
    }

    /// Sets the most resources that are open: idle, in use and being created. `None` is no
    /// maximum.
    pub fn max_open(mut self, max_open: impl Into<Option<usize>>) -> Self {
        self.max_open = max_open.into();
        self
    }

    /// Sets the most idle resources: one that is returned when there are as many is destroyed.
    /// Zero keeps none, and more than `max_open` are no more than that.
    pub fn max_idle(mut self, max_idle: usize) -> Self {
        self.max_idle = Some(max_idle);
        self
    }

    /// Keeps so many idle, from the start: they are created on threads apart whenever they are
    /// missing. After one that failed the next is tried a second later, or when another create
    /// has succeeded.
    pub fn min_idle(mut self, min_idle: usize) -> Self {
        self.min_idle = min_idle;
        self
    }

    /// Sets how old a resource may become. One that is idle is destroyed soon after that, at most
    /// an eighth of the shortest limit or a second late; one in use when it is returned.
    pub fn max_lifetime(mut self, max_lifetime: impl Into<Option<Duration>>) -> Self {
        self.max_lifetime = max_lifetime.into();
        self
    }

    /// Sets the share of its lifetime that each resource may lose, at random, when it is created:
    /// so that many which were created together do not end together.
    pub fn jitter(mut self, jitter: f64) -> Self {
        self.jitter = jitter;
        self
    }

    /// Sets how long a resource may be idle. Later it is destroyed, unless no more than
    /// `min_idle` are idle.
    pub fn idle_timeout(mut self, idle_timeout: impl Into<Option<Duration>>) -> Self {
        self.idle_timeout = idle_timeout.into();
        self
    }

    /// Sets how long a resource must have been idle to be checked before it is handed out. Zero
    /// checks always; one that has just been created is not checked.
    pub fn check_after(mut self, check_after: Duration) -> Self {
        self.check_after = check_after;
        self
    }

    /// Sets which idle resource is handed out first.
    pub fn order(mut self, order: Order) -> Self {
        self.order = order;
        self
    }

    /// Sets the most creates that run at a time. It does not bound how many begin in a second:
    /// where a server refuses at once, that is up to [`retry`](Self::retry).
    pub fn max_connecting(mut self, max_connecting: usize) -> Self {
        self.max_connecting = max_connecting;
        self
    }

    /// Sets how long a get waits.
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// Sets when a create that failed is tried again.
    pub fn retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// Has the [`observer`](Self::observer) told of each lease that is held for longer, once.
    /// Without one nobody is.
    pub fn hold_warn_after(mut self, hold_warn_after: impl Into<Option<Duration>>) -> Self {
        self.hold_warn_after = hold_warn_after.into();
        self
    }

    /// Sets who is told of what happens, on the thread that it happens on. No lock is held, and
    /// panics end there.
    ///
    /// # Examples
    ///
    /// See [`Event`].
    pub fn observer(mut self, see: impl Fn(&Event<'_>) + Send + Sync + 'static) -> Self {
        self.observer = Some(Observer::new(see));
        self
    }

    /// Sets the clock that the pool goes by, with all its deadlines and pauses: for tests.
    ///
    /// # Examples
    ///
    /// See [`Clock`].
    pub fn clock(mut self, clock: &Clock) -> Self {
        self.clock = clock.clone();
        self
    }

    /// Builds the pool. It creates nothing yet, but for `min_idle`.
    ///
    /// # Errors
    ///
    /// If the settings exclude each other, or a limit is 0 that must not be.
    pub fn build(self) -> Result<ResourcePool<M>, BuildError> {
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
            order: self.order,
            surplus: Reason::Resized,
        };
        let rules = Rules {
            is_apart: true,
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
        let hooks = Box::new(Managed(manager.clone()));
        let home = Home::new(bounds, rules, self.clock, hooks, self.observer);
        home.replenish();
        Ok(ResourcePool { handle: Handle::new(home), manager })
    }
}

impl<M> fmt::Debug for ResourcePoolBuilder<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResourcePoolBuilder")
            .field("max_open", &self.max_open)
            .field("max_idle", &self.max_idle)
            .field("min_idle", &self.min_idle)
            .finish_non_exhaustive()
    }
}
