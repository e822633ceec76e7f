//! Pools of what is connected, opened or logged in.

use core::fmt;
use core::time::Duration;
use std::sync::{Arc, Weak};
use std::time::Instant;

use super::cancel::CancelToken;
use super::entry::Meta;
use super::error::{DrainError, GetError, PrewarmError};
use super::get::Until;
use super::handle::{Handle, typed};
use super::lease::Lease;
use super::manager::Manager;
use super::stats::Stats;

mod builder;

pub use builder::{ResourcePoolBuilder, Tasks, Threads};

/// A pool of resources that a [`Manager`] creates, checks and destroys: connections, sessions,
/// files, processes.
///
/// It never has more open than it may. Getters are served first come, first served, by what
/// comes first: an object that is returned, or one that is being created, on a thread apart.
///
/// A handle is cheap to clone. When the last one is dropped the pool closes; leases may outlive
/// it, and destroy what they hold.
///
/// # Examples
///
/// ```
/// use poolable::managed::{GetError, Manager, ResourcePool};
/// use std::fs::File;
/// use std::io;
/// use std::time::Duration;
///
/// struct Null;
///
/// impl Manager for Null {
///     type Resource = File;
///     type Error = io::Error;
///
///     fn create(&self) -> io::Result<File> {
///         File::open("/dev/null")
///     }
/// }
///
/// let pool = ResourcePool::builder(Null).max_open(2).build()?;
/// let one = pool.get()?;
/// let other = pool.get()?;
/// assert!(matches!(pool.get_timeout(Duration::ZERO), Err(GetError::Exhausted)));
/// drop(one);
/// let again = pool.get()?;
/// assert_eq!((pool.stats().created, pool.stats().in_use), (2, 2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct ResourcePool<M: Manager> {
    handle: Arc<Handle<M::Resource>>,
    manager: Arc<M>,
}

impl<M: Manager> ResourcePool<M> {
    /// A pool with the usual settings, as listed at [`ResourcePoolBuilder`]: at most 10 resources.
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
    /// let pool = ResourcePool::new(Numbers);
    /// assert_eq!(*pool.get()?, 7);
    /// # Ok::<(), poolable::managed::GetError>(())
    /// ```
    #[must_use]
    pub fn new(manager: M) -> Self {
        match Self::builder(manager).build() {
            Ok(pool) => pool,
            Err(_) => unreachable!("the usual settings are sound"),
        }
    }

