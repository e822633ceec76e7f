//! The time of a test: moved by it, or paused by tokio.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use poolable::managed::Clock;

use crate::crew::lock;

/// What hooks and borrowers wait by.
#[derive(Clone)]
pub(crate) enum Time {
    /// The test moves it.
    Moved(Arc<Moved>),
    /// Tokio's, of the runtime that one is in.
    Tokio,
}

impl Time {
    pub(crate) async fn sleep(&self, span: Duration) {
        match self {
            Self::Moved(moved) => Moved::sleep(moved, span).await,
            Self::Tokio => tokio::time::sleep(span).await,
        }
    }
}

/// A pool's clock, and sleepers beside it.
pub(crate) struct Moved {
    pub(crate) clock: Clock,
    sleepers: Mutex<Sleepers>,
}

#[derive(Default)]
struct Sleepers {
    now: Duration,
    last: u64,
    wakers: BTreeMap<(Duration, u64), Waker>,
}

impl Moved {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { clock: Clock::manual(), sleepers: Mutex::default() })
    }

    /// Moves both on, the one or the other first.
    pub(crate) fn advance(&self, span: Duration, sleepers_first: bool) {
        if !sleepers_first {
            self.clock.advance(span);
        }
        let mut sleepers = lock(&self.sleepers);
        sleepers.now += span;
        let later = (sleepers.now, u64::MAX);
        let due: Vec<_> = sleepers.wakers.range(..=later).map(|(&key, _)| key).collect();
        let due: Vec<_> = due.iter().filter_map(|key| sleepers.wakers.remove(key)).collect();
        drop(sleepers);
        due.into_iter().for_each(Waker::wake);
        if sleepers_first {
            self.clock.advance(span);
        }
    }

    fn sleep(this: &Arc<Self>, span: Duration) -> Sleep {
        let mut sleepers = lock(&this.sleepers);
        sleepers.last += 1;
        let key = (sleepers.now + span, sleepers.last);
        drop(sleepers);
        Sleep { moved: Arc::clone(this), key }
    }
}

struct Sleep {
    moved: Arc<Moved>,
    key: (Duration, u64),
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut sleepers = lock(&self.moved.sleepers);
        if self.key.0 <= sleepers.now {
            return Poll::Ready(());
        }
        let before = sleepers.wakers.insert(self.key, context.waker().clone());
        drop(sleepers);
        drop(before);
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        let waker = lock(&self.moved.sleepers).wakers.remove(&self.key);
        drop(waker);
    }
}
