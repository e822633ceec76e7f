//! What a pool asks of whoever made it, with the types of errors erased.

use core::error::Error;
use core::pin::Pin;

use super::entry::Meta;
use super::reason::Reason;

/// An error of a manager's.
pub(crate) type BoxError = Box<dyn Error + Send + Sync>;

/// What becomes of a returned object.
///
/// # Examples
///
/// ```
/// use poolable::managed::{Fate, Manager, Meta};
/// use std::io;
/// use std::net::TcpStream;
///
/// struct Upstream;
///
/// impl Manager for Upstream {
///     type Resource = TcpStream;
///     type Error = io::Error;
///
///     fn create(&self) -> io::Result<TcpStream> {
///         TcpStream::connect("127.0.0.1:7000")
///     }
///
///     fn on_release(&self, stream: &mut TcpStream, _: &Meta) -> Fate {
///         // What is left to read belongs to the last borrower.
///         let _ = stream.set_nonblocking(true);
///         let is_clean = matches!(
///             stream.peek(&mut [0]),
///             Err(error) if error.kind() == io::ErrorKind::WouldBlock
///         );
///         let _ = stream.set_nonblocking(false);
///         if is_clean { Fate::keep_unless_panicking() } else { Fate::Discard }
///     }
/// }
/// # let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
/// # let mut stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
/// # let (mut other, _) = listener.accept().unwrap();
/// # use poolable::managed::{ResourcePool, Lease};
/// # struct One(std::sync::Mutex<Option<TcpStream>>);
/// # impl Manager for One {
/// #     type Resource = TcpStream;
/// #     type Error = io::Error;
/// #     fn create(&self) -> io::Result<TcpStream> { Ok(self.0.lock().unwrap().take().unwrap()) }
/// #     fn on_release(&self, stream: &mut TcpStream, meta: &Meta) -> Fate { Upstream.on_release(stream, meta) }
/// # }
/// # let pool = ResourcePool::builder(One(std::sync::Mutex::new(Some(stream)))).build().unwrap();
/// # drop(pool.get().unwrap());
/// # assert_eq!(pool.stats().idle, 1);
/// # let lease = pool.get().unwrap();
/// # std::io::Write::write_all(&mut other, b"x").unwrap();
/// # lease.peek(&mut [0]).unwrap();
/// # drop(lease);
/// # assert_eq!(pool.stats().destroyed.released, 1);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fate {
    /// It is kept for the next getter.
    Keep,
    /// It is destroyed.
    Discard,
}

impl Fate {
    /// What becomes of an object that its borrower may have been torn from: it is kept unless
    /// this thread panics. An `on_release` that is asked about nothing else answers that.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::managed::Fate;
    ///
    /// assert_eq!(Fate::keep_unless_panicking(), Fate::Keep);
    /// ```
    #[must_use]
    pub fn keep_unless_panicking() -> Self {
        if std::thread::panicking() { Self::Discard } else { Self::Keep }
    }
}

/// A create that takes its time without a thread.
pub(crate) type Attempt<R> = Pin<Box<dyn Future<Output = Result<R, BoxError>> + Send>>;

/// What a create has come to when its call is over.
pub(crate) enum Creation<R> {
    Over(Result<R, BoxError>),
    Underway(Attempt<R>),
}

/// Every call may panic, block, or call the pool: none comes while a lock is held.
pub(crate) trait Hooks<R>: Send + Sync + 'static {
    fn create(&self) -> Creation<R>;

    /// Not asked where a check is a future: its getter knows its type.
    fn check(&self, _: &mut R, _: &Meta) -> Result<(), BoxError> {
        Ok(())
    }

    fn release(&self, value: &mut R, meta: &Meta) -> Fate;

    /// May take the value out of its place; if it does not, it is dropped there.
    fn destroy(&self, _: &mut Option<R>, _: Reason) {}
}
