//! What can go wrong, and what is said then.

use core::convert::Infallible;
use core::error::Error;
use core::fmt;
use core::time::Duration;
use std::sync::Arc;

use super::stats::Stats;

/// Why a get ended without an object.
///
/// # Examples
///
/// ```
/// use poolable::managed::{BoundedPool, GetError, Stage};
/// use std::time::Duration;
///
/// let pool = BoundedPool::new(1, String::new);
/// let _line = pool.get()?;
/// match pool.get_timeout(Duration::from_millis(1)) {
///     Err(GetError::Timeout { stage: Stage::Wait, stats, .. }) => assert_eq!(stats.in_use, 1),
///     other => panic!("{other:?}"),
/// }
/// # Ok::<(), GetError>(())
/// ```
///
/// It is not comparable, as most errors of managers are not: `matches!` does it. With an error type
/// of your own it goes through `?` as any other one:
///
/// ```
/// use poolable::managed::GetError;
/// use std::io;
///
/// #[derive(Debug)]
/// enum Refusal {
///     Busy,
///     Upstream(String),
/// }
///
/// impl From<GetError<io::Error>> for Refusal {
///     fn from(error: GetError<io::Error>) -> Self {
///         match error {
///             GetError::Timeout { .. } | GetError::Exhausted => Self::Busy,
///             other => Self::Upstream(other.to_string()), // there may be more some day
///         }
///     }
/// }
///
/// let refusal = Refusal::from(GetError::Create(io::Error::other("no route")));
/// assert!(matches!(refusal, Refusal::Upstream(why) if why.ends_with("no route")));
/// assert!(matches!(GetError::Exhausted.into(), Refusal::Busy));
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum GetError<E = Infallible> {
    /// The time was up.
    #[non_exhaustive]
    Timeout {
        /// What the getter was doing then.
        stage: Stage,
        /// How long it had been waiting.
        waited: Duration,
        /// The pool at that moment.
        stats: Box<Stats>,
        /// The last error of a create or a check since one succeeded, whoever's it was.
        last_error: Option<Arc<str>>,
    },
    /// The pool is closed, or was while the getter waited. One who had been given an object by
    /// then gets it.
    Closed,
    /// The getter's token was cancelled.
    Cancelled,
    /// There was nothing to be had at once, and the getter did not want to wait. A
    /// [`ResourcePool`](super::ResourcePool) with room may have begun a create.
    Exhausted,
    /// The create that was begun for this getter failed. Pools whose creates cannot fail have no
    /// such error.
    Create(E),
}

/// What a getter was doing when its time was up.
///
/// # Examples
///
/// ```
/// assert_eq!(poolable::managed::Stage::Wait.to_string(), "waiting for an object");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stage {
    /// It waited in the queue.
    Wait,
    /// An object was being created for it, which goes to the pool when it is there; or took longer
    /// than [`Timeouts::create`](super::Timeouts::create) allows, in which case an
    /// [`AsyncResourcePool`](super::AsyncResourcePool) has given it up.
    Create,
    /// The objects that it got failed their checks, or the check of one was still under way: a
    /// future is dropped then, and its object destroyed.
    Check,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Wait => "waiting for an object",
            Self::Create => "waiting for a create",
            Self::Check => "checking objects",
        })
    }
}

impl<E: fmt::Display> fmt::Display for GetError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Timeout { stage, waited, stats, last_error } => {
                write!(f, "timed out after {waited:.1?} {stage} (")?;
                match stats.max_open {
                    Some(max) => write!(f, "{} of {max} open", stats.open)?,
                    None => write!(f, "{} open", stats.open)?,
                }
                write!(
                    f,
                    ": {} in use, {} being created; {} waiting)",
                    stats.in_use, stats.creating, stats.waiting
                )?;
                match last_error {
                    Some(error) => write!(f, "; last error: {error}"),
                    None => Ok(()),
                }
            }
            Self::Closed => f.write_str("the pool is closed"),
            Self::Cancelled => f.write_str("cancelled while waiting for an object"),
            Self::Exhausted => f.write_str("no object is idle"),
            Self::Create(error) => write!(f, "cannot create an object: {error}"),
        }
    }
}

impl<E: Error + 'static> Error for GetError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            // `Display` shows the error itself.
            Self::Create(error) => error.source(),
            _ => None,
        }
    }
}

