//! How a pool for tasks gets, checks and destroys resources.

use core::error::Error;
use core::future::ready;
use std::sync::Arc;

use super::entry::Meta;
use super::hooks::{BoxError, Creation, Fate, Hooks};
use super::reason::Reason;

/// How an [`AsyncResourcePool`](super::AsyncResourcePool) gets, checks and destroys what it pools.
///
/// Write `async fn create` and `async fn check`: their futures have to be `Send`, and may be
/// dropped wherever they wait. No lock is held during any call: each may panic, or use the pool.
/// None may block, since it runs on a thread that others need.
///
/// A pool wants one of its own. To share one with a test, use an `Arc`: that is a manager too.
///
/// # Examples
///
/// ```
/// use poolable::managed::{AsyncManager, AsyncResourcePool, Meta};
/// use std::io;
/// use tokio::io::{AsyncReadExt, AsyncWriteExt};
/// use tokio::net::TcpStream;
///
/// struct Upstream(std::net::SocketAddr);
///
/// impl AsyncManager for Upstream {
///     type Resource = TcpStream;
///     type Error = io::Error;
///
///     async fn create(&self) -> io::Result<TcpStream> {
///         TcpStream::connect(self.0).await
///     }
///
///     async fn check(&self, stream: &mut TcpStream, _: &Meta) -> io::Result<()> {
///         stream.write_all(b"ping").await?;
///         stream.read_exact(&mut [0; 4]).await?;
///         Ok(())
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
/// # let address = listener.local_addr()?;
/// # tokio::spawn(async move {
/// #     let (mut stream, _) = listener.accept().await.unwrap();
/// #     let mut ping = [0; 4];
/// #     while stream.read_exact(&mut ping).await.is_ok() {
/// #         stream.write_all(b"pong").await.unwrap();
/// #     }
/// # });
/// let pool = AsyncResourcePool::new(Upstream(address));
/// let connected = pool.get().await?.local_addr()?;
/// assert_eq!(pool.get().await?.local_addr()?, connected); // checked, and reused
/// # Ok(())
/// # }
/// ```
pub trait AsyncManager: Send + Sync + 'static {
    /// What is pooled.
    type Resource: Send + 'static;

    /// Why a create or a check fails. `String`, `Box<dyn Error + Send + Sync>` and the like are no
    /// `Error`s themselves: wrap them, as [`io::Error::other`](std::io::Error::other) does.
    type Error: Error + Send + Sync + 'static;

    /// Creates a resource.
    ///
    /// Its future is polled by the getter that asked for it or, if that goes away, by the next one;
    /// or as a task of its own, where the pool was given a
    /// [`spawn`](super::AsyncResourcePoolBuilder::spawn) hook. One that takes longer than
    /// [`Timeouts::create`](super::Timeouts::create) is dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::managed::{AsyncManager, AsyncResourcePool, GetError};
    /// use std::io;
    ///
    /// struct Numbers;
    ///
    /// impl AsyncManager for Numbers {
    ///     type Resource = u32;
    ///     type Error = io::Error;
    ///
    ///     async fn create(&self) -> io::Result<u32> {
    ///         Err(io::ErrorKind::ConnectionRefused.into())
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let pool = AsyncResourcePool::new(Numbers);
    /// assert!(matches!(pool.get().await, Err(GetError::Create(_))));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Whatever keeps it from being created. The getter that has asked for it is told.
    fn create(&self) -> impl Future<Output = Result<Self::Resource, Self::Error>> + Send;

    /// Checks a resource before it is handed out, in the task of the getter, if it has been idle
    /// for [`check_after`](super::ResourcePoolBuilder::check_after).
    ///
    /// If the getter goes away, its time is up, or the check takes longer than
    /// [`Timeouts::check`](super::Timeouts::check), this future is dropped, and the resource
    /// destroyed: nobody knows what is on its way there.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::managed::{AsyncManager, AsyncResourcePool, Meta};
    /// use std::io;
    ///
    /// struct Numbers;
    ///
    /// impl AsyncManager for Numbers {
    ///     type Resource = u32;
    ///     type Error = io::Error;
    ///
    ///     async fn create(&self) -> io::Result<u32> {
    ///         Ok(0)
    ///     }
    ///
    ///     async fn check(&self, number: &mut u32, _: &Meta) -> io::Result<()> {
    ///         if *number == 0 { Ok(()) } else { Err(io::ErrorKind::InvalidData.into()) }
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let pool = AsyncResourcePool::new(Numbers);
    /// *pool.get().await? = 7;
    /// assert_eq!(*pool.get().await?, 0); // another one
    /// assert_eq!((pool.stats().created, pool.stats().check_failed), (2, 1));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// If the resource cannot be used: it is destroyed, and the getter gets another one.
    fn check(
        &self,
        _resource: &mut Self::Resource,
        _meta: &Meta,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send {
        ready(Ok(()))
    }

    /// Decides whether a returned resource is kept, and leaves it as the next getter should find
    /// it, where the lease is dropped: in a task, or on a thread outside of any runtime.
    /// [`Lease::discard`](super::Lease::discard) and [`Lease::detach`](super::Lease::detach) do not
    /// ask.
    ///
    /// It is not `async`, since a drop is not: what takes a round trip belongs into
    /// [`check`](Self::check). It is asked when a borrower panics too. Unless it is overridden, the
    /// answer is [`Fate::keep_unless_panicking`]; one that looks at other things as well should end
    /// with that.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::managed::{AsyncManager, AsyncResourcePool, Fate, Meta};
    /// use std::io;
    ///
    /// struct Numbers;
    ///
    /// impl AsyncManager for Numbers {
    ///     type Resource = u32;
    ///     type Error = io::Error;
    ///
    ///     async fn create(&self) -> io::Result<u32> {
    ///         Ok(0)
    ///     }
    ///
    ///     fn on_release(&self, number: &mut u32, meta: &Meta) -> Fate {
    ///         *number = 0;
    ///         if meta.uses < 2 { Fate::keep_unless_panicking() } else { Fate::Discard }
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let pool = AsyncResourcePool::new(Numbers);
    /// *pool.get().await? = 7;
    /// assert_eq!((*pool.get().await?, pool.stats().created), (0, 1)); // set right
    /// assert_eq!((pool.stats().idle, pool.stats().destroyed.released), (0, 1)); // used twice
    /// # Ok(())
    /// # }
    /// ```
    fn on_release(&self, _resource: &mut Self::Resource, _meta: &Meta) -> Fate {
        Fate::keep_unless_panicking()
    }

    /// Destroys a resource, whose place in the pool is free already.
    ///
    /// It runs where the resource is given up, in a task or on a thread outside of any runtime.
    /// What has come of age while it was idle is destroyed on a thread of the pool's.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::managed::{AsyncManager, AsyncResourcePool, Lease, Reason};
    /// use std::io;
    /// use std::sync::Mutex;
    ///
    /// #[derive(Default)]
    /// struct Numbers(Mutex<Vec<(u32, Reason)>>);
    ///
    /// impl AsyncManager for Numbers {
    ///     type Resource = u32;
    ///     type Error = io::Error;
    ///
    ///     async fn create(&self) -> io::Result<u32> {
    ///         Ok(0)
    ///     }
    ///
    ///     fn destroy(&self, number: u32, why: Reason) {
    ///         self.0.lock().unwrap().push((number, why));
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let pool = AsyncResourcePool::new(Numbers::default());
    /// Lease::discard(pool.get().await?);
    /// assert_eq!(pool.manager().0.lock().unwrap()[..], [(0, Reason::Released)]);
    /// # Ok(())
    /// # }
    /// ```
    fn destroy(&self, resource: Self::Resource, _why: Reason) {
        drop(resource);
    }
}

