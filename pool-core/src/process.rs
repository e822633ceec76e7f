//! The calls that concern all pools of the process.

use core::fmt;
use core::time::Duration;
use std::io;
use std::panic::resume_unwind;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::JoinHandle;

use crate::limits::PoolLimits;
#[cfg(feature = "managed")]
use crate::managed;
use crate::raw_pool::{RawPool, caught, forget_panic};
use crate::registry;
use crate::stats::Stats;
use crate::thread;

/// What [`pools`] tells of a pool.
///
/// # Examples
///
/// ```
/// use poolable::{Pool, pools};
///
/// let pool: Pool<String> = Pool::builder().name("lines").build();
/// drop(pool.get());
/// let lines = pools().into_iter().find(|pool| pool.name == "lines").unwrap();
/// assert_eq!((lines.stats.idle, lines.caches), (1, 1));
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PoolInfo {
    /// A number that no other pool of the process ever has, of whatever kind.
    pub id: u64,
    /// The name that the user gave, or the type's.
    pub name: String,
    /// What it has counted.
    pub stats: Stats,
    /// What it may keep.
    pub limits: PoolLimits,
    /// How many caches it made: the most threads that used it at one time.
    pub caches: usize,
    /// Whether its objects are locked in memory.
    #[cfg(feature = "mlock")]
    pub memory_lock: crate::MemoryLock,
}

/// All thread-cached pools that exist: those of types that have been used, and those that users
/// made and used, and have not dropped.
///
/// Those that are waited for (feature `managed`) are in `managed::pools`.
///
/// # Examples
///
/// ```
/// use poolable::{Poolable, pools};
///
/// #[derive(Poolable)]
/// #[pool(name = "requests")]
/// struct Request(Vec<u8>);
///
/// drop(Request::pooled());
/// assert!(pools().iter().any(|pool| pool.name == "requests" && pool.stats.idle == 1));
/// ```
#[must_use]
pub fn pools() -> Vec<PoolInfo> {
    let mut pools = Vec::new();
    registry::visit_all(|pool| {
        let (name, stats) = (pool.name().to_owned(), pool.stats());
        // One of buffers has sizes that nobody asked for.
        if stats == Stats::default() {
            return;
        }
        pools.push(PoolInfo {
            id: pool.id(),
            name,
            stats,
            limits: pool.limits(),
            caches: pool.caches(),
            #[cfg(feature = "mlock")]
            memory_lock: pool.memory_lock(),
        });
    });
    pools
}

/// All pools as a table, one line each, to print. Those that are waited for have a table of
/// their own, below. What could not be locked in memory, for a pool that asks for it, is told at
/// the end.
///
/// `KiB idle` is [`Stats::bytes_idle`], which counts what a thread's cache holds as of its last
/// exchange with the depot. `caches` is the most threads that have used the pool at one time. A pool
/// of buffers has a line for each size in use, and one, `NAME above SIZE`, for those that were
/// larger than any. `why` has the reasons that are not 0, by the names of
/// [`Discarded`](crate::Discarded): `full 160, oversize 3`. So it is with what pools that are waited
/// for destroyed.
///
/// # Examples
///
/// ```
/// use poolable::{Poolable, Pooled, report};
///
/// #[derive(Poolable)]
/// #[pool(name = "requests")]
/// struct Request(Vec<u8>);
///
/// Pooled::discard(Request::pooled());
/// let report = report().to_string();
/// let line = report.lines().find(|line| line.starts_with("requests")).unwrap();
/// assert!(line.split_whitespace().any(|word| word == "0.0%"), "{line}");
/// assert!(line.ends_with("  explicit 1"), "{line}");
/// ```
#[must_use]
pub fn report() -> Report {
    Report {
        pools: pools(),
        #[cfg(feature = "managed")]
        managed: managed::pools(),
    }
}

