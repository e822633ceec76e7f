//! Tokens by which a get is told to stop waiting.
//!
//! # Invariants
//!
//! 1. No waker is cloned, woken or dropped while a token is locked.
//! 2. A registration lives as long as its [`Watch`]: a token keeps nothing of a get that is
//!    over.
//! 3. `cancelled` is set before the first waker is woken, under the lock that registrations
//!    are made under: each of them is woken by the cancel, or sees that it came before.

use core::fmt;
use core::sync::atomic::{AtomicBool, Ordering};
use core::task::Waker;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::keeper::{let_go, wake};
use crate::sync::Mutex;

/// Tells those who wait for an object to give up.
///
/// Clones are handles to the same token, any of which cancels all gets that were given one.
/// It stays cancelled: a get with such a token fails at once. A check that is under way is not
/// interrupted, unless it is the future of an [`AsyncResourcePool`](super::AsyncResourcePool), which
/// is dropped; none begins after it.
///
/// # Examples
///
/// ```
/// use poolable::managed::CancelToken;
///
/// let token = CancelToken::new();
/// let handle = token.clone();
/// assert!(!token.is_cancelled());
/// std::thread::spawn(move || handle.cancel()).join().unwrap();
/// assert!(token.is_cancelled());
/// ```
#[derive(Clone)]
pub struct CancelToken {
    shared: Arc<Shared>,
}

struct Shared {
    cancelled: AtomicBool,
    watchers: Mutex<Watchers>,
}

/// Who is to be woken, in the order in which they came.
struct Watchers {
    wakers: BTreeMap<u64, Waker>,
    /// How many there ever were: the number of the last one.
    came: u64,
}

impl CancelToken {
    /// Returns a token that is not cancelled.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::managed::CancelToken;
    ///
    /// assert!(!CancelToken::new().is_cancelled());
    /// ```
    #[must_use]
    pub fn new() -> Self {
        let watchers = Mutex::new(Watchers { wakers: BTreeMap::new(), came: 0 });
        Self { shared: Arc::new(Shared { cancelled: AtomicBool::new(false), watchers }) }
    }

    /// Cancels every get that waits with this token, and every later one. To do so again
    /// does nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::managed::CancelToken;
    ///
    /// let token = CancelToken::new();
    /// token.cancel();
    /// token.cancel();
    /// assert!(token.is_cancelled());
    /// ```
    pub fn cancel(&self) {
        let watchers = self.shared.watchers.lock();
        // Release: pairs with the Acquire in `is_cancelled`: what came before the cancel has
        // come for those who see it.
        self.shared.cancelled.store(true, Ordering::Release);
        drop(watchers);
        // One by one, so that one of them may yet call off the next.
        while let Some(waker) = self.shared.pop() {
            wake(waker);
        }
    }

    /// Whether it has been cancelled.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::managed::CancelToken;
    ///
    /// let (token, other) = (CancelToken::new(), CancelToken::new());
    /// token.cancel();
    /// assert!(token.is_cancelled() && !other.is_cancelled());
    /// ```
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        // Acquire: pairs with the Release in `cancel`.
        self.shared.cancelled.load(Ordering::Acquire)
    }

    /// Has the waker woken by `cancel`: at most once, until the registration is dropped.
    ///
    /// Call this with no lock held: if the token is cancelled already, the waker is woken
    /// before this returns.
    pub(crate) fn watch(&self, waker: &Waker) -> Watch {
        let waker = waker.clone();
        let mut watchers = self.shared.watchers.lock();
        if self.is_cancelled() {
            drop(watchers);
            wake(waker);
            return Watch { place: None };
        }
        watchers.came += 1;
        let number = watchers.came;
        watchers.wakers.insert(number, waker);
        drop(watchers);
        Watch { place: Some((Arc::clone(&self.shared), number)) }
    }
}

impl Default for CancelToken {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for CancelToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CancelToken")
            .field("is_cancelled", &self.is_cancelled())
            .finish_non_exhaustive()
    }
}

impl Shared {
    fn pop(&self) -> Option<Waker> {
        self.watchers.lock().wakers.pop_first().map(|(_, waker)| waker)
    }
}

/// A registration that ends when it is dropped.
#[must_use = "a registration ends when it is dropped"]
pub(crate) struct Watch {
    place: Option<(Arc<Shared>, u64)>,
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Some((shared, number)) = self.place.take() {
            let waker = shared.watchers.lock().wakers.remove(&number);
            if let Some(waker) = waker {
                let_go(waker);
            }
        }
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::panic::panic_any;
    use std::sync::mpsc;
    use std::thread;

    use super::super::keeper::calling;
    use super::*;

    impl CancelToken {
        fn watched_by(&self) -> usize {
            self.shared.watchers.lock().wakers.len()
        }
    }

