//! Pools of tasks, got from by threads that have none.

use core::future::Future;
use core::marker::PhantomData;

use futures_executor::block_on;
use tokio::runtime::{Builder, Runtime};

use super::pool::{Awaited, Blocking};

/// Worker threads of every runtime that has some.
const WORKERS: usize = 2;

/// A runtime with the workers that tokio would choose for two cores, whatever the machine has.
pub(super) fn with_workers() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .enable_time()
        .build()
        .expect("threads can be started")
}

/// A runtime that has no thread but that of its user.
pub(super) fn without_workers() -> Runtime {
    Builder::new_current_thread().enable_time().build().expect("nothing is needed")
}

/// How a thread waits for a future.
pub(super) trait Wait: Sync {
    fn wait<F: Future>(runtime: &Runtime, future: F) -> F::Output;
}

/// By the runtime, whose timers the pools use.
pub(super) struct ByRuntime;

impl Wait for ByRuntime {
    #[inline(always)]
    fn wait<F: Future>(runtime: &Runtime, future: F) -> F::Output {
        runtime.handle().block_on(future)
    }
}

/// By the executor of crate `futures`, which only parks and polls.
pub(super) struct ByFutures;

impl Wait for ByFutures {
    #[inline(always)]
    fn wait<F: Future>(_: &Runtime, future: F) -> F::Output {
        block_on(future)
    }
}

pub(super) struct Driven<P, W> {
    pool: P,
    runtime: Runtime,
    by: PhantomData<W>,
}

impl<P: Awaited, W: Wait + 'static> Blocking for Driven<P, W> {
    type Lease<'a> = P::Lease<'a>;

    fn new(size: usize) -> Self {
        let runtime = with_workers();
        Self { pool: runtime.block_on(P::new(size)), runtime, by: PhantomData }
    }

    #[inline(always)]
    fn get(&self) -> P::Lease<'_> {
        W::wait(&self.runtime, self.pool.get())
    }

    fn on_thread<R>(&self, work: impl FnOnce() -> R) -> R {
        // Timers and spawned tasks find their runtime by it.
        let _inside = self.runtime.enter();
        work()
    }
}
