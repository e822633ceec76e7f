//! Who holds objects, and for how long.
//!
//! While somebody watches, no cache serves a get by its fast way (see `cache`), and so each
//! comes by here (`lifecycle::note_get`). One that is to be remembered is put on record: the
//! word of its slot gets a mark, which the return overwrites with what it writes anyway. So a
//! return does nothing for this, and while nobody watches, neither does a get: in the program
//! of `xtask/hits` a hit takes as many instructions as before there was a watch. Where a call
//! cannot be done without, it costs a little: a second object in hand costs the address of the
//! place, one instruction; an object that is shared, two looks at a flag, 15 instructions from
//! its get to its return.
//!
//! The records stand in a table of the process (`table`), with the places in the user's code
//! that the compiler passes along (`#[track_caller]`). A hit ignores that argument, and the
//! optimiser leaves it out.
//!
//! # Invariants
//!
//! 1. Reports are the user's code: no lock is held when one runs.
//! 2. A watch has all caches be watched before it returns to whoever started it, those that
//!    are claimed later included: a pool is listed before it is claimed (`thread`).
//!
//! # Rejected
//!
//! A count beside the object, or in its cache, of every get: a hit would pay for it.
//!
//! To summon the owners of all caches when the first watch begins: they would hand all of
//! their objects over.

mod table;

use core::fmt;
use core::panic::Location;
use core::time::Duration;
use std::collections::HashSet;
use std::io;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender, TryRecvError};
use std::thread::JoinHandle;

pub(crate) use self::table::{
    Followed, Scope, Unwatched, Watching, forget, got, is_on, outstanding, share, unshare,
};
use crate::events;
use crate::process::on_one_line;
use crate::raw_pool::{caught, forget_panic};

/// Of so many gets, one is sampled on average.
const ONE_IN: u32 = 128;

/// An object that is not back in its pool, as [`HoldWatch`] tells of it.
///
/// Displayed, it is one line.
///
/// # Examples
///
/// ```
/// use poolable::{HoldWatch, Pool};
/// use std::time::Duration;
///
/// # fn main() -> std::io::Result<()> {
/// let pool: Pool<String> = Pool::builder().name("lines").build();
/// let watch = HoldWatch::spawn(Duration::from_secs(60), |hold| eprintln!("{hold}"))?;
/// let _lines: Vec<_> = (0..255).map(|_| pool.get()).collect();
///
/// let hold = &watch.outstanding()[0];
/// assert_eq!(hold.pool, "lines");
/// let line = hold.to_string();
/// assert!(line.starts_with(&format!("lines: got at {}, held for ", hold.location)), "{line}");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Hold {
    /// The name of the pool.
    pub pool: String,
    /// Where the object was got.
    pub location: &'static Location<'static>,
    /// For how long it has been out.
    pub held: Duration,
}

impl fmt::Display for Hold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (pool, location) = (on_one_line(&self.pool), self.location);
        write!(f, "{pool}: got at {location}, held for {:.1?}", self.held)
    }
}

/// Tells which objects of thread-cached pools are held for too long, and where they were got,
/// for as long as this lives.
///
/// One get in 128 is sampled, on average: after each sample of a thread, the next is one of the
/// 255 gets that follow, each as likely. The first one of a thread is as likely to be sampled as
/// any other. So what is held for long again and again is found,
/// and a single object most probably is not. [`assert_none_outstanding`], for tests, follows
/// every get.
///
/// The pools are those of types with `#[derive(Poolable)]`, [`Pool`]s and pools of buffers.
/// Those that are waited for (feature `managed`) have a `hold_warn_after` of their own.
///
/// An object is out until it is back in its pool, wherever it is: in a [`Shared`] until the
/// last handle is gone, in a [`PooledMap`], in a queue, or lost, as the guard that was passed
/// to `mem::forget`. What was detached by `into_inner` or `leak` is not out, and neither is
/// what a return resets where it is, inside of another pooled object. What a create takes from
/// pools, and a return of an object that holds guards, is not sampled.
///
/// Where it was got is the place of the call: `Request::pooled()`, `pool.get()` and so on, also
/// when it is made by `Pooled::default`. A function between the pool and the place that is of
/// interest passes that on if it has `#[track_caller]`. The standard library's mostly have not: of
/// `mem::take(&mut guard)` and `unwrap_or_default()` the place is theirs, and so is that of
/// `unwrap_or_else(Request::pooled)`, where a closure, `|| Request::pooled()`, has its own. What
/// is got by `Deserialize`, and by axum's extractor, has its place in this crate.
///
/// [`assert_none_outstanding`]: crate::testing::assert_none_outstanding
/// [`Pool`]: crate::Pool
/// [`PooledMap`]: crate::PooledMap
/// [`Shared`]: crate::Shared
///
/// # Examples
///
/// ```
/// use poolable::{HoldWatch, Poolable};
/// use std::sync::mpsc;
/// use std::time::Duration;
///
/// #[derive(Poolable)]
/// #[pool(name = "requests")]
/// struct Request {
///     path: String,
/// }
///
/// # fn main() -> std::io::Result<()> {
/// let (report, reports) = mpsc::channel();
/// let watch = HoldWatch::spawn(Duration::from_millis(20), move |hold| {
///     let _ = report.send(hold.clone()); // or a line to a log: `eprintln!("{hold}")`
/// })?;
///
/// let requests: Vec<_> = (0..255).map(|_| Request::pooled()).collect();
/// let hold = reports.recv().unwrap();
/// assert_eq!((hold.pool.as_str(), hold.location.file()), ("requests", file!()));
/// assert!(hold.held >= Duration::from_millis(20));
///
/// drop(requests);
/// assert!(watch.outstanding().is_empty());
/// # Ok(())
/// # }
/// ```
///
/// # Performance
///
/// While no watch lives, a hit is not an instruction longer for it. While one does, gets take a
/// slow way: a get and a return of a small struct then take 170 instructions where they take 33,
/// still without a lock and an allocation. Samples lock their pool's depot and a table of the
/// process, and objects that are shared or freed lock the table.
#[derive(Debug)]
#[must_use = "the watch ends when this is dropped"]
pub struct HoldWatch {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
    watching: Watching,
}

