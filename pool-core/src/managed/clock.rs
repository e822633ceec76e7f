//! The time that a pool goes by: the system's, or one that a test moves.
//!
//! # Invariants
//!
//! 1. No waker is cloned, woken or dropped while a clock is locked.
//! 2. Of a manual clock, the time and the timers are under one lock: a timer is set before
//!    the time passes it, and `advance` fires it, or after, and it fires as it is set.
//! 3. [`Clock::recent`] is never ahead of [`Clock::now`].
//!
//! # Rejected
//!
//! `Instant::now` for every reading: 23 ns, where the coarse clock takes 3. A get and its
//! return read the time twice.
//!
//! To keep what an `Instant` would be at the zero of the system's clock, and add the coarse
//! reading to that: as fast as to subtract first, but there need not be an `Instant` that
//! early.

use core::fmt;
use core::task::Waker;
use core::time::Duration;
use std::sync::Arc;
use std::task::Wake;
use std::thread::{self, Thread};
use std::time::Instant;

#[cfg(feature = "tokio")]
use self::tokio::Tokio;
#[cfg(feature = "tokio")]
use super::getting::LOOK_AGAIN;
use super::keeper::{self, Key, Timer, Timers};
use crate::sync::Mutex;

#[cfg(feature = "tokio")]
mod tokio;

/// The time that a pool goes by: the system's, or, in a test, one that the test moves.
///
/// Clones are handles to the same clock.
///
/// # Examples
///
/// ```
/// use std::time::{Duration, Instant};
///
/// use poolable::managed::Clock;
///
/// // Half an hour in no time.
/// let clock = Clock::manual();
/// let (start, handle) = (clock.now(), clock.clone());
/// handle.advance(Duration::from_secs(30 * 60));
/// assert_eq!(clock.now() - start, Duration::from_secs(30 * 60));
///
/// let system = Clock::system();
/// assert!(system.now() <= Instant::now());
/// ```
#[derive(Clone)]
pub struct Clock {
    source: Source,
}

#[derive(Clone)]
enum Source {
    System,
    Manual(Arc<Manual>),
    #[cfg(feature = "tokio")]
    Tokio(Tokio),
}

impl Clock {
    /// Returns the clock of the system: the one of [`Instant::now`].
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Instant;
    ///
    /// use poolable::managed::Clock;
    ///
    /// let before = Instant::now();
    /// assert!(Clock::system().now() >= before);
    /// ```
    #[must_use]
    pub const fn system() -> Self {
        Self { source: Source::System }
    }

    /// Returns a clock that stands still until it is moved by [`advance`](Self::advance). It
    /// starts at the system's present time.
    ///
    /// A pool with such a clock expires, warns and times out when the test says so: a thread
    /// that waits for an object with a deadline waits until the clock has been moved there. That
    /// goes for `drain` and for the pauses between two attempts of a create as well, and the
    /// deadlines that `drain` and `get_with` are given are times of this clock: begin with its
    /// [`now`](Self::now).
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::managed::Clock;
    ///
    /// let clock = Clock::manual();
    /// let first = clock.now();
    /// std::thread::yield_now();
    /// assert_eq!(clock.now(), first);
    /// ```
    #[must_use]
    pub fn manual() -> Self {
        let state = State { now: Instant::now(), timers: Timers::new() };
        Self { source: Source::Manual(Arc::new(Manual { state: Mutex::new(state) })) }
    }

    /// Returns the clock of the tokio runtime that this is called in: that of
    /// `tokio::time::Instant::now`, which stands still when a test has called
    /// `tokio::time::pause`, and then goes from one thing that is waited for to the next.
    ///
    /// What a pool waits for is a task of that runtime: nothing is timed while that does not run,
    /// or when it has ended.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::managed::{BoundedPool, Clock, GetError, Timeouts};
    /// use std::time::{Duration, Instant};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// tokio::time::pause();
    /// let wait = Duration::from_secs(3600);
    /// let pool = BoundedPool::builder(String::new)
    ///     .max_open(1)
    ///     .timeouts(Timeouts { wait: Some(wait), ..Timeouts::default() })
    ///     .clock(&Clock::tokio())
    ///     .build()?;
    /// let _line = pool.get_async().await?;
    /// let start = Instant::now();
    /// assert!(matches!(pool.get_async().await, Err(GetError::Timeout { .. })));
    /// assert!(start.elapsed() < wait); // an hour in no time
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// If it is not called in a tokio runtime, or in one without a timer.
    #[cfg(feature = "tokio")]
    #[must_use]
    #[track_caller]
    pub fn tokio() -> Self {
        Self { source: Source::Tokio(Tokio::current()) }
    }