/// Passes every call on, to a manager that is shared, say, with a test.
impl<M: AsyncManager> AsyncManager for Arc<M> {
    type Resource = M::Resource;
    type Error = M::Error;

    fn create(&self) -> impl Future<Output = Result<M::Resource, M::Error>> + Send {
        (**self).create()
    }

    fn check(
        &self,
        resource: &mut M::Resource,
        meta: &Meta,
    ) -> impl Future<Output = Result<(), M::Error>> + Send {
        (**self).check(resource, meta)
    }

    fn on_release(&self, resource: &mut M::Resource, meta: &Meta) -> Fate {
        (**self).on_release(resource, meta)
    }

    fn destroy(&self, resource: M::Resource, why: Reason) {
        (**self).destroy(resource, why);
    }
}

/// A manager with its types erased, but for its check, which is called by those who know them.
pub(crate) struct AsyncManaged<M>(pub(super) Arc<M>);

impl<M: AsyncManager> Hooks<M::Resource> for AsyncManaged<M> {
    fn create(&self) -> Creation<M::Resource> {
        let manager = self.0.clone();
        let created = async move { manager.create().await.map_err(BoxError::from) };
        Creation::Underway(Box::pin(created))
    }

    fn release(&self, resource: &mut M::Resource, meta: &Meta) -> Fate {
        self.0.on_release(resource, meta)
    }

    fn destroy(&self, place: &mut Option<M::Resource>, why: Reason) {
        if let Some(resource) = place.take() {
            self.0.destroy(resource, why);
        }
    }
}
