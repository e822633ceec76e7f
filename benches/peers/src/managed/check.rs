//! The check that pools of tasks do at every get: the same for all, but in one of two ways.

use core::future::{Future, poll_fn};
use core::task::Poll;

use super::connection::Connection;

/// What a check waits for.
pub(crate) trait Check: Send + Sync + 'static {
    fn check(connection: &mut Connection) -> impl Future<Output = ()> + Send;
}

/// For nothing: it is over when it is polled first.
pub(crate) struct Ready;

impl Check for Ready {
    #[inline(always)]
    async fn check(connection: &mut Connection) {
        connection.check();
    }
}

/// For its executor, once, as if an answer were there as soon as someone looks.
pub(crate) struct Yielding;

impl Check for Yielding {
    #[inline(always)]
    async fn check(connection: &mut Connection) {
        turn().await;
        connection.check();
    }
}

/// Waits until it is polled again, and sees to it that this is soon. It needs no executor of
/// a certain kind, and tells none apart.
pub(super) async fn turn() {
    let mut is_over = false;
    poll_fn(|context| {
        if is_over {
            return Poll::Ready(());
        }
        is_over = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