    /// Returns the time.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use poolable::managed::Clock;
    ///
    /// let clock = Clock::manual();
    /// let deadline = clock.now() + Duration::from_secs(1);
    /// clock.advance(Duration::from_millis(1500));
    /// assert!(clock.now() > deadline);
    /// ```
    #[must_use]
    pub fn now(&self) -> Instant {
        match &self.source {
            Source::System => Instant::now(),
            Source::Manual(manual) => manual.now(),
            #[cfg(feature = "tokio")]
            Source::Tokio(tokio) => tokio.now(),
        }
    }

    /// Moves a manual clock on, and has everything done that is due by then: when this
    /// returns, those who waited for it have been woken, and run as soon as the system lets
    /// them.
    ///
    /// What has come of age is counted as destroyed by then; `destroy` itself runs on a thread of
    /// the pool's, and may not have ended. Look at `stats().destroying`, or `drain` the pool,
    /// rather than count in it.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use poolable::managed::Clock;
    ///
    /// let clock = Clock::manual();
    /// let start = clock.now();
    /// clock.advance(Duration::from_millis(50));
    /// clock.advance(Duration::from_millis(50));
    /// assert_eq!(clock.now() - start, Duration::from_millis(100));
    /// ```
    ///
    /// # Panics
    ///
    /// If this is not a manual clock, or if the time is more than an `Instant` can hold.
    pub fn advance(&self, time: Duration) {
        let Source::Manual(manual) = &self.source else {
            panic!(
                "`Clock::advance`: this clock cannot be moved; give the pool a `Clock::manual()`"
            );
        };
        manual.advance(time);
    }

    /// The time as of the system's last tick, some milliseconds ago, for a fraction of what
    /// [`now`](Self::now) costs; the other clocks are exact.
    ///
    /// # Performance
    ///
    /// On Linux a read of memory that the kernel shares: 3 ns, where `Instant::now` takes 23.
    #[inline]
    pub(crate) fn recent(&self) -> Instant {
        match &self.source {
            Source::System => coarse::now(),
            _ => self.now(),
        }
    }

    /// Has the waker woken at that time: once, unless the timer is dropped before, on the
    /// keeper's thread or that of the call to `advance`.
    ///
    /// Call this with no lock held: on a manual clock that is past that time already, the
    /// waker is woken before this returns.
    pub(crate) fn wake_at(&self, at: Instant, waker: Waker) -> Timer {
        match &self.source {
            Source::System => keeper::wake_at(at, waker),
            Source::Manual(manual) => Manual::wake_at(manual, at, waker),
            #[cfg(feature = "tokio")]
            Source::Tokio(tokio) => tokio.wake_at(at, waker),
        }
    }

    /// Whether timers that are set will fire: the system may have no thread to give for them, and
    /// a runtime may have come to its end.
    pub(crate) fn keeps_time(&self) -> bool {
        match &self.source {
            Source::System => keeper::is_alive(),
            Source::Manual(_) => true,
            #[cfg(feature = "tokio")]
            Source::Tokio(_) => false,
        }
    }

    /// Parks the current thread until it is unparked or the deadline has come, or, now and
    /// then, for less: look at the time and call again.
    pub(crate) fn park_until(&self, deadline: Option<Instant>) {
        match (deadline, &self.source) {
            (None, _) => thread::park(),
            (Some(at), Source::System) => {
                thread::park_timeout(at.saturating_duration_since(Instant::now()));
            }
            // It may stand still, or run ahead.
            #[cfg(feature = "tokio")]
            (Some(_), Source::Tokio(_)) => thread::park_timeout(LOOK_AGAIN),
            (Some(at), Source::Manual(manual)) => {
                // If the time comes before this thread is parked, it has been unparked by
                // then, and does not park at all.
                let unpark = Waker::from(Arc::new(Unpark(thread::current())));
                let _timer = Manual::wake_at(manual, at, unpark);
                thread::park();
            }
        }
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.source {
            Source::System => "Clock::system()",
            Source::Manual(_) => "Clock::manual()",
            #[cfg(feature = "tokio")]
            Source::Tokio(_) => "Clock::tokio()",
        })
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// A time that only `advance` moves, and who waits for it.
pub(super) struct Manual {
    state: Mutex<State>,
}

struct State {
    now: Instant,
    timers: Timers,
}

impl Manual {
    fn now(&self) -> Instant {
        self.state.lock().now
    }

