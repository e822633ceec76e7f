//! What a pool tells of its locks.

use core::error::Error;
use core::fmt;
use std::io;

/// Whether a pool's secrets stay in memory: what [`Pool::memory_lock`] returns.
///
/// It is displayed as a line for a log.
///
/// # Examples
///
/// ```
/// use poolable::{MemoryLock, Pool, Wipe};
///
/// let pool = Pool::builder()
///     .create(|| [0; 32])
///     .reset(|key: &mut [u8; 32]| key.wipe())
///     .lock_memory()
///     .build();
/// let _key = pool.get();
/// match pool.memory_lock() {
///     MemoryLock::Locked { objects, bytes, .. } => assert!(objects == 1 && bytes >= 32),
///     degraded => eprintln!("{degraded}"),
/// }
/// ```
///
/// [`Pool::memory_lock`]: crate::Pool::memory_lock
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MemoryLock {
    /// Nobody asked for it.
    Off,
    /// All objects are locked, so far: that of a pool without objects tells nothing yet
    /// ([`Pool::prewarm`](crate::Pool::prewarm) makes the first at the start).
    #[non_exhaustive]
    Locked {
        /// How many objects there are.
        objects: usize,
        /// What is locked of them, inline and on the heap. The pages that they lie on are
        /// locked as a whole, and hold more.
        bytes: usize,
    },
    /// Some objects are not locked, or were not, or it is not known what is a secret in them.
    /// They are pooled all the same.
    #[non_exhaustive]
    Degraded {
        /// How many objects are locked.
        objects: usize,
        /// What is locked of them, inline and on the heap.
        bytes: usize,
        /// How many objects are not locked, or in part.
        unlocked: usize,
        /// What went wrong first.
        error: LockError,
    },
}

impl fmt::Display for MemoryLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Off => f.write_str("memory is not locked"),
            Self::Locked { objects, bytes } => {
                write!(f, "memory is locked: {bytes} bytes of {}", Objects(objects))
            }
            Self::Degraded { objects, bytes, unlocked: 0, error } => {
                // There was a time when an object was not locked, or it is not known what
                // should be.
                write!(f, "memory is locked: {bytes} bytes of {}, but ", Objects(objects))?;
                f.write_str(if error.is_of_call() { "it was not: " } else { "" })?;
                error.fmt(f)
            }
            Self::Degraded { objects, bytes, unlocked, error } => {
                let (verb, unlocked) =
                    (if unlocked == 1 { "is" } else { "are" }, Objects(unlocked));
                let objects = Objects(objects);
                write!(
                    f,
                    "memory is not all locked: {unlocked} {verb} not, {bytes} bytes of {objects} \
                     are; {error}"
                )
            }
        }
    }
}

/// So many of them.
struct Objects(usize);

impl fmt::Display for Objects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} object{}", self.0, if self.0 == 1 { "" } else { "s" })
    }
}

/// Why memory could not be locked, or why it is not known what to lock, and what to do about
/// it.
///
/// # Examples
///
/// ```
/// use poolable::{LockError, MemoryLock, Pool};
///
/// fn why<T>(pool: &Pool<T>) -> Option<LockError> {
///     match pool.memory_lock() {
///         MemoryLock::Degraded { error, .. } => Some(error),
///         _ => None,
///     }
/// }
///
/// // A plain `String` is cleared, and not wiped: nothing tells where its secrets are.
/// let pool: Pool<String> = Pool::builder().lock_memory().build();
/// assert!(why(&pool).is_none());
/// pool.prewarm(1);
/// let error = why(&pool).expect("there is an object");
/// # #[cfg(unix)]
/// assert!(error.to_string().contains("`#[pool(zeroize)]`"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LockError(pub(super) Cause);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// The system has no such call.
    #[cfg_attr(unix, expect(dead_code, reason = "those that have it may refuse it"))]
    Unsupported,
    /// Objects were reset, and no wipe was seen.
    NothingWiped,
    /// The system refused.
    #[cfg_attr(not(unix), expect(dead_code, reason = "those without the call cannot refuse it"))]
    Refused { call: &'static str, os_error: i32, bound: Bound },
}

/// What was reached when the system refused, as far as that can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    not(any(target_os = "linux", target_os = "android")),
    expect(dead_code, reason = "the other systems tell less, or have no such call")
)]
pub(super) enum Bound {
    Unknown,
    /// How much the process may lock.
    Limit(u64),
    /// How many mappings it may have: the pages of a range become one of their own.
    Mappings,
    /// One of the two: that the limit is reached says nothing of a process that it does not
    /// bind.
    LimitOrMappings(u64),
}

