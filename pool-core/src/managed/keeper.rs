//! The one thread of the process that fires timers.
//!
//! It starts with the first timer, sleeps until the earliest is due, and ends when there is
//! none. All it does is to wake: what is to be done at that time is done by whoever is woken.
//!
//! # Invariants
//!
//! 1. No waker is cloned, woken or dropped while the list is locked: those are foreign code,
//!    which may set timers and cancel them.
//! 2. While `running` is false there is no thread, or it will not look at the list again.
//!    Both that and "the list is empty" are seen under one lock, so a timer set while the
//!    thread ends starts the next.
//! 3. A timer fires at most once. Dropping it takes it off the list; a waker that the thread
//!    had already taken is still woken, a little after.
//! 4. A panic of a waker ends with that waker.
//!
//! A waker that takes its time delays all others, those of other pools among them. Ours set
//! a flag and unpark a thread.
//!
//! # Without a thread
//!
//! The system may have no thread to give. Setting a timer does not fail for that: whoever
//! sets one has more important things to do than to expire, and may be returning an object.
//! It is told ([`Timer::is_kept`]), and sets another one later: each tries to start the thread
//! again, which then fires all that is overdue. Threads that wait for an object ask whether there is one
//! ([`is_alive`]); if not, they park with a limit of their own.
//!
//! # Rejected
//!
//! A thread that lingers for the next timer: a pool in use has one set most of the time. One
//! that is left behind shows up in tests that count threads, and in a process that is about
//! to fork.

mod timers;

use core::cell::Cell;
use core::fmt;
use core::sync::atomic::{AtomicBool, Ordering};
use core::task::Waker;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Instant;

pub(super) use self::timers::{Key, Timers};
use super::clock::Manual;
use crate::raw_pool::{caught, forget_panic};

static KEEPER: Keeper = Keeper::new(&|keeper| spawn(keeper).map(drop));

/// Has the waker woken at that time, or soon after, on the keeper's thread: once, unless the
/// timer is dropped before.
pub(crate) fn wake_at(at: Instant, waker: Waker) -> Timer {
    KEEPER.wake_at(at, waker)
}

/// Whether the thread runs: as long as a timer is set that was set before this was asked, it
/// goes on, and fires it.
pub(crate) fn is_alive() -> bool {
    // Acquire: pairs with the Release in `run`. Whoever has set a timer has had the lock after a
    // thread that ended, and sees that.
    KEEPER.is_alive.load(Ordering::Acquire)
}

thread_local! {
    static IS_KEEPER: Cell<bool> = const { Cell::new(false) };
}

/// Whether this is the thread that fires timers: it must not wait for one.
pub(crate) fn is_this_thread() -> bool {
    IS_KEEPER.try_with(Cell::get).unwrap_or(false)
}

/// A timer, which is cancelled when this is dropped.
#[must_use = "a timer is cancelled when it is dropped"]
pub(crate) struct Timer {
    key: Key,
    owner: Owner,
    /// Whether there is a thread to fire it, or there will be.
    is_kept: bool,
}

/// Who has the list that a timer is on.
enum Owner {
    Keeper(&'static Keeper),
    Manual(Arc<Manual>),
    #[cfg(feature = "tokio")]
    Tokio(tokio::task::AbortHandle),
}

impl Timer {
    /// The handle of a timer on the list of a clock that is moved by hand.
    pub(super) fn manual(key: Key, clock: Arc<Manual>) -> Self {
        Self { key, owner: Owner::Manual(clock), is_kept: true }
    }

    /// The handle of a timer that is a task.
    #[cfg(feature = "tokio")]
    pub(super) fn tokio(at: Instant, task: tokio::task::AbortHandle) -> Self {
        Self { key: (at, 0), owner: Owner::Tokio(task), is_kept: true }
    }