    #[test]
    fn a_cancel_wakes_all_who_wait_once_and_in_the_order_in_which_they_came() {
        let (token, (woken, order)) = (CancelToken::new(), mpsc::channel());
        let watches = Vec::from_iter((0..100).map(|number| {
            let woken = woken.clone();
            token.watch(&calling(move || woken.send(number).unwrap()))
        }));
        assert_eq!(order.try_iter().count(), 0);
        token.cancel();
        token.cancel();
        assert!(order.try_iter().eq(0..100));
        drop(watches);
        token.cancel();
        assert_eq!(order.try_iter().count(), 0);
    }

    #[test]
    fn who_comes_after_the_cancel_is_woken_at_once() {
        let (token, (woken, order)) = (CancelToken::new(), mpsc::channel());
        token.cancel();
        let handle = token.clone();
        let watch = token.watch(&calling(move || woken.send(handle.is_cancelled()).unwrap()));
        assert!(order.try_iter().eq([true]));
        drop(watch);
    }

    #[test]
    fn who_no_longer_waits_is_not_woken() {
        let (token, (woken, order)) = (CancelToken::new(), mpsc::channel());
        let watch = |number| {
            let woken = woken.clone();
            token.watch(&calling(move || woken.send(number).unwrap()))
        };
        let (first, second, third) = (watch(1), watch(2), watch(3));
        drop(second);
        token.cancel();
        assert!(order.try_iter().eq([1, 3]));
        drop((first, third));
    }

    #[test]
    fn a_token_keeps_nothing_of_gets_that_are_over() {
        let token = CancelToken::new();
        let alive = Arc::new(());
        for _ in 0..1_000_000 {
            let held = Arc::clone(&alive);
            let watch = token.watch(&calling(move || drop(Arc::clone(&held))));
            assert_eq!(token.watched_by(), 1);
            drop(watch);
        }
        assert_eq!((token.watched_by(), Arc::strong_count(&alive)), (0, 1));
        assert_eq!(Arc::strong_count(&token.shared), 1);
    }

    #[test]
    fn a_get_may_outlive_the_token() {
        let token = CancelToken::new();
        let alive = Arc::new(());
        let held = Arc::clone(&alive);
        let watch = token.watch(&calling(move || drop(Arc::clone(&held))));
        drop(token);
        assert_eq!(Arc::strong_count(&alive), 2);
        drop(watch);
        assert_eq!(Arc::strong_count(&alive), 1);
    }

    #[test]
    fn what_is_woken_may_cancel_watch_and_call_off_another() {
        let (token, (woken, order)) = (CancelToken::new(), mpsc::channel());
        let second = Arc::new(Mutex::new(None));
        let first = token.watch(&calling({
            let (token, woken, second) = (token.clone(), woken.clone(), Arc::clone(&second));
            move || {
                woken.send("first").unwrap();
                drop(second.lock().take());
                let woken = woken.clone();
                drop(token.watch(&calling(move || woken.send("late").unwrap())));
                token.cancel();
            }
        }));
        let other = woken.clone();
        let waker = calling(move || other.send("second").unwrap());
        *second.lock() = Some(token.watch(&waker));
        let third = token.watch(&calling(move || woken.send("third").unwrap()));
        token.cancel();
        assert!(order.try_iter().eq(["first", "late", "third"]));
        drop((first, third));
    }

    #[test]
    fn a_waker_that_panics_keeps_no_other_from_being_woken() {
        let (token, (woken, order)) = (CancelToken::new(), mpsc::channel());
        let first = token.watch(&calling(|| panic_any(())));
        let second = token.watch(&calling(move || woken.send(()).unwrap()));
        token.cancel();
        assert_eq!(order.try_iter().count(), 1);
        drop((first, second));
    }

    /// Drops a registration and makes one as it is dropped itself.
    struct Meddler(CancelToken);

    impl Drop for Meddler {
        fn drop(&mut self) {
            drop(self.0.watch(Waker::noop()));
            self.0.cancel();
        }
    }

    #[test]
    fn a_waker_may_use_the_token_as_it_is_dropped() {
        let token = CancelToken::new();
        let meddler = Meddler(token.clone());
        let watch = token.watch(&calling(move || _ = &meddler));
        drop(watch);
        assert!(token.is_cancelled());
    }

    #[test]
    fn a_cancel_wakes_each_who_registers_meanwhile() {
        for _ in 0..200 {
            let token = CancelToken::new();
            thread::scope(|scope| {
                for _ in 0..3 {
                    scope.spawn(|| {
                        let (woken, wakes) = mpsc::channel();
                        let watch = token.watch(&calling(move || woken.send(()).unwrap()));
                        wakes.recv().unwrap();
                        assert!(token.is_cancelled());
                        drop(watch);
                    });
                }
                token.cancel();
            });
            assert_eq!(token.watched_by(), 0);
        }
    }
}
