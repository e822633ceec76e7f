//! Tests that find out who keeps a pooled object.

use core::fmt::Write;
use core::panic::Location;

use crate::watch::{self, Followed, Hold, Scope, Watching};

/// How many objects a message lists.
const MOST_LISTED: usize = 20;

/// Follows every object that the current thread gets from a thread-cached pool from here on,
/// and demands that all are back when the guard is dropped.
///
/// The pools are those of types with `#[derive(Poolable)]`, [`Pool`]s and pools of buffers. An
/// object counts wherever it goes, to other threads too, until it is back in its pool, or was
/// detached by `into_inner` or `leak`. So it does as a [`Shared`], until the last handle is
/// gone, as a [`PooledMap`], and in a field of another pooled object, until a return empties
/// that field, or resets what is in it. What the program attaches to a pool counts as got; what
/// a create takes, or the return of an object that holds guards, does not: it is a part of that
/// object.
///
/// What other threads get does not count, so that tests that run at the same time and use the
/// same pools do not disturb each other. A thread that belongs to the test is made to count by
/// a [`Tracker`]. So are not the tasks of a runtime that change threads: give the runtime one
/// thread, the test's.
///
/// Of several guards on one thread, the last one follows the gets, until it is dropped; then
/// the one before does again. Drop them in the opposite order of their making, as variables are.
///
/// Leases of managed pools are not followed. Such a pool has a `stats().in_use` that is exact,
/// and belongs to the test that made it.
///
/// [`Pool`]: crate::Pool
/// [`PooledMap`]: crate::PooledMap
/// [`Shared`]: crate::Shared
///
/// # Examples
///
/// ```
/// use poolable::testing::assert_none_outstanding;
/// use poolable::{Poolable, Pooled};
///
/// #[derive(Poolable)]
/// #[pool(name = "requests")]
/// struct Request(Vec<u8>);
///
/// /// Keeps what it was to answer.
/// fn handle(kept: &mut Vec<Pooled<Request>>) {
///     kept.push(Request::pooled());
/// }
///
/// let mut kept = Vec::new();
/// let none_outstanding = assert_none_outstanding();
/// handle(&mut kept);
/// let caught = std::panic::catch_unwind(|| none_outstanding.check()).unwrap_err();
/// let message = caught.downcast_ref::<String>().unwrap();
/// assert!(message.contains(&format!("requests: got at {}", file!())), "{message}");
///
/// kept.clear();
/// drop(none_outstanding); // it checks, too
/// ```
#[track_caller]
pub fn assert_none_outstanding() -> NoneOutstanding {
    let watching = Watching::follower();
    let followed = Followed::new(watching.scope());
    NoneOutstanding { _followed: followed, watching, since: Location::caller() }
}

/// Checks, when it is dropped, that all objects are back: made by [`assert_none_outstanding`].
///
/// It stays on its thread.
///
/// # Examples
///
/// ```
/// use poolable::Pool;
/// use poolable::testing::{NoneOutstanding, assert_none_outstanding};
///
/// let pool = Pool::new(String::new);
/// let kept = pool.get(); // before: it does not count
/// let none_outstanding: NoneOutstanding = assert_none_outstanding();
/// drop(pool.get());
/// drop(none_outstanding);
/// # drop(kept);
/// ```
///
/// # Panics
///
/// On drop, if an object is outstanding, unless the thread is panicking already.
#[derive(Debug)]
#[must_use = "it checks when it is dropped: keep it until the end of the test"]
pub struct NoneOutstanding {
    // First, so that nothing is followed any more when the watching ends.
    _followed: Followed,
    watching: Watching,
    since: &'static Location<'static>,
}

impl NoneOutstanding {
    /// Demands that all objects are back by now.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::Pool;
    /// use poolable::testing::assert_none_outstanding;
    /// use std::panic::{AssertUnwindSafe, catch_unwind};
    ///
    /// let pool = Pool::new(String::new);
    /// let none_outstanding = assert_none_outstanding();
    /// let line = pool.get();
    /// assert!(catch_unwind(AssertUnwindSafe(|| none_outstanding.check())).is_err());
    /// drop(line);
    /// none_outstanding.check();
    /// ```
    ///
    /// # Panics
    ///
    /// If one is not. The message lists those that are outstanding: the pool, the place where
    /// each was got, and for how long it has been out.
    #[track_caller]
    pub fn check(&self) {
        let outstanding = watch::outstanding(self.watching.scope());
        if !outstanding.is_empty() {
            panic!("{}", message(self.since, outstanding.iter().map(|(_, hold)| hold)));
        }
    }

