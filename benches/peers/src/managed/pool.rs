//! What it takes to be timed, as a pool of threads and as one of tasks.

use core::future::Future;
use core::ops::DerefMut;

use super::connection::Connection;

/// A pool whose getters are threads.
pub(super) trait Blocking: Sync + Sized {
    type Lease<'a>: DerefMut<Target = Connection>
    where
        Self: 'a;

    /// A pool of at most `size` connections; all else is its default.
    fn new(size: usize) -> Self;

    /// Waits for a connection.
    fn get(&self) -> Self::Lease<'_>;

    /// Does what a getter's thread does, in the surroundings that the pool needs.
    fn on_thread<R>(&self, work: impl FnOnce() -> R) -> R {
        work()
    }

    /// How many getters wait, if the pool says so.
    fn waiting(&self) -> Option<usize> {
        None
    }

    /// Has every connection made.
    fn warm(&self, size: usize) {
        self.on_thread(|| drop((0..size).map(|_| self.get()).collect::<Vec<_>>()));
    }
}

/// A pool whose getters are tasks of tokio.
pub(super) trait Awaited: Clone + Send + Sync + 'static {
    type Lease<'a>: DerefMut<Target = Connection> + Send
    where
        Self: 'a;

    /// A pool of at most `size` connections; all else is its default.
    fn new(size: usize) -> impl Future<Output = Self>;

    /// Waits for a connection.
    fn get(&self) -> impl Future<Output = Self::Lease<'_>> + Send;

    /// How many getters wait, if the pool says so.
    fn waiting(&self) -> Option<usize> {
        None
    }

    /// Has every connection made.
    fn warm(&self, size: usize) -> impl Future<Output = ()> {
        async move {
            let mut out = Vec::new();
            for _ in 0..size {
                out.push(self.get().await);
            }
        }
    }
}