/// What [`report`] returns: a table when it is displayed.
///
/// # Examples
///
/// ```
/// let report: poolable::Report = poolable::report();
/// assert!(report.to_string().starts_with("pool"));
/// ```
#[derive(Clone, Debug)]
pub struct Report {
    pools: Vec<PoolInfo>,
    #[cfg(feature = "managed")]
    managed: Vec<managed::PoolInfo>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = [
            "pool",
            "gets",
            "hit rate",
            "in use",
            "idle",
            "KiB idle",
            "created",
            "discarded",
            "caches",
            "why",
        ];
        let row = |PoolInfo { name, stats, caches, .. }: &PoolInfo| {
            [
                on_one_line(name),
                stats.gets().to_string(),
                format!("{:.1}%", stats.hit_rate() * 100.0),
                stats.in_use.to_string(),
                stats.idle.to_string(),
                stats.bytes_idle.div_ceil(1024).to_string(),
                stats.created.to_string(),
                stats.discarded.total().to_string(),
                caches.to_string(),
                in_words(&stats.discarded.by_reason()),
            ]
        };
        write_table(f, head, self.pools.iter().map(row))?;
        #[cfg(feature = "managed")]
        if !self.managed.is_empty() {
            writeln!(f)?;
            self.write_managed(f)?;
        }
        #[cfg(feature = "mlock")]
        for pool in &self.pools {
            if let crate::MemoryLock::Degraded { .. } = pool.memory_lock {
                writeln!(f, "{}: {}", on_one_line(&pool.name), pool.memory_lock)?;
            }
        }
        Ok(())
    }
}

impl Report {
    #[cfg(feature = "managed")]
    fn write_managed(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = [
            "managed pool",
            "borrowed",
            "waited",
            "timed out",
            "in use",
            "idle",
            "open",
            "at most",
            "waiting",
            "created",
            "destroyed",
            "why",
        ];
        let row = |managed::PoolInfo { name, stats, .. }: &managed::PoolInfo| {
            [
                on_one_line(name),
                stats.borrowed.to_string(),
                stats.waited.to_string(),
                stats.timed_out.to_string(),
                stats.in_use.to_string(),
                stats.idle.to_string(),
                stats.open.to_string(),
                stats.max_open.map_or_else(|| "-".to_owned(), |most| most.to_string()),
                stats.waiting.to_string(),
                stats.created.to_string(),
                stats.destroyed.total().to_string(),
                in_words(&stats.destroyed.by_reason()),
            ]
        };
        write_table(f, head, self.managed.iter().map(row))
    }
}

/// A name as one line, whatever is in it.
pub(crate) fn on_one_line(name: &str) -> String {
    let parts = name.split('\'').map(|part| part.escape_debug().to_string());
    parts.collect::<Vec<_>>().join("'")
}

/// The counts that are not 0, each with its reason: `full 160, oversize 3`.
fn in_words(counts: &[(&str, u64)]) -> String {
    let counts = counts.iter().filter(|(_, count)| *count > 0);
    counts.map(|(reason, count)| format!("{reason} {count}")).collect::<Vec<_>>().join(", ")
}

/// Writes a head and rows, the first column and the last to the left, the others to the right. No
/// line ends with spaces.
fn write_table<const N: usize>(
    f: &mut fmt::Formatter<'_>,
    head: [&str; N],
    rows: impl Iterator<Item = [String; N]>,
) -> fmt::Result {
    let mut table = vec![head.map(str::to_owned)];
    table.extend(rows);
    let width = |column: usize| table.iter().map(|row| row[column].chars().count()).max();
    let widths: [usize; N] = core::array::from_fn(|column| width(column).unwrap_or(0));
    for row in &table {
        write!(f, "{:<1$}", row[0], widths[0])?;
        for (cell, &width) in row[..N - 1].iter().zip(&widths).skip(1) {
            write!(f, "  {cell:>width$}")?;
        }
        match row[N - 1].as_str() {
            "" => writeln!(f)?,
            last => writeln!(f, "  {last}")?,
        }
    }
    Ok(())
}

/// Calls `trim` on every pool: frees what was idle at the last call, and still is.
///
/// That reaches the depots and the current thread's caches. Objects in the caches of other
/// threads are marked, or freed, when their thread next gets or returns one.
///
/// Objects that only one thread has used so far may have to be dropped there, if their
/// type is not `Send`: called from another thread, this leaves that to the next get or
/// return. So it is with the pools of `local` types, each thread's of its own. Those of other
/// types with `#[derive(Poolable)]` are not concerned: their objects are `Send`.
///
/// # Examples
///
/// ```
/// use poolable::{Pool, trim_all};
///
/// let pool = Pool::new(String::new);
/// pool.prewarm(3);
/// trim_all();
/// assert_eq!(pool.stats().idle, 3);
/// trim_all();
/// assert_eq!(pool.stats().idle, 0);
/// ```
///
/// # Panics
///
/// If the drop of an object panics. The others are freed all the same, those in the caller's
/// own caches perhaps at its next get or return.
pub fn trim_all() {
    order(RawPool::trim_or_wish);
}

