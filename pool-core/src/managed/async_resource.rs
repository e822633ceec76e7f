//! Pools of what is connected, opened or logged in, for tasks.

use core::fmt;
use core::time::Duration;
use std::sync::{Arc, Weak};
use std::time::Instant;

use super::async_manager::AsyncManager;
use super::cancel::CancelToken;
use super::entry::Meta;
use super::error::{DrainError, GetError, PrewarmError};
use super::fetch::Fetcher;
use super::get::Until;
use super::handle::{Handle, typed};
use super::lease::Lease;
use super::resource::{ResourcePoolBuilder, Tasks};
use super::stats::Stats;

/// Sets up an [`AsyncResourcePool`]. All settings are those of [`ResourcePoolBuilder`], where they are
/// listed, and two more that are for tasks: [`spawn`](ResourcePoolBuilder::spawn), and `tokio` with
/// the feature of that name.
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
/// use poolable::managed::AsyncResourcePoolBuilder;
///
/// let builder: AsyncResourcePoolBuilder<Numbers> = AsyncResourcePool::builder(Numbers);
/// let pool = builder.max_open(3).build()?;
/// assert_eq!(pool.stats().max_open, Some(3));
/// # Ok::<(), poolable::managed::BuildError>(())
/// ```
pub type AsyncResourcePoolBuilder<M> = ResourcePoolBuilder<M, Tasks>;

/// A pool of resources that an [`AsyncManager`] creates, checks and destroys, for tasks on any
/// executor: it needs no runtime, and takes no thread of one.
///
/// It never has more open than it may. Getters are served first come, first served, by what
/// comes first: an object that is returned, or one that is being created.
///
/// A handle is cheap to clone. When the last one is dropped the pool closes; leases may outlive
/// it, and destroy what they hold. They may be dropped anywhere: outside of a runtime, or when it
/// is gone.
///
/// # Cancellation
///
/// To cancel a get, drop its future; one that was never polled has done nothing. A getter that
/// goes away
///
/// - in the queue gives up its place, or passes on what it was about to get;
/// - in a check has the resource destroyed, whose place is free at once;
/// - while a resource is created for it leaves the create behind. With a
///   [`spawn`](AsyncResourcePoolBuilder::spawn) hook that is a task of its own, which goes on, so
///   that no connect is wasted; without, the pool keeps the future, and the next getter that has
///   to wait polls it on.
///
/// A future that is leaked, or never polled again, keeps what it was granted.
///
/// # Examples
///
/// ```
/// use poolable::managed::{AsyncManager, AsyncResourcePool, GetError};
/// use std::io;
/// use std::time::Duration;
/// use tokio::fs::File;
///
/// struct Null;
///
/// impl AsyncManager for Null {
///     type Resource = File;
///     type Error = io::Error;
///
///     async fn create(&self) -> io::Result<File> {
///         File::open("/dev/null").await
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let pool = AsyncResourcePool::builder(Null).max_open(2).tokio().build()?;
/// let one = pool.get().await?;
/// let other = pool.get().await?;
/// let late = pool.get_timeout(Duration::from_millis(1)).await;
/// assert!(matches!(late, Err(GetError::Timeout { .. })));
/// drop(one);
/// let again = pool.get().await?;
/// assert_eq!((pool.stats().created, pool.stats().in_use), (2, 2));
/// # Ok(())
/// # }
/// ```
pub struct AsyncResourcePool<M: AsyncManager> {
    handle: Arc<Handle<M::Resource>>,
    manager: Arc<M>,
}

impl<M: AsyncManager> AsyncResourcePool<M> {
    /// A pool with the usual settings, as listed at [`ResourcePoolBuilder`]: at most 10 resources.
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
    /// let pool = AsyncResourcePool::new(Numbers);
    /// assert_eq!((*pool.get().await?, pool.stats().max_open), (7, Some(10)));
    /// # Ok(())
    /// # }
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
    /// let pool = AsyncResourcePool::builder(Numbers).max_open(3).build()?;
    /// assert_eq!(pool.stats().max_open, Some(3));
    /// # Ok(())
    /// # }
    /// ```
    pub fn builder(manager: M) -> AsyncResourcePoolBuilder<M> {
        ResourcePoolBuilder::new(manager)
    }

    pub(super) fn from_parts(handle: Arc<Handle<M::Resource>>, manager: Arc<M>) -> Self {
        Self { handle, manager }
    }