    /// Whether it will fire. If not, the system had no thread to give.
    pub(crate) fn is_kept(&self) -> bool {
        self.is_kept
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        let waker = match &self.owner {
            Owner::Keeper(keeper) => keeper.cancel(self.key),
            Owner::Manual(clock) => clock.cancel(self.key),
            #[cfg(feature = "tokio")]
            Owner::Tokio(task) => {
                task.abort();
                None
            }
        };
        if let Some(waker) = waker {
            let_go(waker);
        }
    }
}

impl fmt::Debug for Timer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timer").field("at", &self.key.0).finish_non_exhaustive()
    }
}

/// Wakes, with no lock held, and whatever comes of it.
pub(super) fn wake(waker: Waker) {
    forget_panic(caught(|| waker.wake()));
}

/// Drops a waker, with no lock held, and whatever comes of it.
pub(super) fn let_go(waker: Waker) {
    forget_panic(caught(|| drop(waker)));
}

struct Keeper {
    state: Mutex<State>,
    /// Told to a thread that sleeps too long, or for nothing.
    news: Condvar,
    /// Whether the thread runs. It changes under the lock.
    is_alive: AtomicBool,
    start: &'static Start,
}

/// Starts a thread that calls [`Keeper::run`].
type Start = dyn Fn(&'static Keeper) -> io::Result<()> + Sync;

struct State {
    timers: Timers,
    /// Whether there is a thread, if only one that is about to look.
    running: bool,
    /// What the thread sleeps for, while it does and nobody has told it to look again.
    asleep_until: Option<Instant>,
}

impl Keeper {
    const fn new(start: &'static Start) -> Self {
        let state = State { timers: Timers::new(), running: false, asleep_until: None };
        let is_alive = AtomicBool::new(false);
        Self { state: Mutex::new(state), news: Condvar::new(), is_alive, start }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake_at(&'static self, at: Instant, waker: Waker) -> Timer {
        let mut state = self.lock();
        let key = state.timers.set(at, waker);
        let tell = state.asleep_until.is_some_and(|until| at < until);
        if tell {
            state.asleep_until = None;
        }
        // Under the lock, so that nobody relies on a start that fails. The thread waits for it.
        state.running = state.running || (self.start)(self).is_ok();
        let is_kept = state.running;
        drop(state);
        if tell {
            self.news.notify_one();
        }
        Timer { key, owner: Owner::Keeper(self), is_kept }
    }

    fn cancel(&self, key: Key) -> Option<Waker> {
        let mut state = self.lock();
        let waker = state.timers.cancel(key);
        // Without timers the thread is to end. A deadline that is merely too early wakes it
        // once for nothing, which costs less than to tell it each time.
        let tell = state.timers.is_empty() && state.asleep_until.take().is_some();
        drop(state);
        if tell {
            self.news.notify_one();
        }
        waker
    }

    fn run(&self) {
        let mut state = self.lock();
        // Release, here and below: pairs with the Acquire in `is_alive`.
        self.is_alive.store(true, Ordering::Release);
        loop {
            let now = Instant::now();
            if let Some(waker) = state.timers.pop_due(now) {
                drop(state);
                wake(waker);
                state = self.lock();
                continue;
            }
            let Some(next) = state.timers.next() else {
                state.running = false;
                self.is_alive.store(false, Ordering::Release);
                return;
            };
            state.asleep_until = Some(next);
            let slept = self.news.wait_timeout(state, next.saturating_duration_since(now));
            (state, _) = slept.unwrap_or_else(PoisonError::into_inner);
            state.asleep_until = None;
        }
    }
}

fn spawn(keeper: &'static Keeper) -> io::Result<JoinHandle<()>> {
    // All of it fits where Linux keeps the names of threads: 15 bytes.
    thread::Builder::new().name("poolable-keeper".to_owned()).spawn(|| {
        IS_KEEPER.set(true);
        keeper.run();
    })
}

/// A waker that calls a function.
#[cfg(test)]
pub(super) fn calling(run: impl Fn() + Send + Sync + 'static) -> Waker {
    struct Calling<F>(F);

    impl<F: Fn() + Send + Sync> std::task::Wake for Calling<F> {
        fn wake(self: Arc<Self>) {
            (self.0)();
        }
    }

    Waker::from(Arc::new(Calling(run)))
}

#[cfg(test)]
mod tests {
    use core::sync::atomic::AtomicU8;
    use core::time::Duration;
    use std::panic::panic_any;
    use std::sync::mpsc::{self, Receiver, RecvTimeoutError};

    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);
    /// Soon, and not yet.
    const SOON: Duration = Duration::from_millis(10);

    /// A keeper of its own, so that its threads are those of one test.
    fn keeper(
        start: impl Fn(&'static Keeper) -> io::Result<()> + Sync + 'static,
    ) -> &'static Keeper {
        // Whoever looks for leaks finds it here.
        static ALL: Mutex<Vec<&Keeper>> = Mutex::new(Vec::new());

        let keeper = &*Box::leak(Box::new(Keeper::new(Box::leak(Box::new(start)))));
        ALL.lock().unwrap().push(keeper);
        keeper
    }

    /// A keeper, and its threads as they are started.
    fn with_threads() -> (&'static Keeper, Receiver<JoinHandle<()>>) {
        let (started, threads) = mpsc::channel();
        let keeper = keeper(move |keeper| {
            started.send(spawn(keeper)?).unwrap();
            Ok(())
        });
        (keeper, threads)
    }

    /// An end that a thread is waited for at, in place of for ever.
    fn next<T>(channel: &Receiver<T>) -> T {
        channel.recv_timeout(Duration::from_secs(60)).expect("nothing has come")
    }

    fn sending<T: Clone + Send + Sync + 'static>(to: &mpsc::Sender<T>, what: T) -> Waker {
        let to = to.clone();
        calling(move || _ = to.send(what.clone()))
    }

    #[test]
    fn timers_fire_in_the_order_of_their_deadlines_and_not_before() {
        let (keeper, (fired, order)) = (keeper(|_| Ok(())), mpsc::channel());
        let start = Instant::now();
        let timers = [3, 1, 2, 1].map(|tens| {
            let at = start + tens * SOON;
            let fired = fired.clone();
            keeper.wake_at(at, calling(move || fired.send((tens, Instant::now() >= at)).unwrap()))
        });
        spawn(keeper).unwrap().join().unwrap();
        assert!(order.try_iter().eq([(1, true), (1, true), (2, true), (3, true)]));
        drop(timers);
        assert_eq!(order.try_iter().count(), 0);
    }

    #[test]
    fn an_earlier_timer_does_not_wait_for_a_later_one() {
        let ((keeper, _threads), (fired, order)) = (with_threads(), mpsc::channel());
        let hour = keeper.wake_at(Instant::now() + HOUR, sending(&fired, "hour"));
        while keeper.lock().asleep_until.is_none() {
            thread::yield_now();
        }
        let soon = keeper.wake_at(Instant::now() + SOON, sending(&fired, "soon"));
        assert_eq!(next(&order), "soon");
        drop((hour, soon));
    }

    #[test]
    fn the_thread_is_told_of_an_earlier_deadline_only() {
        let keeper = keeper(|_| Ok(()));
        let now = Instant::now();
        let sleep = || keeper.lock().asleep_until = Some(now + 2 * HOUR);
        let told = || keeper.lock().asleep_until.is_none();

        sleep();
        let at = |hours| keeper.wake_at(now + hours * HOUR, Waker::noop().clone());
        let (same, later) = (at(2), at(3));
        assert!(!told());
        let earlier = at(1);
        assert!(told());

        sleep();
        drop((earlier, later));
        assert!(!told());
        drop(same);
        assert!(told());
    }

    #[test]
    fn a_timer_that_is_dropped_does_not_fire() {
        let (keeper, (fired, order)) = (keeper(|_| Ok(())), mpsc::channel());
        let now = Instant::now();
        let dropped = keeper.wake_at(now, sending(&fired, "dropped"));
        let kept = keeper.wake_at(now, sending(&fired, "kept"));
        drop(dropped);
        spawn(keeper).unwrap().join().unwrap();
        assert!(order.try_iter().eq(["kept"]));
        drop(kept);
    }

    #[test]
    fn the_thread_ends_with_the_last_timer_and_starts_with_the_next() {
        let ((keeper, threads), (fired, order)) = (with_threads(), mpsc::channel());
        for _ in 0..3 {
            // One that fires.
            let timer = keeper.wake_at(Instant::now(), sending(&fired, ()));
            next(&order);
            next(&threads).join().unwrap();
            drop(timer);
            // Ones that are dropped, with the thread asleep or about to sleep.
            let timers = [1, 2]
                .map(|hours| keeper.wake_at(Instant::now() + hours * HOUR, sending(&fired, ())));
            drop(timers);
            next(&threads).join().unwrap();
            let timer = keeper.wake_at(Instant::now() + HOUR, sending(&fired, ()));
            while keeper.lock().asleep_until.is_none() {
                thread::yield_now();
            }
            drop(timer);
            next(&threads).join().unwrap();
        }
        assert!(threads.try_recv().is_err());
        assert_eq!(order.try_iter().count(), 0);
        assert!(!keeper.lock().running);
    }

    #[test]
    fn no_timer_is_lost_while_the_thread_ends() {
        let (keeper, threads) = with_threads();
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    let (fired, order) = mpsc::channel();
                    for round in 0..300 {
                        let timer = keeper.wake_at(Instant::now(), sending(&fired, round));
                        assert_eq!(next(&order), round);
                        drop(timer);
                    }
                });
            }
        });
        threads.try_iter().for_each(|thread| thread.join().unwrap());
        assert!(!keeper.lock().running);
        assert!(keeper.lock().timers.is_empty());
    }

    #[test]
    fn a_timer_set_without_a_thread_to_be_had_fires_when_there_is_one() {
        let (fired, order) = mpsc::channel();
        let attempts = Arc::new(AtomicU8::new(0));
        let counted = Arc::clone(&attempts);
        let keeper = keeper(move |keeper| match counted.fetch_add(1, Ordering::Relaxed) {
            0 | 1 => Err(io::ErrorKind::WouldBlock.into()),
            _ => spawn(keeper).map(drop),
        });
        let now = Instant::now();
        let first = keeper.wake_at(now, sending(&fired, "first"));
        let second = keeper.wake_at(now, sending(&fired, "second"));
        assert_eq!((attempts.load(Ordering::Relaxed), order.try_iter().count()), (2, 0));
        drop(second);
        let third = keeper.wake_at(now, sending(&fired, "third"));
        assert_eq!([next(&order), next(&order)], ["first", "third"]);
        assert_eq!(attempts.load(Ordering::Relaxed), 3);
        drop((first, third));
    }

    #[test]
    fn a_waker_may_set_timers_and_drop_them() {
        let ((keeper, threads), (fired, order)) = (with_threads(), mpsc::channel());
        let hour = keeper.wake_at(Instant::now() + HOUR, sending(&fired, "hour"));
        let (hour, next_timer) = (Mutex::new(Some(hour)), Arc::new(Mutex::new(None)));
        let timer = keeper.wake_at(
            Instant::now(),
            calling({
                let next_timer = Arc::clone(&next_timer);
                move || {
                    drop(hour.lock().unwrap().take());
                    let waker = sending(&fired, "next");
                    *next_timer.lock().unwrap() =
                        Some(keeper.wake_at(Instant::now() + SOON, waker));
                    fired.send("first").unwrap();
                }
            }),
        );
        assert_eq!([next(&order), next(&order)], ["first", "next"]);
        next(&threads).join().unwrap();
        drop(timer);
    }

    /// Sets a timer as it is dropped, and drops that one.
    struct Meddler(&'static Keeper);

    impl Drop for Meddler {
        fn drop(&mut self) {
            drop(self.0.wake_at(Instant::now() + HOUR, Waker::noop().clone()));
        }
    }

    #[test]
    fn a_waker_is_dropped_with_no_lock_held() {
        let ((keeper, threads), (fired, order)) = (with_threads(), mpsc::channel());
        let meddling = || {
            let (meddler, fired) = (Meddler(keeper), fired.clone());
            calling(move || _ = (&meddler, fired.send(())))
        };
        drop(keeper.wake_at(Instant::now() + HOUR, meddling()));
        let timer = keeper.wake_at(Instant::now(), meddling());
        next(&order);
        drop(timer);
        drop(fired);
        // The wakers are gone, and with them what would send.
        assert_eq!(order.recv_timeout(HOUR), Err(RecvTimeoutError::Disconnected));
        threads.try_iter().for_each(|thread| thread.join().unwrap());
    }

    /// Panics as it is dropped.
    struct Bomb;

    impl Drop for Bomb {
        fn drop(&mut self) {
            panic_any(());
        }
    }

    #[test]
    fn a_waker_that_panics_ends_nothing_but_itself() {
        let ((keeper, threads), (fired, order)) = (with_threads(), mpsc::channel());
        let now = Instant::now();
        let timers = [
            keeper.wake_at(now + SOON, calling(|| panic_any(Bomb))),
            keeper.wake_at(now + 2 * SOON, sending(&fired, ())),
        ];
        next(&order);
        let bomb = Bomb;
        drop(keeper.wake_at(now + HOUR, calling(move || _ = &bomb)));
        drop(timers);
        threads.try_iter().for_each(|thread| thread.join().unwrap());
    }

    #[test]
    fn a_slow_waker_delays_other_timers_and_nobody_else() {
        let ((keeper, threads), (fired, order)) = (with_threads(), mpsc::channel());
        let (go_on, gate) = mpsc::channel::<()>();
        let gate = Mutex::new(gate);
        let now = Instant::now();
        let slow = keeper.wake_at(
            now,
            calling({
                let fired = fired.clone();
                move || {
                    fired.send("slow").unwrap();
                    gate.lock().unwrap().recv().unwrap();
                    fired.send("done").unwrap();
                }
            }),
        );
        assert_eq!(next(&order), "slow");
        // None of these waits for it.
        let due = keeper.wake_at(now, sending(&fired, "due"));
        drop(keeper.wake_at(now, sending(&fired, "dropped")));
        drop(slow);
        go_on.send(()).unwrap();
        assert_eq!([next(&order), next(&order)], ["done", "due"]);
        next(&threads).join().unwrap();
        assert_eq!(order.try_iter().count(), 0);
        drop(due);
    }

    #[test]
    fn a_timer_may_be_set_for_the_end_of_time() {
        let ((keeper, threads), (fired, order)) = (with_threads(), mpsc::channel());
        let mut last = Instant::now();
        let mut step = Duration::MAX;
        while !step.is_zero() {
            match last.checked_add(step) {
                Some(later) => last = later,
                None => step /= 2,
            }
        }
        let never = keeper.wake_at(last, sending(&fired, "never"));
        let soon = keeper.wake_at(Instant::now() + SOON, sending(&fired, "soon"));
        assert_eq!(next(&order), "soon");
        drop(never);
        next(&threads).join().unwrap();
        assert_eq!(order.try_iter().count(), 0);
        drop(soon);
    }

    #[test]
    fn the_keeper_of_the_process_fires_timers() {
        let (fired, order) = mpsc::channel();
        let timer = wake_at(
            Instant::now(),
            calling(move || _ = fired.send(thread::current().name().map(str::to_owned))),
        );
        assert_eq!(next(&order).as_deref(), Some("poolable-keeper"));
        drop(timer);
    }
}