/// Why a pool cannot be built.
///
/// # Examples
///
/// ```
/// use poolable::managed::{BoundedPool, BuildError};
///
/// let error = BoundedPool::builder(String::new).max_open(0).build().unwrap_err();
/// assert_eq!(error.to_string(), "`max_open` must be at least 1");
/// assert_eq!(error, BuildError::ZeroMaxOpen);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BuildError {
    /// `max_open` is 0.
    ZeroMaxOpen,
    /// `max_connecting` is 0.
    ZeroMaxConnecting,
    /// `min_idle` is above `max_idle` or `max_open`.
    MinIdle,
    /// An [`AsyncResourcePool`](super::AsyncResourcePool) has a `min_idle`, and no `spawn` hook to
    /// create what is missing.
    MinIdleWithoutSpawn,
    /// `jitter` is not between 0 and 1.
    Jitter,
    /// `max_lifetime` or `idle_timeout` is zero.
    ZeroLifetime,
    /// The `max_age` of an [`ExpiringPool`](super::ExpiringPool) is zero.
    ZeroMaxAge,
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ZeroMaxOpen => "`max_open` must be at least 1",
            Self::ZeroMaxConnecting => "`max_connecting` must be at least 1",
            Self::MinIdle => "`min_idle` must be at most `max_idle` and `max_open`",
            Self::MinIdleWithoutSpawn => {
                "`min_idle` needs `spawn`: without it nobody creates what is missing"
            }
            Self::Jitter => "`jitter` must be between 0 and 1",
            Self::ZeroLifetime => {
                "`max_lifetime` and `idle_timeout` must be above zero; `None` is no limit, and \
                 `max_idle(0)` keeps nothing"
            }
            Self::ZeroMaxAge => "`max_age` must be above zero; `max_idle(0)` keeps nothing",
        })
    }
}

impl Error for BuildError {}

/// Not as many objects as were wanted are idle: what could be created is.
///
/// # Examples
///
/// ```
/// use poolable::managed::{Manager, ResourcePool};
/// use std::io;
///
/// struct Refused;
///
/// impl Manager for Refused {
///     type Resource = ();
///     type Error = io::Error;
///
///     fn create(&self) -> io::Result<()> {
///         Err(io::ErrorKind::ConnectionRefused.into())
///     }
/// }
///
/// let pool = ResourcePool::builder(Refused).build()?;
/// let error = pool.prewarm(2).unwrap_err();
/// assert_eq!((error.created, error.wanted), (0, 2));
/// assert_eq!(error.to_string(), "created 0 of 2 objects; last error: connection refused");
/// # Ok::<(), poolable::managed::BuildError>(())
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct PrewarmError<E> {
    /// Objects that were created.
    pub created: usize,
    /// Objects that were missing when `prewarm` was called.
    pub wanted: usize,
    /// The last error of a create; `None` if the time was up, or the pool was closed.
    pub last_error: Option<E>,
}

impl<E: fmt::Display> fmt::Display for PrewarmError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "created {} of {} objects", self.created, self.wanted)?;
        match &self.last_error {
            Some(error) => write!(f, "; last error: {error}"),
            None => f.write_str(" before the time was up or the pool was closed"),
        }
    }
}

impl<E: Error + 'static> Error for PrewarmError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.last_error.as_ref().and_then(Error::source)
    }
}

/// The pool had not come to rest when the time was up. It is closed all the same, and
/// destroys what leases return.
///
/// # Examples
///
/// ```
/// use poolable::managed::BoundedPool;
/// use std::time::Instant;
///
/// let pool = BoundedPool::new(1, String::new);
/// let _line = pool.get()?;
/// let error = pool.drain(Instant::now()).unwrap_err();
/// assert_eq!(error.to_string(), "not drained in time: 1 in use, 0 being created, 0 being destroyed");
/// # Ok::<(), poolable::managed::GetError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DrainError {
    /// Objects that were in use, or on their way there: checked, or looked at by `retain`.
    pub in_use: usize,
    /// Objects that were being created.
    pub creating: usize,
    /// Objects that were being destroyed.
    pub ending: usize,
}

impl fmt::Display for DrainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { in_use, creating, ending } = self;
        write!(
            f,
            "not drained in time: {in_use} in use, {creating} being created, {ending} being destroyed"
        )
    }
}

impl Error for DrainError {}