    fn fetcher(&self) -> Fetcher<'_, M> {
        Fetcher { home: &self.handle, manager: &self.manager }
    }

    /// A resource, at once or after a wait of at most
    /// [`Timeouts::wait`](super::Timeouts::wait), its check included.
    ///
    /// The future borrows the pool, and is `Send`. For a task of its own move a clone of the pool into
    /// it. One that is served at once does not yield: a loop of gets and nothing else keeps its thread.
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
    /// let pool = AsyncResourcePool::new(Numbers);
    /// *pool.get().await? += 1;
    /// assert_eq!((*pool.get().await?, pool.stats().created), (8, 1)); // the same one
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// All but `Cancelled` and, unless that time is zero, `Exhausted`.
    ///
    /// # Panics
    ///
    /// If the create that was begun for this getter panicked, or a check does: with that panic.
    pub async fn get(&self) -> Result<Lease<M::Resource>, GetError<M::Error>> {
        typed(self.fetcher().get(Until::Default, None).await)
    }

    /// A resource that is idle and passes its check, if there is one.
    ///
    /// It does not wait for a create. With a [`spawn`](AsyncResourcePoolBuilder::spawn) hook one is
    /// begun if there is room, so that a later call may find its resource.
    ///
    /// # Examples
    ///
    /// ```
    /// # use poolable::managed::{AsyncManager, AsyncResourcePool, GetError};
    /// # use std::convert::Infallible;
    /// # struct Numbers;
    /// # impl AsyncManager for Numbers {
    /// #     type Resource = u32;
    /// #     type Error = Infallible;
    /// #     async fn create(&self) -> Result<u32, Infallible> { Ok(7) }
    /// # }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let pool = AsyncResourcePool::new(Numbers);
    /// assert!(matches!(pool.try_get().await, Err(GetError::Exhausted)));
    /// drop(pool.get().await?);
    /// assert_eq!(*pool.try_get().await?, 7);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// `Exhausted` if none is idle, `Closed`, and `Timeout` if a check takes longer than
    /// [`Timeouts::wait`](super::Timeouts::wait), or than 30 seconds if that is zero.
    ///
    /// # Panics
    ///
    /// If a check panics.
    pub async fn try_get(&self) -> Result<Lease<M::Resource>, GetError<M::Error>> {
        typed(self.fetcher().try_get(None).await)
    }

    /// A resource, at once or after a wait of at most `timeout`, its check included. Zero is a
    /// [`try_get`](Self::try_get).
    ///
    /// # Examples
    ///
    /// ```
    /// # use poolable::managed::{AsyncManager, AsyncResourcePool, GetError};
    /// # use std::convert::Infallible;
    /// # struct Numbers;
    /// # impl AsyncManager for Numbers {
    /// #     type Resource = u32;
    /// #     type Error = Infallible;
    /// #     async fn create(&self) -> Result<u32, Infallible> { Ok(7) }
    /// # }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use std::time::Duration;
    ///
    /// let pool = AsyncResourcePool::builder(Numbers).max_open(1).build()?;
    /// let _number = pool.get_timeout(Duration::from_secs(5)).await?;
    /// let late = pool.get_timeout(Duration::from_millis(1)).await;
    /// assert!(matches!(late, Err(GetError::Timeout { .. })));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`get`](Self::get).
    ///
    /// # Panics
    ///
    /// As for [`get`](Self::get).
    pub async fn get_timeout(
        &self,
        timeout: Duration,
    ) -> Result<Lease<M::Resource>, GetError<M::Error>> {
        typed(self.fetcher().get(Until::Timeout(timeout), None).await)
    }

    /// A resource, at once or after a wait until `deadline` (`None`: for ever) or until the token
    /// is cancelled. Both end a check, too.
    ///
    /// The deadline is a time of the pool's [`Clock`](super::Clock); [`Timeouts::wait`](super::Timeouts::wait)
    /// has no part in it. One that has passed makes this a [`try_get`](Self::try_get).
    ///
    /// # Examples
    ///
    /// ```
    /// # use poolable::managed::{AsyncManager, AsyncResourcePool, CancelToken, GetError};
    /// # use std::convert::Infallible;
    /// # struct Numbers;
    /// # impl AsyncManager for Numbers {
    /// #     type Resource = u32;
    /// #     type Error = Infallible;
    /// #     async fn create(&self) -> Result<u32, Infallible> { Ok(7) }
    /// # }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let pool = AsyncResourcePool::builder(Numbers).max_open(1).build()?;
    /// let _number = pool.get().await?;
    /// let shutdown = CancelToken::new();
    /// let waits = pool.get_with(None, &shutdown);
    /// let (got, ()) = tokio::join!(waits, async { shutdown.cancel() });
    /// assert!(matches!(got, Err(GetError::Cancelled)));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`get`](Self::get), and `Cancelled`.
    ///
    /// # Panics
    ///
    /// As for [`get`](Self::get).
    pub async fn get_with(
        &self,
        deadline: Option<Instant>,
        cancel: &CancelToken,
    ) -> Result<Lease<M::Resource>, GetError<M::Error>> {
        typed(self.fetcher().get(Until::Deadline(deadline), Some(cancel)).await)
    }

    /// Creates resources until `idle` are idle, as far as the limits allow; how many it created.
    ///
    /// It waits for them, at most for [`Timeouts::wait`](super::Timeouts::wait); what is being
    /// created then goes to the pool all the same, as after a getter that has gone.
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
    /// let pool = AsyncResourcePool::builder(Numbers).max_open(8).build()?;
    /// assert_eq!(pool.prewarm(6).await?, 6);
    /// assert_eq!(pool.prewarm(100).await?, 2);
    /// assert_eq!(pool.stats().idle, 8);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// If not as many could be created: what was created stays.
    ///
    /// # Panics
    ///
    /// If the last create that failed panicked: with that panic.
    pub async fn prewarm(&self, idle: usize) -> Result<usize, PrewarmError<M::Error>> {
        self.handle.prewarm_async(idle).await.result()
    }

    /// Sets how many may be open; `None` is no maximum, and 0 hands nothing out.
    ///
    /// What is idle beyond that is destroyed at once, what is in use when it is returned. Those
    /// who wait are served if there is room now.
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
    /// let pool = AsyncResourcePool::builder(Numbers).max_open(4).build()?;
    /// pool.prewarm(4).await?;
    /// pool.resize(1);
    /// assert_eq!((pool.stats().open, pool.stats().destroyed.resized), (1, 3));
    /// # Ok(())
    /// # }
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
    /// let pool = AsyncResourcePool::new(Numbers);
    /// pool.prewarm(4).await?;
    /// assert_eq!(pool.retain(|_, meta| meta.id > 1), 1);
    /// assert_eq!(pool.stats().idle, 3);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// If `keep` does: what it was asked of is destroyed, and the others stay. Or if a `destroy`
    /// does.
    pub fn retain(&self, keep: impl FnMut(&mut M::Resource, &Meta) -> bool) -> usize {
        self.handle.retain(keep)
    }

    /// Closes the pool: those who wait, and later getters, are told so, what is idle is destroyed,
    /// and the creates that are under way are dropped. Leases go on, and destroy what they hold; a
    /// getter who has been given a resource already, and may be checking it, gets it. To close it
    /// again does nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// # use poolable::managed::{AsyncManager, AsyncResourcePool, GetError};
    /// # use std::convert::Infallible;
    /// # struct Numbers;
    /// # impl AsyncManager for Numbers {
    /// #     type Resource = u32;
    /// #     type Error = Infallible;
    /// #     async fn create(&self) -> Result<u32, Infallible> { Ok(7) }
    /// # }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let pool = AsyncResourcePool::new(Numbers);
    /// pool.close();
    /// assert!(matches!(pool.get().await, Err(GetError::Closed)));
    /// # }
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
    /// let pool = AsyncResourcePool::new(Numbers);
    /// assert!(!pool.is_closed());
    /// pool.close();
    /// assert!(pool.is_closed());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.handle.core.is_closed()
    }

    /// Closes the pool, and waits until all leases are back, and nothing is being created or
    /// destroyed any more.
    ///
    /// The deadline is a time of the pool's [`Clock`](super::Clock). A lease that was given to
    /// [`mem::forget`](core::mem::forget) never comes back. Nothing is closed before the future is
    /// polled.
    ///
    /// # Examples
    ///
    /// ```
    /// # use poolable::managed::{AsyncManager, AsyncResourcePool};
    /// # use std::convert::Infallible;
    /// # use std::time::{Duration, Instant};
    /// # struct Numbers;
    /// # impl AsyncManager for Numbers {
    /// #     type Resource = u32;
    /// #     type Error = Infallible;
    /// #     async fn create(&self) -> Result<u32, Infallible> { Ok(7) }
    /// # }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let pool = AsyncResourcePool::new(Numbers);
    /// let number = pool.get().await?;
    /// let job = tokio::spawn(async move { *number });
    /// pool.drain(Instant::now() + Duration::from_secs(5)).await?;
    /// assert_eq!(job.await?, 7);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// If that is not so at the deadline. The pool is closed all the same.
    ///
    /// # Panics
    ///
    /// As for [`close`](Self::close).
    pub async fn drain(&self, deadline: Instant) -> Result<(), DrainError> {
        self.handle.drain_async(deadline).await
    }

    /// The name given to the builder, or else that of the type of its objects.
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
    /// let pool = AsyncResourcePool::builder(Numbers).name("numbers").build()?;
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
    /// let pool = AsyncResourcePool::new(Numbers);
    /// let number = pool.get().await?;
    /// assert_eq!((pool.stats().open, pool.stats().in_use), (1, 1));
    /// # drop(number);
    /// # Ok(())
    /// # }
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
    /// let pool = AsyncResourcePool::new(Numbers);
    /// let weak = pool.downgrade();
    /// assert!(weak.upgrade().is_some());
    /// drop(pool);
    /// assert!(weak.upgrade().is_none());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn downgrade(&self) -> WeakAsyncResourcePool<M> {
        WeakAsyncResourcePool {
            handle: Arc::downgrade(&self.handle),
            manager: Arc::downgrade(&self.manager),
        }
    }

    /// The manager that the pool was built with.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::managed::{AsyncManager, AsyncResourcePool};
    /// use std::convert::Infallible;
    ///
    /// struct Numbers(u32);
    ///
    /// impl AsyncManager for Numbers {
    ///     type Resource = u32;
    ///     type Error = Infallible;
    ///
    ///     async fn create(&self) -> Result<u32, Infallible> {
    ///         Ok(self.0)
    ///     }
    /// }
    ///
    /// assert_eq!(AsyncResourcePool::new(Numbers(7)).manager().0, 7);
    /// ```
    #[must_use]
    pub fn manager(&self) -> &M {
        &self.manager
    }
}