/// Gives memory back that is not needed: for a timer, about once in a second.
///
/// The time between two calls is a window. What a depot never got below during the last two
/// windows is its surplus, since nobody needed it, and half of the surplus is freed. So a
/// load that is steady loses nothing, and what a burst leaves behind goes: the window in
/// which the burst emptied the depot counts as one of the two, and three windows after that
/// one a quarter is left.
///
/// The current thread's caches are emptied into their depots, and so is every other
/// thread's when it next gets or returns an object, so that the surplus of a thread is found
/// as well. A thread that never comes back keeps what it has: 1 MiB in each pool at the
/// most, unless `cache` is given.
///
/// A window should be longer than the pause between two bursts that the pool is to be ready
/// for. What is freed goes to the allocator; whether that gives it back to the system is its
/// own affair.
///
/// What [`trim_all`] says of objects that are not `Send` holds here too.
///
/// # Examples
///
/// ```
/// use poolable::{Pool, maintain};
///
/// let pool: Pool<String> = Pool::builder().max_idle(10_000).build();
/// let burst: Vec<_> = (0..10_000).map(|_| pool.get()).collect();
/// drop(burst);
/// for _window in 0..3 {
///     maintain();
/// }
/// assert!(pool.stats().idle < 3_000);
/// ```
///
/// # Panics
///
/// If the drop of an object panics. The others are freed all the same, those in the caller's
/// own caches perhaps at its next get or return.
pub fn maintain() {
    order(RawPool::maintain_or_wish);
}

/// Gives an order to all pools, and has the current thread carry it out in its caches.
fn order(order: fn(&RawPool)) {
    let given = caught(|| registry::visit_all(order));
    let done = caught(thread::catch_up);
    match (given, done) {
        (Err(first), second) => {
            forget_panic(second);
            resume_unwind(first);
        }
        (Ok(()), Err(payload)) => resume_unwind(payload),
        (Ok(()), Ok(())) => {}
    }
}

/// A thread that calls [`maintain`] at regular intervals, until this is dropped.
///
/// For programs without a timer of their own.
///
/// # Examples
///
/// ```
/// use poolable::{Pool, Reaper};
/// use std::time::Duration;
///
/// static LINES: Pool<String> = Pool::new(String::new).shared();
///
/// let reaper = Reaper::spawn(Duration::from_millis(1))?; // a second, in a program
/// LINES.prewarm(10);
/// while LINES.stats().idle > 0 {
///     std::thread::yield_now(); // .. the program runs ..
/// }
/// drop(reaper);
/// assert_eq!(LINES.stats().discarded.trimmed, 10);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "the thread stops when this is dropped"]
pub struct Reaper {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Reaper {
    /// Starts the thread. `window` is the time between two calls of [`maintain`].
    ///
    /// An object whose drop panics does not stop it.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::{Pool, Reaper};
    /// use std::time::Duration;
    ///
    /// static LINES: Pool<String> = Pool::new(String::new);
    ///
    /// # fn main() -> std::io::Result<()> {
    /// std::thread::spawn(|| LINES.prewarm(100)).join().unwrap();
    /// LINES.prewarm(100);
    /// let _reaper = Reaper::spawn(Duration::from_millis(1))?;
    /// while LINES.stats().discarded.trimmed < 200 {
    ///     std::thread::yield_now();
    /// }
    /// assert_eq!(LINES.stats().idle, 0);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// If the system has no thread to give.
    pub fn spawn(window: Duration) -> io::Result<Self> {
        let (stop, stopped) = mpsc::channel();
        let reap = move || {
            while stopped.recv_timeout(window) == Err(RecvTimeoutError::Timeout) {
                forget_panic(caught(maintain));
            }
        };
        let thread = std::thread::Builder::new().name("poolable-reaper".to_owned()).spawn(reap)?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Reaper {
    /// Stops the thread, and waits for it.
    fn drop(&mut self) {
        drop(self.stop.take());
        let Some(thread) = self.thread.take() else { return };
        // An object's drop may drop the reaper on the reaper's own thread.
        if thread.thread().id() != std::thread::current().id() {
            // It contains the panics of others, and has none of its own.
            let _ = thread.join();
        }
    }
}
