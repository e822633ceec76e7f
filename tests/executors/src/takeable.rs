//! A future that anybody may drop, whoever polls it.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use crate::crew::lock;

struct Place<T> {
    /// There until it has ended or been taken.
    future: Option<Pin<Box<dyn Future<Output = T> + Send>>>,
    waker: Option<Waker>,
}

/// Polls the future, until it is taken: then `None`.
pub(crate) struct Takeable<T>(Arc<Mutex<Place<T>>>);

/// Takes the future, between two polls, and drops it.
pub(crate) struct Taker<T>(Arc<Mutex<Place<T>>>);

pub(crate) fn takeable<T>(
    future: impl Future<Output = T> + Send + 'static,
) -> (Takeable<T>, Taker<T>) {
    let place = Place { future: Some(Box::pin(future)), waker: None };
    let place = Arc::new(Mutex::new(place));
    (Takeable(Arc::clone(&place)), Taker(place))
}

impl<T> Future for Takeable<T> {
    type Output = Option<T>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        let mut place = lock(&self.0);
        let Some(future) = &mut place.future else { return Poll::Ready(None) };
        match future.as_mut().poll(context) {
            Poll::Ready(output) => {
                let ended = place.future.take();
                drop(place);
                drop(ended);
                Poll::Ready(Some(output))
            }
            Poll::Pending => {
                place.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl<T> Taker<T> {
    /// Drops the future here and now, unless it has ended; says which.
    pub(crate) fn take(self) -> bool {
        let mut place = lock(&self.0);
        let (taken, waker) = (place.future.take(), place.waker.take());
        drop(place);
        let is_taken = taken.is_some();
        drop(taken);
        if let Some(waker) = waker {
            waker.wake();
        }
        is_taken
    }
}

/// Polls a future so many times at most; then it is dropped, and this is `None`.
pub(crate) async fn polled_at_most<T>(polls: u64, future: impl Future<Output = T>) -> Option<T> {
    let mut future = std::pin::pin!(future);
    let mut left = polls;
    std::future::poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        match future.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if left == 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}