    /// A pool with other settings than the usual ones.
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
    /// let pool = ResourcePool::builder(Numbers).max_open(3).build()?;
    /// assert_eq!(pool.stats().max_open, Some(3));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn builder(manager: M) -> ResourcePoolBuilder<M> {
        ResourcePoolBuilder::new(manager)
    }

    /// A resource, at once or after a wait of at most
    /// [`Timeouts::wait`](super::Timeouts::wait).
    ///
    /// A check cannot be interrupted: one that is under way when the time is up is waited for, and
    /// if it passes the get has succeeded. No other begins then.
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
    /// let pool = ResourcePool::builder(Numbers).build()?;
    /// let mut number = pool.get()?;
    /// *number += 1;
    /// drop(number);
    /// assert_eq!((*pool.get()?, pool.stats().created), (8, 1)); // the same one
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// All but `Cancelled` and, unless that time is zero, `Exhausted`.
    ///
    /// # Panics
    ///
    /// If the create that was begun for this getter panicked, or a check does: with that panic.
    #[inline]
    pub fn get(&self) -> Result<Lease<M::Resource>, GetError<M::Error>> {
        typed(self.handle.get(Until::Default, None))
    }

    /// A resource that is idle and passes its check, if there is one.
    ///
    /// It does not wait for a create; but if there is room, one is begun, so that a later call may
    /// find its resource: of a new pool the first call is `Exhausted`. It does wait for checks, of
    /// one idle resource after the other, until one passes.
    ///
    /// # Examples
    ///
    /// ```
    /// # use poolable::managed::{GetError, Manager, ResourcePool};
    /// # use std::convert::Infallible;
    /// # struct Numbers;
    /// # impl Manager for Numbers {
    /// #     type Resource = u32;
    /// #     type Error = Infallible;
    /// #     fn create(&self) -> Result<u32, Infallible> { Ok(7) }
    /// # }
    /// let pool = ResourcePool::builder(Numbers).build()?;
    /// drop(pool.get()?);
    /// let number = pool.try_get()?;
    /// assert_eq!(*number, 7);
    /// assert!(matches!(pool.try_get(), Err(GetError::Exhausted)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `Exhausted` if none is idle, and `Closed`.
    ///
    /// # Panics
    ///
    /// If a check panics.
    pub fn try_get(&self) -> Result<Lease<M::Resource>, GetError<M::Error>> {
        typed(self.handle.try_get())
    }

    /// A resource, at once or after a wait of at most `timeout`. Zero is a
    /// [`try_get`](Self::try_get). It outlasts its time by a check, as [`get`](Self::get) does.
    ///
    /// # Examples
    ///
    /// ```
    /// # use poolable::managed::{GetError, Manager, ResourcePool};
    /// # use std::convert::Infallible;
    /// # struct Numbers;
    /// # impl Manager for Numbers {
    /// #     type Resource = u32;
    /// #     type Error = Infallible;
    /// #     fn create(&self) -> Result<u32, Infallible> { Ok(7) }
    /// # }
    /// use std::time::Duration;
    ///
    /// let pool = ResourcePool::builder(Numbers).max_open(1).build()?;
    /// let _number = pool.get_timeout(Duration::from_secs(5))?;
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
    pub fn get_timeout(&self, timeout: Duration) -> Result<Lease<M::Resource>, GetError<M::Error>> {
        typed(self.handle.get(Until::Timeout(timeout), None))
    }

    /// A resource, at once or after a wait until `deadline` (`None`: for ever) or until the token
    /// is cancelled. Between two checks it looks at both.
    ///
    /// The deadline is a time of the pool's [`Clock`](super::Clock); [`Timeouts::wait`](super::Timeouts::wait)
    /// has no part in it. One that has passed makes this a [`try_get`](Self::try_get).
    ///
    /// # Examples
    ///
    /// ```
    /// # use poolable::managed::{CancelToken, GetError, Manager, ResourcePool};
    /// # use std::convert::Infallible;
    /// # struct Numbers;
    /// # impl Manager for Numbers {
    /// #     type Resource = u32;
    /// #     type Error = Infallible;
    /// #     fn create(&self) -> Result<u32, Infallible> { Ok(7) }
    /// # }
    /// let pool = ResourcePool::builder(Numbers).max_open(1).build()?;
    /// let _number = pool.get()?;
    /// let shutdown = CancelToken::new();
    /// std::thread::scope(|scope| {
    ///     let waiting = scope.spawn(|| pool.get_with(None, &shutdown).map(drop));
    ///     shutdown.cancel();
    ///     assert!(matches!(waiting.join().unwrap(), Err(GetError::Cancelled)));
    /// });
    /// # Ok::<(), Box<dyn std::error::Error>>(())
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
    ) -> Result<Lease<M::Resource>, GetError<M::Error>> {
        typed(self.handle.get_with(deadline, cancel))
    }

    /// Creates resources until `idle` are idle, as far as the limits allow; how many it created.
    ///
    /// It waits for them, at most for [`Timeouts::wait`](super::Timeouts::wait); what is being
    /// created then goes to the pool all the same. A hook that calls this may wait for itself, so
    /// long.
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
    /// let pool = ResourcePool::builder(Numbers).max_open(8).build()?;
    /// assert_eq!(pool.prewarm(6)?, 6);
    /// assert_eq!(pool.prewarm(100)?, 2);
    /// assert_eq!(pool.stats().idle, 8);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If not as many could be created: what was created stays.
    ///
    /// # Panics
    ///
    /// If the last create that failed panicked: with that panic.
    pub fn prewarm(&self, idle: usize) -> Result<usize, PrewarmError<M::Error>> {
        self.handle.prewarm(idle).result()
    }

    /// Sets how many may be open; `None` is no maximum, and 0 hands nothing out.
    ///
    /// What is idle beyond that is destroyed at once, what is in use when it is returned. Those
    /// who wait are served if there is room now.
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
    /// let pool = ResourcePool::builder(Numbers).max_open(4).build()?;
    /// pool.prewarm(4)?;
    /// pool.resize(1);
    /// assert_eq!((pool.stats().open, pool.stats().destroyed.resized), (1, 3));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Panics
    ///
    /// If a `destroy` panics, when all are destroyed.
    pub fn resize(&self, max_open: impl Into<Option<usize>>) {
        self.handle.resize(max_open.into());
    }

    /// Destroys the idle resources that `keep` refuses; how many those were.
    ///
    /// It is asked with no lock held, of one after the other: the others can be had meanwhile.
    /// Those that go count as `released`, whatever they were refused for.
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
    /// let pool = ResourcePool::builder(Numbers).build()?;
    /// pool.prewarm(4)?;
    /// assert_eq!(pool.retain(|_, meta| meta.id > 1), 1);
    /// assert_eq!(pool.stats().idle, 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Panics
    ///
    /// If `keep` does: what it was asked of is destroyed, and the others stay. Or if a `destroy`
    /// does.
    pub fn retain(&self, keep: impl FnMut(&mut M::Resource, &Meta) -> bool) -> usize {
        self.handle.retain(keep)
    }

    /// Closes the pool: those who wait, and later getters, are told so, and what is idle is
    /// destroyed. Leases go on, and destroy what they hold; a getter who has been given a resource
    /// already, and may be checking it, gets it. To close it again does nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// # use poolable::managed::{GetError, Manager, ResourcePool};
    /// # use std::convert::Infallible;
    /// # struct Numbers;
    /// # impl Manager for Numbers {
    /// #     type Resource = u32;
    /// #     type Error = Infallible;
    /// #     fn create(&self) -> Result<u32, Infallible> { Ok(7) }
    /// # }
    /// let pool = ResourcePool::builder(Numbers).build()?;
    /// pool.close();
    /// assert!(matches!(pool.get(), Err(GetError::Closed)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Panics
    ///
    /// If a `destroy` panics, when all are destroyed.
    pub fn close(&self) {
        self.handle.close();
    }

    /// Whether the pool is closed.
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
    /// let pool = ResourcePool::builder(Numbers).build()?;
    /// assert!(!pool.is_closed());
    /// pool.close();
    /// assert!(pool.is_closed());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.handle.core.is_closed()
    }

    /// Closes the pool, and waits until all leases are back, and nothing is being created or
    /// destroyed any more.
    ///
    /// The deadline is a time of the pool's [`Clock`](super::Clock). A hook that calls this waits
    /// for itself, until then; a lease that was given to [`mem::forget`](core::mem::forget) never
    /// comes back.
    ///
    /// # Examples
    ///
    /// ```
    /// # use poolable::managed::{Manager, ResourcePool};
    /// # use std::convert::Infallible;
    /// # use std::time::{Duration, Instant};
    /// # struct Numbers;
    /// # impl Manager for Numbers {
    /// #     type Resource = u32;
    /// #     type Error = Infallible;
    /// #     fn create(&self) -> Result<u32, Infallible> { Ok(7) }
    /// # }
    /// let pool = ResourcePool::builder(Numbers).build()?;
    /// let number = pool.get()?;
    /// let job = std::thread::spawn(move || *number);
    /// pool.drain(Instant::now() + Duration::from_secs(5))?;
    /// assert_eq!(job.join().unwrap(), 7);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If that is not so at the deadline. The pool is closed all the same.
    ///
    /// # Panics
    ///
    /// As for [`close`](Self::close).
    pub fn drain(&self, deadline: Instant) -> Result<(), DrainError> {
        self.handle.drain(deadline)
    }

    /// The name given to the builder, or else that of the type of its objects.
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
    /// let pool = ResourcePool::builder(Numbers).name("numbers").build()?;
    /// assert_eq!(pool.name(), "numbers");
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
    /// # use poolable::managed::{Manager, ResourcePool};
    /// # use std::convert::Infallible;
    /// # struct Numbers;
    /// # impl Manager for Numbers {
    /// #     type Resource = u32;
    /// #     type Error = Infallible;
    /// #     fn create(&self) -> Result<u32, Infallible> { Ok(7) }
    /// # }
    /// let pool = ResourcePool::builder(Numbers).build()?;
    /// let number = pool.get()?;
    /// let stats = pool.stats();
    /// assert_eq!((stats.open, stats.in_use, stats.borrowed), (1, 1, 1));
    /// # drop(number);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.handle.stats()
    }

    /// A handle that does not keep the pool open.
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
    /// let pool = ResourcePool::builder(Numbers).build()?;
    /// let weak = pool.downgrade();
    /// assert!(weak.upgrade().is_some());
    /// drop(pool);
    /// assert!(weak.upgrade().is_none());
    /// # Ok::<(), poolable::managed::BuildError>(())
    /// ```
    #[must_use]
    pub fn downgrade(&self) -> WeakResourcePool<M> {
        WeakResourcePool {
            handle: Arc::downgrade(&self.handle),
            manager: Arc::downgrade(&self.manager),
        }
    }

    /// The manager that the pool was built with.
    ///
    /// # Examples
    ///
    /// ```
    /// # use poolable::managed::{Manager, ResourcePool};
    /// # use std::convert::Infallible;
    /// struct Numbers(u32);
    ///
    /// impl Manager for Numbers {
    ///     type Resource = u32;
    ///     type Error = Infallible;
    ///
    ///     fn create(&self) -> Result<u32, Infallible> {
    ///         Ok(self.0)
    ///     }
    /// }
    ///
    /// let pool = ResourcePool::builder(Numbers(7)).build()?;
    /// assert_eq!(pool.manager().0, 7);
    /// # Ok::<(), poolable::managed::BuildError>(())
    /// ```
    #[must_use]
    pub fn manager(&self) -> &M {
        &self.manager
    }
}