    /// A handle by which other threads of the test are made to count.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::Pool;
    /// use poolable::testing::assert_none_outstanding;
    /// use std::panic::{AssertUnwindSafe, catch_unwind};
    ///
    /// static LINES: Pool<String> = Pool::new(String::new);
    ///
    /// let none_outstanding = assert_none_outstanding();
    /// let tracker = none_outstanding.tracker();
    /// let thread = std::thread::spawn(move || {
    ///     let _following = tracker.follow();
    ///     LINES.get()
    /// });
    /// let line = thread.join().unwrap();
    /// assert!(catch_unwind(AssertUnwindSafe(|| none_outstanding.check())).is_err());
    /// # drop(line);
    /// ```
    #[must_use]
    pub fn tracker(&self) -> Tracker {
        Tracker { scope: self.watching.scope() }
    }
}

impl Drop for NoneOutstanding {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.check();
        }
    }
}

/// Has other threads be followed too: made by [`NoneOutstanding::tracker`].
///
/// # Examples
///
/// ```
/// use poolable::Pool;
/// use poolable::testing::{Tracker, assert_none_outstanding};
///
/// static LINES: Pool<String> = Pool::new(String::new);
///
/// fn work(tracker: Tracker) {
///     let _following = tracker.follow();
///     drop(LINES.get());
/// }
///
/// let none_outstanding = assert_none_outstanding();
/// let tracker = none_outstanding.tracker();
/// let threads = [tracker.clone(), tracker].map(|tracker| std::thread::spawn(|| work(tracker)));
/// threads.map(|thread| thread.join().unwrap());
/// none_outstanding.check();
/// ```
#[derive(Clone, Debug)]
pub struct Tracker {
    scope: Scope,
}

impl Tracker {
    /// Has the current thread's gets count, until what this returns is dropped, or the guard of
    /// the test is.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::Pool;
    /// use poolable::testing::{Following, assert_none_outstanding};
    ///
    /// static LINES: Pool<String> = Pool::new(String::new);
    ///
    /// let none_outstanding = assert_none_outstanding();
    /// let tracker = none_outstanding.tracker();
    /// let line = std::thread::spawn(move || {
    ///     let following: Following = tracker.follow();
    ///     drop(following);
    ///     LINES.get()
    /// });
    /// let line = line.join().unwrap(); // got when nobody followed any more
    /// none_outstanding.check();
    /// # drop(line);
    /// ```
    pub fn follow(&self) -> Following {
        Following { _followed: Followed::new(self.scope) }
    }
}

/// Has a thread's gets count until this is dropped: made by [`Tracker::follow`].
///
/// # Examples
///
/// ```
/// use poolable::testing::{Following, assert_none_outstanding};
///
/// let none_outstanding = assert_none_outstanding();
/// let tracker = none_outstanding.tracker();
/// std::thread::spawn(move || {
///     let following: Following = tracker.follow();
///     // .. what is got here counts
///     drop(following);
/// })
/// .join()
/// .unwrap();
/// # none_outstanding.check();
/// ```
#[derive(Debug)]
#[must_use = "the thread is followed until this is dropped"]
pub struct Following {
    _followed: Followed,
}

fn message<'a>(since: &Location<'_>, holds: impl ExactSizeIterator<Item = &'a Hold>) -> String {
    let count = holds.len();
    let what = if count == 1 { "object is" } else { "objects are" };
    let mut message = format!("{count} pooled {what} outstanding, got since {since}:");
    for hold in holds.take(MOST_LISTED) {
        // A `String` takes everything.
        let _ = write!(message, "\n  {hold}");
    }
    if count > MOST_LISTED {
        let _ = write!(message, "\n  and {} more", count - MOST_LISTED);
    }
    message
}
