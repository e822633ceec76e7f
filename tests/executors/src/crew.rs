//! Tasks that are counted while there is something for them to do.
//!
//! A clock that is moved while a task has yet to run makes it late for no fault of its own. So
//! whoever moves it can wait until nobody has anything left to do but wait.

use std::pin::Pin;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

/// A test that failed while it held one of these locks has said so already.
pub(crate) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How long the machine may take for anything, by its own clock.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Those whose work is waited for.
pub(crate) struct Crew {
    /// Tasks that run, or have been woken to.
    busy: AtomicUsize,
    /// The thread that waits for them to rest.
    driver: Thread,
}

impl Crew {
    /// A crew that the present thread waits for.
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { busy: AtomicUsize::new(0), driver: thread::current() })
    }

    /// Waits until each of them waits. It says whether they ever did.
    pub(crate) fn rest(&self) -> bool {
        let start = Instant::now();
        while self.busy.load(Ordering::SeqCst) > 0 {
            if start.elapsed() > PATIENCE {
                return false;
            }
            thread::park_timeout(PATIENCE);
        }
        true
    }

    /// A future that is one of them.
    pub(crate) fn member<F: Future<Output = ()> + Send + 'static>(
        self: &Arc<Self>,
        future: F,
    ) -> Member {
        self.hire();
        let badge = Badge {
            crew: Arc::clone(self),
            state: AtomicU8::new(WOKEN),
            waker: Mutex::new(Waker::noop().clone()),
        };
        Member { badge: Arc::new(badge), future: Some(Box::pin(future)) }
    }

    fn hire(&self) {
        self.busy.fetch_add(1, Ordering::SeqCst);
    }

    fn dismiss(&self) {
        if self.busy.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.driver.unpark();
        }
    }
}

/// It waits.
const IDLE: u8 = 0;
/// It has been woken, and is counted.
const WOKEN: u8 = 1;
/// It is being polled, and is counted.
const RUNNING: u8 = 2;
/// It is being polled, has been woken meanwhile, and is counted once.
const RUNNING_WOKEN: u8 = 3;
/// It has ended.
const DONE: u8 = 4;

/// What wakes a member.
struct Badge {
    crew: Arc<Crew>,
    state: AtomicU8,
    /// What wakes the task of the executor.
    waker: Mutex<Waker>,
}

impl Badge {
    fn change(&self, from: u8, to: u8) -> bool {
        self.state.compare_exchange(from, to, Ordering::SeqCst, Ordering::SeqCst).is_ok()
    }
}

impl Wake for Badge {
    fn wake(self: Arc<Self>) {
        // Counted before it is seen to be woken, so that the count is never too low.
        self.crew.hire();
        let is_counted = loop {
            if self.change(IDLE, WOKEN) {
                break true;
            }
            if self.change(RUNNING, RUNNING_WOKEN) {
                break false;
            }
            // It may have come to its end, or to rest, between the two.
            if !matches!(self.state.load(Ordering::SeqCst), IDLE | RUNNING) {
                return self.crew.dismiss();
            }
        };
        if !is_counted {
            self.crew.dismiss();
        }
        let waker = lock(&self.waker).clone();
        waker.wake();
    }
}

/// A future that is counted while there is something for it to do.
pub(crate) struct Member {
    badge: Arc<Badge>,
    /// There until it has ended.
    future: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl Future for Member {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let badge = Arc::clone(&self.badge);
        badge.crew.hire();
        if badge.state.swap(RUNNING, Ordering::SeqCst) == WOKEN {
            badge.crew.dismiss();
        }
        lock(&badge.waker).clone_from(context.waker());
        let waker = Waker::from(Arc::clone(&badge));
        let Some(future) = &mut self.future else { return Poll::Ready(()) };
        if future.as_mut().poll(&mut Context::from_waker(&waker)).is_ready() {
            self.end();
            return Poll::Ready(());
        }
        if badge.change(RUNNING, IDLE) {
            badge.crew.dismiss();
        } else {
            // Woken meanwhile: the executor has been told, and it stays counted.
            badge.state.store(WOKEN, Ordering::SeqCst);
        }
        Poll::Pending
    }
}

impl Member {
    fn end(&mut self) {
        let Some(future) = self.future.take() else { return };
        // What it wakes as it goes is counted before it is not counted any more.
        drop(future);
        if self.badge.state.swap(DONE, Ordering::SeqCst) != IDLE {
            self.badge.crew.dismiss();
        }
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block_on::yield_times;

    #[test]
    fn a_crew_rests_when_each_of_its_members_waits() {
        let crew = Crew::new();
        let place: Arc<Mutex<Option<Waker>>> = Arc::default();
        let polls = Arc::new(AtomicUsize::new(0));
        let member = crew.member({
            let (place, polls) = (Arc::clone(&place), Arc::clone(&polls));
            async move {
                yield_times(50).await;
                std::future::poll_fn(|context| {
                    *lock(&place) = Some(context.waker().clone());
                    match polls.fetch_add(1, Ordering::SeqCst) {
                        0 => Poll::Pending,
                        _ => Poll::Ready(()),
                    }
                })
                .await;
            }
        });
        assert_eq!(crew.busy.load(Ordering::SeqCst), 1, "it has yet to begin");
        let worker = thread::spawn(move || crate::block_on::block_on(member));
        assert!(crew.rest());
        assert_eq!(polls.load(Ordering::SeqCst), 1);
        lock(&place).clone().expect("it has been polled").wake();
        assert!(crew.rest());
        assert_eq!(polls.load(Ordering::SeqCst), 2);
        worker.join().expect("it ends");
    }
}