impl LockError {
    /// Whether a call failed, or is missing.
    fn is_of_call(&self) -> bool {
        self.0 != Cause::NothingWiped
    }

    /// The call that failed: `mlock`, or `madvise` for the core dumps. It is `Wipe::wipe` if
    /// that was not called, so that nothing is known to be a secret.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::{MemoryLock, Pool, Wipe};
    ///
    /// let reset = |text: &mut String| text.wipe();
    /// let pool = Pool::builder().create(String::new).reset(reset).lock_memory().build();
    /// pool.prewarm(1);
    /// if let MemoryLock::Degraded { error, .. } = pool.memory_lock() {
    ///     assert!(["mlock", "madvise"].contains(&error.call()));
    /// }
    ///
    /// let pool: Pool<String> = Pool::builder().lock_memory().build();
    /// pool.prewarm(1);
    /// # #[cfg(unix)]
    /// assert!(matches!(
    ///     pool.memory_lock(),
    ///     MemoryLock::Degraded { error, .. } if ["mlock", "Wipe::wipe"].contains(&error.call())
    /// ));
    /// ```
    #[must_use]
    pub fn call(&self) -> &'static str {
        match self.0 {
            Cause::Unsupported => "mlock",
            Cause::NothingWiped => "Wipe::wipe",
            Cause::Refused { call, .. } => call,
        }
    }

    /// The error that the system gave, or `None` if it has no such call, or was not asked.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::{MemoryLock, Pool, Wipe};
    ///
    /// let reset = |text: &mut String| text.wipe();
    /// let pool = Pool::builder().create(String::new).reset(reset).lock_memory().build();
    /// pool.prewarm(1);
    /// if let MemoryLock::Degraded { error, .. } = pool.memory_lock() {
    ///     assert_eq!(error.raw_os_error().is_none(), cfg!(not(unix)));
    /// }
    /// ```
    #[must_use]
    pub fn raw_os_error(&self) -> Option<i32> {
        match self.0 {
            Cause::Refused { os_error, .. } => Some(os_error),
            Cause::Unsupported | Cause::NothingWiped => None,
        }
    }

    /// How many bytes the process was allowed to lock (`RLIMIT_MEMLOCK`), where that is
    /// limited and may have had to do with it.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::{MemoryLock, Pool, Wipe};
    ///
    /// let reset = |text: &mut String| text.wipe();
    /// let pool = Pool::builder().create(String::new).reset(reset).lock_memory().build();
    /// pool.prewarm(1);
    /// if let MemoryLock::Degraded { error, .. } = pool.memory_lock() {
    ///     assert!(error.limit().is_none() || error.call() == "mlock");
    /// }
    /// ```
    #[must_use]
    pub fn limit(&self) -> Option<u64> {
        match self.0 {
            Cause::Refused {
                bound: Bound::Limit(limit) | Bound::LimitOrMappings(limit), ..
            } => Some(limit),
            _ => None,
        }
    }
}

impl fmt::Display for LockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Cause::Unsupported => f.write_str("`mlock` is not supported on this system"),
            Cause::NothingWiped => f.write_str(
                "the reset of its objects wipes nothing: mark secrets with `#[pool(zeroize)]`, or \
                 call `Wipe::wipe` in it",
            ),
            Cause::Refused { call, os_error, bound } => {
                write!(f, "`{call}` failed: {}{bound}", io::Error::from_raw_os_error(os_error))
            }
        }
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => Ok(()),
            Self::Limit(limit) => write!(
                f,
                "; the process may lock {limit} bytes (RLIMIT_MEMLOCK): raise that limit \
                 (`ulimit -l`), or give it CAP_IPC_LOCK"
            ),
            Self::Mappings => f.write_str(
                "; RLIMIT_MEMLOCK is not the reason, but the process may have too many mappings: \
                 raise `vm.max_map_count`, or pool fewer objects",
            ),
            Self::LimitOrMappings(limit) => write!(
                f,
                "; either the process may lock no more than {limit} bytes (RLIMIT_MEMLOCK): raise \
                 that limit (`ulimit -l`), or give it CAP_IPC_LOCK; or, if it has that, there are \
                 too many mappings: raise `vm.max_map_count`"
            ),
        }
    }
}

impl Error for LockError {}
