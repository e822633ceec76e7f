//! What a pool tells of what happens in it.

use core::error::Error;
use core::fmt;
use core::time::Duration;

use super::error::Stage;
use super::reason::Reason;

/// What an observer is told, on the thread that it happens on, with no lock held. Of an
/// [`AsyncResourcePool`](super::AsyncResourcePool) that may be a task, in which it should not block.
///
/// The errors are lent: to send one away, take its text (`error.to_string()`) with you.
///
/// # Examples
///
/// ```
/// use poolable::managed::{Event, Manager, ResourcePool};
/// use std::convert::Infallible;
/// use std::sync::mpsc;
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
/// let (sender, created) = mpsc::channel();
/// let pool = ResourcePool::builder(Numbers)
///     .observer(move |event| {
///         if let Event::Created { id, .. } = event {
///             sender.send(*id).unwrap();
///         }
///     })
///     .build()?;
/// assert_eq!(*pool.get().unwrap(), 7);
/// assert_eq!(created.recv(), Ok(1));
/// # Ok::<(), poolable::managed::BuildError>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// An object was created.
    #[non_exhaustive]
    Created {
        /// Its number.
        id: u64,
        /// How long that took, with all attempts.
        took: Duration,
    },
    /// A create failed. It may be tried again.
    #[non_exhaustive]
    CreateFailed {
        /// How.
        error: &'a (dyn Error + Send + Sync + 'static),
        /// The number of the attempt, from 1.
        attempt: u32,
    },
    /// An object did not pass its check.
    #[non_exhaustive]
    CheckFailed {
        /// Its number.
        id: u64,
        /// How it failed.
        error: &'a (dyn Error + Send + Sync + 'static),
    },
    /// An object is gone.
    #[non_exhaustive]
    Destroyed {
        /// Its number.
        id: u64,
        /// Why.
        reason: Reason,
    },
    /// A getter that could not be served at once was served.
    #[non_exhaustive]
    Waited {
        /// How long it had to wait.
        waited: Duration,
    },
    /// A getter's time was up.
    #[non_exhaustive]
    TimedOut {
        /// What it was doing.
        stage: Stage,
        /// How long it had been waiting.
        waited: Duration,
    },
    /// A lease is held for longer than `hold_warn_after`. It is told once of each, by a thread
    /// apart.
    #[non_exhaustive]
    HeldTooLong {
        /// The object's number.
        id: u64,
        /// For how long it has been held.
        held: Duration,
    },
}

/// Who is told.
pub(crate) struct Observer(Box<dyn Fn(&Event<'_>) + Send + Sync>);

impl Observer {
    pub(super) fn new(see: impl Fn(&Event<'_>) + Send + Sync + 'static) -> Self {
        Self(Box::new(see))
    }

    pub(super) fn see(&self, event: &Event<'_>) {
        (self.0)(event);
    }
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Observer")
    }
}