    fn advance(&self, time: Duration) {
        let mut state = self.state.lock();
        let Some(later) = state.now.checked_add(time) else {
            drop(state);
            panic!("`Clock::advance`: no `Instant` is that late; advance by less");
        };
        state.now = later;
        drop(state);
        self.fire();
    }

    fn wake_at(this: &Arc<Self>, at: Instant, waker: Waker) -> Timer {
        let key = this.state.lock().timers.set(at, waker);
        let timer = Timer::manual(key, Arc::clone(this));
        this.fire();
        timer
    }

    pub(super) fn cancel(&self, key: Key) -> Option<Waker> {
        self.state.lock().timers.cancel(key)
    }

    /// Wakes all that are due, one by one, so that one of them may yet cancel the next.
    fn fire(&self) {
        while let Some(waker) = self.pop_due() {
            keeper::wake(waker);
        }
    }

    fn pop_due(&self) -> Option<Waker> {
        let mut state = self.state.lock();
        let now = state.now;
        state.timers.pop_due(now)
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
mod coarse {
    use core::time::Duration;
    use std::sync::OnceLock;
    use std::time::Instant;

    use rustix::time::{ClockId, Timespec, clock_gettime};

    /// The time of the last tick.
    #[inline]
    pub(super) fn now() -> Instant {
        static BASE: OnceLock<Base> = OnceLock::new();
        BASE.get_or_init(Base::take).at(clock_gettime(ClockId::MonotonicCoarse))
    }

    /// One moment on two scales: that of `Instant`, which cannot be made from numbers, and
    /// that of the system's monotonic clock, which is what `Instant` reads and what the
    /// coarse clock had at its last tick.
    pub(super) struct Base {
        pub(super) instant: Instant,
        pub(super) monotonic: Timespec,
    }

    impl Base {
        /// `instant` is read first, and so stands for `monotonic` or a moment before it: what
        /// is counted from there is behind the time by as much, and not ahead of it.
        ///
        /// A thread that loses its processor between the two would have all readings late
        /// for ever: the best of a few is taken.
        #[cold]
        fn take() -> Self {
            let attempts = (0..8).map(|_| {
                let instant = Instant::now();
                let monotonic = clock_gettime(ClockId::Monotonic);
                (instant.elapsed(), Self { instant, monotonic })
            });
            attempts.min_by_key(|&(took, _)| took).expect("there were eight").1
        }

        /// The coarse clock may not have ticked since the base was taken: then it is the
        /// base's time.
        ///
        /// Counted by hand: the operators of `Timespec` are calls, with which a reading takes
        /// 5 to 8 ns in place of 3.
        #[inline]
        pub(super) fn at(&self, coarse: Timespec) -> Instant {
            let mut seconds = coarse.tv_sec - self.monotonic.tv_sec;
            let mut nanos = coarse.tv_nsec - self.monotonic.tv_nsec;
            if nanos < 0 {
                seconds -= 1;
                nanos += 1_000_000_000;
            }
            match u64::try_from(seconds) {
                Ok(seconds) => self.instant + Duration::new(seconds, nanos as u32),
                Err(_) => self.instant,
            }
        }
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod coarse {
    pub(super) use std::time::Instant;

    #[inline]
    pub(super) fn now() -> Instant {
        Instant::now()
    }
}

#[cfg(test)]
mod tests {
    use core::panic::AssertUnwindSafe;
    use core::sync::atomic::{AtomicBool, Ordering};
    use std::panic::{catch_unwind, panic_any};
    use std::sync::mpsc;

    use super::super::keeper::calling;
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn sending<T: Clone + Send + Sync + 'static>(to: &mpsc::Sender<T>, what: T) -> Waker {
        let to = to.clone();
        calling(move || _ = to.send(what.clone()))
    }

    #[test]
    fn a_manual_clock_stands_still_until_it_is_moved() {
        let clock = Clock::manual();
        let start = clock.now();
        while Instant::now() == start {}
        assert_eq!((clock.now(), clock.recent()), (start, start));
        let other = clock.clone();
        other.advance(SECOND);
        assert_eq!((clock.now(), clock.recent()), (start + SECOND, start + SECOND));
        clock.advance(Duration::ZERO);
        assert_eq!(other.now(), start + SECOND);
        assert!(Clock::manual().now() < other.now(), "each has a time of its own");
    }

    fn message(run: impl FnOnce()) -> String {
        let panic = catch_unwind(AssertUnwindSafe(run)).unwrap_err();
        panic.downcast_ref::<&str>().map(|&text| text.to_owned()).unwrap()
    }

    #[test]
    fn only_a_manual_clock_can_be_moved_and_only_so_far() {
        let text = message(|| Clock::system().advance(SECOND));
        assert!(text.starts_with("`Clock::advance`: ") && text.contains("`Clock::manual()`"));

        let clock = Clock::manual();
        let start = clock.now();
        let text = message(|| clock.advance(Duration::MAX));
        assert!(text.starts_with("`Clock::advance`: ") && text.contains("advance by less"));
        assert_eq!(clock.now(), start);
        clock.advance(SECOND);
        assert_eq!(clock.now(), start + SECOND);
    }

    #[test]
    fn clocks_say_which_they_are() {
        let text = format!("{:?} {:?}", Clock::system(), Clock::manual());
        assert_eq!(text, "Clock::system() Clock::manual()");
    }

    #[test]
    fn an_advance_fires_what_is_due_by_then_in_order_when_the_time_has_been_set() {
        let (clock, (fired, order)) = (Clock::manual(), mpsc::channel());
        let start = clock.now();
        let timers = [3, 1, 4, 2, 1].map(|seconds| {
            let (fired, handle) = (fired.clone(), clock.clone());
            let waker = calling(move || fired.send((seconds, handle.now() - start)).unwrap());
            clock.wake_at(start + seconds * SECOND, waker)
        });
        clock.advance(SECOND - Duration::from_nanos(1));
        assert_eq!(order.try_iter().count(), 0);
        clock.advance(Duration::from_nanos(1));
        assert!(order.try_iter().eq([(1, SECOND), (1, SECOND)]));
        clock.advance(2 * SECOND);
        assert!(order.try_iter().eq([(2, 3 * SECOND), (3, 3 * SECOND)]));
        drop(timers);
        clock.advance(SECOND);
        assert_eq!(order.try_iter().count(), 0);
    }

    #[test]
    fn a_timer_that_is_overdue_fires_as_it_is_set() {
        let (clock, (fired, order)) = (Clock::manual(), mpsc::channel());
        let timer = clock.wake_at(clock.now(), sending(&fired, ()));
        assert_eq!(order.try_iter().count(), 1);
        clock.advance(SECOND);
        assert_eq!(order.try_iter().count(), 0);
        drop(timer);
    }

    #[test]
    fn a_waker_may_cancel_the_next_timer_and_set_others() {
        let (clock, (fired, order)) = (Clock::manual(), mpsc::channel());
        let start = clock.now();
        let (victim, kept) = (Arc::new(Mutex::new(None)), Arc::new(Mutex::new(Vec::new())));
        let first = clock.wake_at(
            start + SECOND,
            calling({
                let (clock, fired) = (clock.clone(), fired.clone());
                let (victim, kept) = (Arc::clone(&victim), Arc::clone(&kept));
                move || {
                    fired.send("first").unwrap();
                    drop(victim.lock().take());
                    for (seconds, what) in [(1, "at once"), (9, "later")] {
                        let timer = clock.wake_at(start + seconds * SECOND, sending(&fired, what));
                        kept.lock().push(timer);
                    }
                }
            }),
        );
        let timer = clock.wake_at(start + 2 * SECOND, sending(&fired, "victim"));
        *victim.lock() = Some(timer);
        clock.advance(5 * SECOND);
        assert!(order.try_iter().eq(["first", "at once"]));
        clock.advance(5 * SECOND);
        assert!(order.try_iter().eq(["later"]));
        kept.lock().clear();
        drop(first);
    }

    #[test]
    fn a_waker_that_panics_keeps_no_other_from_being_woken() {
        let (clock, (fired, order)) = (Clock::manual(), mpsc::channel());
        let timers = [
            clock.wake_at(clock.now() + SECOND, calling(|| panic_any(()))),
            clock.wake_at(clock.now() + SECOND, sending(&fired, ())),
        ];
        clock.advance(SECOND);
        assert_eq!(order.try_iter().count(), 1);
        drop(timers);
    }

    /// Sets a timer as it is dropped, and drops that one.
    struct Meddler(Clock);

    impl Drop for Meddler {
        fn drop(&mut self) {
            drop(self.0.wake_at(self.0.now() + SECOND, Waker::noop().clone()));
        }
    }

    #[test]
    fn a_waker_is_dropped_with_no_lock_held_and_when_its_timer_is() {
        let clock = Clock::manual();
        let alive = Arc::new(());
        let meddling = || {
            let held = (Meddler(clock.clone()), Arc::clone(&alive));
            calling(move || _ = &held)
        };
        let (dropped, fired) = (
            clock.wake_at(clock.now() + SECOND, meddling()),
            clock.wake_at(clock.now() + SECOND, meddling()),
        );
        drop(dropped);
        assert_eq!(Arc::strong_count(&alive), 2);
        clock.advance(SECOND);
        assert_eq!(Arc::strong_count(&alive), 1);
        drop(fired);
    }

    #[test]
    fn a_thread_that_is_parked_on_a_manual_clock_wakes_when_its_time_comes() {
        let clock = Clock::manual();
        for _ in 0..500 {
            let deadline = clock.now() + 2 * SECOND;
            thread::scope(|scope| {
                let waiter = scope.spawn(|| {
                    while clock.now() < deadline {
                        clock.park_until(Some(deadline));
                    }
                });
                // Whatever the waiter is at: before it has set its timer, between that and
                // its sleep, or asleep.
                clock.advance(SECOND);
                thread::yield_now();
                assert!(!waiter.is_finished() && clock.now() < deadline);
                clock.advance(SECOND);
            });
        }
        let Source::Manual(manual) = clock.source else { panic!("it is a manual one") };
        assert!(manual.state.lock().timers.is_empty());
    }

    #[test]
    fn a_parked_thread_can_be_unparked_before_its_time() {
        for clock in [Clock::manual(), Clock::system()] {
            for deadline in [None, Some(clock.now() + 3600 * SECOND)] {
                let asked = AtomicBool::new(false);
                thread::scope(|scope| {
                    let waiter = scope.spawn(|| {
                        while !asked.load(Ordering::Relaxed) {
                            clock.park_until(deadline);
                        }
                    });
                    asked.store(true, Ordering::Relaxed);
                    waiter.thread().unpark();
                });
            }
        }
    }

    #[test]
    fn a_thread_is_parked_on_the_system_clock_for_no_longer_than_asked() {
        let clock = Clock::system();
        let deadline = clock.now() + Duration::from_millis(20);
        while clock.now() < deadline {
            clock.park_until(Some(deadline));
        }
        // It is past already: no reason to sleep.
        clock.park_until(Some(deadline));
        assert!(clock.now() < deadline + 600 * SECOND);
    }

    #[test]
    fn the_recent_time_is_never_ahead_of_the_time_nor_does_it_go_back() {
        let clock = Clock::system();
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let (mut last, start) = (clock.recent(), clock.now());
                    // A few ticks, or the longest that any system has between two.
                    while last < start + Duration::from_millis(30) {
                        for _ in 0..10_000 {
                            let recent = clock.recent();
                            assert!(recent <= clock.now());
                            assert!(recent >= last);
                            last = recent;
                        }
                    }
                });
            }
        });
    }

    #[test]
    fn the_recent_time_of_one_thread_is_past_for_another() {
        let clock = Clock::system();
        let (send, receive) = mpsc::channel();
        thread::scope(|scope| {
            scope.spawn(|| {
                for _ in 0..50_000 {
                    send.send(clock.recent()).unwrap();
                }
                drop(send);
            });
            for recent in &receive {
                assert!(recent <= clock.now());
            }
        });
    }

    #[test]
    fn the_recent_time_lags_by_little() {
        let clock = Clock::system();
        // The least of many: a thread that loses its processor between two readings sees
        // more.
        let lag = (0..1000).map(|_| {
            let recent = clock.recent();
            clock.now() - recent
        });
        assert!(lag.min().unwrap() < Duration::from_millis(50));
    }

    #[cfg(any(target_os = "linux", target_os = "android"))]
    #[test]
    fn a_coarse_clock_that_has_not_ticked_since_the_base_reads_as_the_base() {
        use rustix::time::Timespec;

        let instant = Instant::now();
        let at = |tv_sec, tv_nsec| Timespec { tv_sec, tv_nsec };
        let base = coarse::Base { instant, monotonic: at(7, 500_000_000) };
        for earlier in [at(0, 0), at(6, 999_999_999), at(7, 499_999_999), at(7, 500_000_000)] {
            assert_eq!(base.at(earlier), instant);
        }
        assert_eq!(base.at(at(7, 500_000_001)), instant + Duration::from_nanos(1));
        assert_eq!(base.at(at(9, 250_000_000)), instant + Duration::from_millis(1750));
    }
}