impl<M: AsyncManager> Clone for AsyncResourcePool<M> {
    fn clone(&self) -> Self {
        Self { handle: self.handle.clone(), manager: self.manager.clone() }
    }
}

impl<M: AsyncManager> fmt::Debug for AsyncResourcePool<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncResourcePool").field("stats", &self.stats()).finish_non_exhaustive()
    }
}

/// A handle that does not keep its pool open.
///
/// # Examples
///
/// ```
/// # use poolable::managed::{AsyncManager, AsyncResourcePool, WeakAsyncResourcePool};
/// # use std::convert::Infallible;
/// # struct Numbers;
/// # impl AsyncManager for Numbers {
/// #     type Resource = u32;
/// #     type Error = Infallible;
/// #     async fn create(&self) -> Result<u32, Infallible> { Ok(7) }
/// # }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let pool = AsyncResourcePool::new(Numbers);
/// let weak: WeakAsyncResourcePool<Numbers> = pool.downgrade();
/// drop(pool);
/// assert!(weak.upgrade().is_none());
/// # Ok(())
/// # }
/// ```
pub struct WeakAsyncResourcePool<M: AsyncManager> {
    handle: Weak<Handle<M::Resource>>,
    manager: Weak<M>,
}

impl<M: AsyncManager> WeakAsyncResourcePool<M> {
    /// The pool, if another handle keeps it open.
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
    /// let pool = AsyncResourcePool::new(Numbers);
    /// let weak = pool.downgrade();
    /// let again = weak.upgrade().expect("the pool is open");
    /// drop(pool);
    /// assert_eq!(*again.get().await?, 7); // kept open by this handle
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn upgrade(&self) -> Option<AsyncResourcePool<M>> {
        Some(AsyncResourcePool { handle: self.handle.upgrade()?, manager: self.manager.upgrade()? })
    }
}

impl<M: AsyncManager> Clone for WeakAsyncResourcePool<M> {
    fn clone(&self) -> Self {
        Self { handle: self.handle.clone(), manager: self.manager.clone() }
    }
}

impl<M: AsyncManager> fmt::Debug for WeakAsyncResourcePool<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WeakAsyncResourcePool")
    }
}