impl<M: Manager> Clone for ResourcePool<M> {
    fn clone(&self) -> Self {
        Self { handle: self.handle.clone(), manager: self.manager.clone() }
    }
}

impl<M: Manager> fmt::Debug for ResourcePool<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResourcePool").field("stats", &self.stats()).finish_non_exhaustive()
    }
}

/// A handle that does not keep its pool open.
///
/// # Examples
///
/// ```
/// # use poolable::managed::{Manager, ResourcePool, WeakResourcePool};
/// # use std::convert::Infallible;
/// # struct Numbers;
/// # impl Manager for Numbers {
/// #     type Resource = u32;
/// #     type Error = Infallible;
/// #     fn create(&self) -> Result<u32, Infallible> { Ok(7) }
/// # }
/// let pool = ResourcePool::builder(Numbers).build()?;
/// let weak: WeakResourcePool<Numbers> = pool.downgrade();
/// drop(pool);
/// assert!(weak.upgrade().is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct WeakResourcePool<M: Manager> {
    handle: Weak<Handle<M::Resource>>,
    manager: Weak<M>,
}

impl<M: Manager> WeakResourcePool<M> {
    /// The pool, if another handle keeps it open.
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
    /// let pool = ResourcePool::builder(Numbers).build()?;
    /// let weak = pool.downgrade();
    /// let again = weak.upgrade().expect("the pool is open");
    /// drop(pool);
    /// assert_eq!(*again.get()?, 7); // kept open by this handle
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn upgrade(&self) -> Option<ResourcePool<M>> {
        Some(ResourcePool { handle: self.handle.upgrade()?, manager: self.manager.upgrade()? })
    }
}

impl<M: Manager> Clone for WeakResourcePool<M> {
    fn clone(&self) -> Self {
        Self { handle: self.handle.clone(), manager: self.manager.clone() }
    }
}

impl<M: Manager> fmt::Debug for WeakResourcePool<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WeakResourcePool")
    }
}
