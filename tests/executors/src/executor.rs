//! The executors, behind one way to start a task.

use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock, mpsc};
use std::thread;

use tokio::runtime::{Builder, Runtime};

use crate::block_on::block_on;
use crate::crew::lock;

pub(crate) type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Starts a task.
pub(crate) type Spawn = Arc<dyn Fn(Task) + Send + Sync>;

/// The threads of an executor that has some.
const WORKERS: usize = 2;

/// Tokio with as many threads.
pub(crate) fn tokio_threads() -> Spawn {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    let runtime = RUNTIME.get_or_init(|| {
        // No timer: whatever waits here waits by a clock that the test moves.
        Builder::new_multi_thread().worker_threads(WORKERS).build().expect("a runtime")
    });
    let handle = runtime.handle().clone();
    Arc::new(move |task| drop(handle.spawn(task)))
}

/// Smol's executor, run by as many threads.
pub(crate) fn smol_threads() -> Spawn {
    static EXECUTOR: OnceLock<Arc<smol::Executor<'static>>> = OnceLock::new();
    let executor = EXECUTOR.get_or_init(|| {
        let executor = Arc::new(smol::Executor::new());
        for _ in 0..WORKERS {
            let executor = Arc::clone(&executor);
            thread::spawn(move || smol::block_on(executor.run(std::future::pending::<()>())));
        }
        executor
    });
    let executor = Arc::clone(executor);
    Arc::new(move |task| executor.spawn(task).detach())
}

/// A thread for each task, which blocks on it. One that has nothing to do takes the next.
pub(crate) fn bare_threads() -> Spawn {
    static IDLE: Mutex<Vec<mpsc::Sender<Task>>> = Mutex::new(Vec::new());
    Arc::new(|task| {
        let idle = lock(&IDLE).pop();
        let worker = idle.unwrap_or_else(|| {
            let (send, tasks) = mpsc::channel();
            let own = send.clone();
            let builder = thread::Builder::new().stack_size(256 << 10);
            let spawned = builder.spawn(move || {
                for task in tasks {
                    block_on(task);
                    lock(&IDLE).push(own.clone());
                }
            });
            spawned.expect("a thread");
            send
        });
        worker.send(task).expect("it waits for one");
    })
}

/// Tokio's, of the runtime that this is called in.
pub(crate) fn tokio_here() -> Spawn {
    let handle = tokio::runtime::Handle::current();
    Arc::new(move |task| drop(handle.spawn(task)))
}