impl HoldWatch {
    /// Starts a thread that reports each sampled object, once, when it has been out for
    /// `longest`: at most a quarter of that later, or one second if that is less.
    ///
    /// The report may use the pools, and drop the watch. While it runs, no other one does. If
    /// it panics, that ends there, and the watch goes on.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::{HoldWatch, Pool};
    /// use std::sync::mpsc;
    /// use std::time::Duration;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let pool = Pool::new(String::new);
    /// let (report, reports) = mpsc::channel();
    /// let _watch = HoldWatch::spawn(Duration::ZERO, move |hold| {
    ///     let _ = report.send(hold.location.line());
    /// })?;
    /// let line = line!() + 1;
    /// let _held: Vec<_> = (0..255).map(|_| pool.get()).collect();
    /// assert_eq!(reports.recv(), Ok(line));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// If the system has no thread to give.
    pub fn spawn<F>(longest: Duration, mut report: F) -> io::Result<Self>
    where
        F: FnMut(&Hold) + Send + 'static,
    {
        let (stop, stopped) = mpsc::channel();
        let pause = (longest / 4).clamp(Duration::from_millis(1), Duration::from_secs(1));
        let watch = move || {
            let mut reported = HashSet::new();
            while stopped.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
                look(longest, &mut reported, &stopped, &mut report);
            }
            // The report is the user's, and so is its drop.
            forget_panic(caught(|| drop(report)));
        };
        let watching = Watching::samples();
        let thread = std::thread::Builder::new().name("poolable-holds".to_owned()).spawn(watch)?;
        Ok(Self { stop: Some(stop), thread: Some(thread), watching })
    }

    /// What has been sampled and is still out, what was got first first, however long it has
    /// been: at the end of a program, what nobody gave back.
    ///
    /// Two watches share their samples.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::{HoldWatch, Pool, PooledRef};
    /// use std::time::Duration;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let pool = Pool::new(String::new);
    /// let watch = HoldWatch::spawn(Duration::from_secs(60), |hold| eprintln!("{hold}"))?;
    /// let held: Vec<_> = (0..1000).map(|_| pool.get()).collect();
    /// assert!((3..100).contains(&watch.outstanding().len()));
    /// held.into_iter().for_each(PooledRef::discard);
    /// assert!(watch.outstanding().is_empty());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn outstanding(&self) -> Vec<Hold> {
        let holds = outstanding(self.watching.scope());
        holds.into_iter().map(|(_, hold)| hold).collect()
    }
}

impl Drop for HoldWatch {
    /// Stops the thread, and waits for it, and for a report that is under way.
    fn drop(&mut self) {
        drop(self.stop.take());
        let Some(thread) = self.thread.take() else { return };
        // A report may drop the watch on the watch's own thread.
        if thread.thread().id() != std::thread::current().id() {
            // It contains the panics of the report, and has none of its own.
            let _ = thread.join();
        }
    }
}

/// Reports what has been out for too long, and not been reported.
fn look(
    longest: Duration,
    reported: &mut HashSet<usize>,
    stopped: &Receiver<()>,
    report: &mut dyn FnMut(&Hold),
) {
    let mut holds = outstanding(Scope::Samples);
    holds.retain(|(_, hold)| hold.held >= longest);
    // Those that are back are not asked for again.
    let known = core::mem::take(reported);
    reported.extend(holds.iter().map(|&(number, _)| number));
    for (number, hold) in holds {
        if known.contains(&number) {
            continue;
        }
        // The one before may have dropped the watch.
        if stopped.try_recv() == Err(TryRecvError::Disconnected) {
            return;
        }
        held_too_long(&hold, report);
    }
}

/// Reports a hold: the one place where that happens.
fn held_too_long(hold: &Hold, report: &mut dyn FnMut(&Hold)) {
    events::held(&hold.pool, hold.location, hold.held);
    forget_panic(caught(|| report(hold)));
}
