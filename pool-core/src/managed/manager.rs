//! How a pool gets, checks and destroys resources.

use core::error::Error;
use std::sync::Arc;

use super::entry::Meta;
use super::hooks::{BoxError, Creation, Fate, Hooks};
use super::reason::Reason;

/// How a [`ResourcePool`](super::ResourcePool) gets, checks and destroys what it pools.
///
/// No lock is held during any call: each may block, panic, or use the pool. (One that calls
/// `prewarm` or `drain` may wait for its own end, until their time is up.)
///
/// A pool wants one of its own. To share one with a test, or choose one at run time, use an
/// `Arc` or a `Box`: they are managers too.
///
/// # Examples
///
/// ```
/// use poolable::managed::{Manager, Meta, ResourcePool};
/// use std::io::{self, Read, Write};
/// use std::net::{SocketAddr, TcpStream};
/// use std::time::Duration;
///
/// struct Upstream(SocketAddr);
///
/// impl Manager for Upstream {
///     type Resource = TcpStream;
///     type Error = io::Error;
///
///     fn create(&self) -> io::Result<TcpStream> {
///         let stream = TcpStream::connect_timeout(&self.0, Duration::from_secs(3))?;
///         // The pool cannot interrupt a check.
///         stream.set_read_timeout(Some(Duration::from_secs(3)))?;
///         Ok(stream)
///     }
///
///     fn check(&self, stream: &mut TcpStream, _: &Meta) -> io::Result<()> {
///         stream.write_all(b"ping")?;
///         stream.read_exact(&mut [0; 4])
///     }
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
/// # let address = listener.local_addr()?;
/// # std::thread::spawn(move || {
/// #     let (mut stream, _) = listener.accept().unwrap();
/// #     let mut ping = [0; 4];
/// #     while stream.read_exact(&mut ping).is_ok() {
/// #         stream.write_all(b"pong").unwrap();
/// #     }
/// # });
/// let pool = ResourcePool::builder(Upstream(address)).build()?;
/// let connected = pool.get()?.local_addr()?;
/// assert_eq!(pool.get()?.local_addr()?, connected); // checked, and reused
/// # Ok(())
/// # }
/// ```
pub trait Manager: Send + Sync + 'static {
    /// What is pooled.
    type Resource: Send + 'static;

    /// Why a create or a check fails. `String`, `Box<dyn Error + Send + Sync>` and the like are no
    /// `Error`s themselves: wrap them, as [`io::Error::other`](std::io::Error::other) does.
    type Error: Error + Send + Sync + 'static;

    /// Creates a resource, on a thread that does nothing else. If the system has no thread to give,
    /// the getter that asked does it itself, and waits until it is done.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::managed::{GetError, Manager, ResourcePool};
    /// use std::io;
    ///
    /// struct Down;
    ///
    /// impl Manager for Down {
    ///     type Resource = ();
    ///     type Error = io::Error;
    ///
    ///     fn create(&self) -> io::Result<()> {
    ///         Err(io::ErrorKind::ConnectionRefused.into())
    ///     }
    /// }
    ///
    /// assert!(matches!(ResourcePool::new(Down).get(), Err(GetError::Create(_))));
    /// ```
    ///
    /// # Errors
    ///
    /// Whatever keeps it from being created. The getter that has asked for it is told.
    fn create(&self) -> Result<Self::Resource, Self::Error>;

    /// Checks a resource before it is handed out, on the thread of the getter, if it has been
    /// idle for [`check_after`](super::ResourcePoolBuilder::check_after).
    ///
    /// The pool cannot interrupt a check: give the resource a time limit of its own for what is
    /// asked here, such as a read timeout.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::managed::{Manager, Meta, ResourcePool};
    /// use std::io;
    ///
    /// struct Numbers;
    ///
    /// impl Manager for Numbers {
    ///     type Resource = u32;
    ///     type Error = io::Error;
    ///
    ///     fn create(&self) -> io::Result<u32> {
    ///         Ok(0)
    ///     }
    ///
    ///     fn check(&self, number: &mut u32, _: &Meta) -> io::Result<()> {
    ///         if *number == 0 { Ok(()) } else { Err(io::ErrorKind::InvalidData.into()) }
    ///     }
    /// }
    ///
    /// let pool = ResourcePool::new(Numbers);
    /// *pool.get()? = 7;
    /// assert_eq!(*pool.get()?, 0); // another one
    /// assert_eq!((pool.stats().created, pool.stats().check_failed), (2, 1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the resource cannot be used: it is destroyed, and the getter gets another one.
    fn check(&self, _resource: &mut Self::Resource, _meta: &Meta) -> Result<(), Self::Error> {
        Ok(())
    }

    /// Decides whether a returned resource is kept, and leaves it as the next getter should find
    /// it, on the thread that returns it. [`Lease::discard`](super::Lease::discard) and
    /// [`Lease::detach`](super::Lease::detach) do not ask.
    ///
    /// It is asked when a borrower panics too. Unless it is overridden, the answer is
    /// [`Fate::keep_unless_panicking`]; one that looks at other things as well should end with
    /// that.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::managed::{Fate, Manager, Meta, ResourcePool};
    /// use std::convert::Infallible;
    ///
    /// struct Numbers;
    ///
    /// impl Manager for Numbers {
    ///     type Resource = u32;
    ///     type Error = Infallible;
    ///
    ///     fn create(&self) -> Result<u32, Infallible> {
    ///         Ok(0)
    ///     }
    ///
    ///     fn on_release(&self, number: &mut u32, meta: &Meta) -> Fate {
    ///         *number = 0;
    ///         if meta.uses < 2 { Fate::keep_unless_panicking() } else { Fate::Discard }
    ///     }
    /// }
    ///
    /// let pool = ResourcePool::new(Numbers);
    /// *pool.get()? = 7;
    /// assert_eq!((*pool.get()?, pool.stats().created), (0, 1)); // set right
    /// assert_eq!((pool.stats().idle, pool.stats().destroyed.released), (0, 1)); // used twice
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn on_release(&self, _resource: &mut Self::Resource, _meta: &Meta) -> Fate {
        Fate::keep_unless_panicking()
    }

    /// Destroys a resource, whose place in the pool is free already.
    ///
    /// What is returned, discarded, or falls to a `retain`, `resize` or `close` is destroyed by the
    /// thread that does it; what has come of age, or failed its check, by threads apart, at most
    /// four for a pool. One that never ends takes one of them for good.
    /// [`Stats::destroying`](super::Stats::destroying) tells how many have not ended.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::managed::{Lease, Manager, Reason, ResourcePool};
    /// use std::convert::Infallible;
    /// use std::sync::Mutex;
    ///
    /// #[derive(Default)]
    /// struct Numbers(Mutex<Vec<(u32, Reason)>>);
    ///
    /// impl Manager for Numbers {
    ///     type Resource = u32;
    ///     type Error = Infallible;
    ///
    ///     fn create(&self) -> Result<u32, Infallible> {
    ///         Ok(7)
    ///     }
    ///
    ///     fn destroy(&self, number: u32, why: Reason) {
    ///         self.0.lock().unwrap().push((number, why));
    ///     }
    /// }
    ///
    /// let pool = ResourcePool::new(Numbers::default());
    /// Lease::discard(pool.get()?);
    /// assert_eq!(pool.manager().0.lock().unwrap()[..], [(7, Reason::Released)]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn destroy(&self, resource: Self::Resource, _why: Reason) {
        drop(resource);
    }
}

