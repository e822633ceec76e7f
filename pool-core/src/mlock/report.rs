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
    /// All objects are locked, so far.
    #[non_exhaustive]
    Locked {
        /// How many objects there are.
        objects: usize,
        /// What is locked of them, inline and on the heap. The pages that they lie on are
        /// locked as a whole, and hold more.
        bytes: usize,
    },
    /// Some objects are not locked, or were not. They are pooled all the same.
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
        match self {
            Self::Off => f.write_str("memory is not locked"),
            Self::Locked { objects, bytes } => {
                write!(f, "memory is locked: {bytes} bytes of {objects} objects")
            }
            Self::Degraded { objects, bytes, unlocked, error } => write!(
                f,
                "memory is not all locked: {unlocked} objects are not, {bytes} bytes of \
                 {objects} are; {error}"
            ),
        }
    }
}

/// Why memory could not be locked: the call, the system's error, and what to do about it.
///
/// # Examples
///
/// ```
/// use poolable::{LockError, MemoryLock, Pool};
///
/// fn why(pool: &Pool<String>) -> Option<LockError> {
///     match pool.memory_lock() {
///         MemoryLock::Degraded { error, .. } => Some(error),
///         _ => None,
///     }
/// }
///
/// assert!(why(&Pool::new(String::new)).is_none());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LockError {
    pub(super) call: &'static str,
    pub(super) os_error: Option<i32>,
    pub(super) limit: Option<u64>,
}

impl LockError {
    /// The call that failed: `mlock`, or `madvise` for the core dumps.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::{MemoryLock, Pool};
    ///
    /// let pool: Pool<String> = Pool::builder().lock_memory().build();
    /// drop(pool.get());
    /// if let MemoryLock::Degraded { error, .. } = pool.memory_lock() {
    ///     assert!(["mlock", "madvise"].contains(&error.call()));
    /// }
    /// ```
    #[must_use]
    pub fn call(&self) -> &'static str {
        self.call
    }

    /// The error that the system gave, or `None` if it has no such call.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::{MemoryLock, Pool};
    ///
    /// let pool: Pool<String> = Pool::builder().lock_memory().build();
    /// drop(pool.get());
    /// if let MemoryLock::Degraded { error, .. } = pool.memory_lock() {
    ///     assert_eq!(error.raw_os_error().is_none(), cfg!(not(unix)));
    /// }
    /// ```
    #[must_use]
    pub fn raw_os_error(&self) -> Option<i32> {
        self.os_error
    }

    /// How many bytes the process was allowed to lock (`RLIMIT_MEMLOCK`), where that is
    /// limited and had to do with it.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::{MemoryLock, Pool};
    ///
    /// let pool: Pool<String> = Pool::builder().lock_memory().build();
    /// drop(pool.get());
    /// if let MemoryLock::Degraded { error, .. } = pool.memory_lock() {
    ///     assert!(error.limit().is_none() || error.call() == "mlock");
    /// }
    /// ```
    #[must_use]
    pub fn limit(&self) -> Option<u64> {
        self.limit
    }
}

impl fmt::Display for LockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { call, os_error, limit } = self;
        let Some(os_error) = os_error else {
            return write!(f, "`{call}` is not supported on this system");
        };
        write!(f, "`{call}` failed: {}", io::Error::from_raw_os_error(*os_error))?;
        match limit {
            Some(limit) => write!(
                f,
                "; the process may lock {limit} bytes (RLIMIT_MEMLOCK): raise that limit \
                 (`ulimit -l`), or give it CAP_IPC_LOCK"
            ),
            None if *call == "mlock" => {
                write!(f, "; RLIMIT_MEMLOCK is not the reason, too many mappings may be")
            }
            None => Ok(()),
        }
    }
}

impl Error for LockError {}