/// Passes every call on, to a manager that is shared, say, with a test.
macro_rules! forward {
    ($($pointer:ident),*) => {$(
        impl<M: Manager + ?Sized> Manager for $pointer<M> {
            type Resource = M::Resource;
            type Error = M::Error;

            fn create(&self) -> Result<M::Resource, M::Error> {
                (**self).create()
            }

            fn check(&self, resource: &mut M::Resource, meta: &Meta) -> Result<(), M::Error> {
                (**self).check(resource, meta)
            }

            fn on_release(&self, resource: &mut M::Resource, meta: &Meta) -> Fate {
                (**self).on_release(resource, meta)
            }

            fn destroy(&self, resource: M::Resource, why: Reason) {
                (**self).destroy(resource, why);
            }
        }
    )*};
}

forward!(Arc, Box);

/// A manager with its types erased.
pub(crate) struct Managed<M>(pub(super) Arc<M>);

impl<M: Manager> Hooks<M::Resource> for Managed<M> {
    fn create(&self) -> Creation<M::Resource> {
        Creation::Over(self.0.create().map_err(BoxError::from))
    }

    fn check(&self, resource: &mut M::Resource, meta: &Meta) -> Result<(), BoxError> {
        self.0.check(resource, meta).map_err(BoxError::from)
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
