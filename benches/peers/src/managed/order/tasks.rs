//! Getters that are tasks. One waits once its get has been polled and is not ready.

use core::future::poll_fn;
use core::pin::pin;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::task::yield_now;

use super::{GETTERS, Queue};
use crate::managed::driven::with_workers;
use crate::managed::pool::Awaited;

struct Shared {
    queue: Mutex<Queue>,
    waiting: AtomicUsize,
}

impl Shared {
    /// Tries until so many wait.
    async fn all_wait(&self, getters: usize) {
        // Acquire: pairs with the AcqRel of those who begin to wait.
        while self.waiting.load(Ordering::Acquire) != getters {
            yield_now().await;
        }
    }

    async fn got<'a, P: Awaited>(&self, pool: &'a P) -> P::Lease<'a> {
        let mut get = pin!(pool.get());
        let mut waits = false;
        poll_fn(|context| {
            let polled = get.as_mut().poll(context);
            if polled.is_pending() != waits {
                waits = !waits;
                // AcqRel, and below: pairs with the Acquire in `all_wait`.
                if waits {
                    self.waiting.fetch_add(1, Ordering::AcqRel);
                } else {
                    self.waiting.fetch_sub(1, Ordering::AcqRel);
                }
            }
            polled
        })
        .await
    }
}

pub(super) fn out_of_order<P: Awaited>(grants: u64) -> u64 {
    with_workers().block_on(async {
        let pool = P::new(1).await;
        pool.warm(1).await;
        let queue = Mutex::new(Queue::new(grants));
        let shared = Arc::new(Shared { queue, waiting: AtomicUsize::new(0) });
        let first = pool.get().await;
        let mut getters = Vec::new();
        for index in 0..GETTERS {
            shared.queue.lock().expect("no panic").waiting.push_back(index);
            getters.push(tokio::spawn(getter(pool.clone(), index, Arc::clone(&shared))));
            shared.all_wait(index + 1).await;
        }
        drop(first);
        for getter in getters {
            getter.await.expect("no panic");
        }
        let queue = shared.queue.lock().expect("no panic");
        queue.out_of_order
    })
}

async fn getter<P: Awaited>(pool: P, index: usize, shared: Arc<Shared>) {
    loop {
        let lease = shared.got(&pool).await;
        if !shared.queue.lock().expect("no panic").grants(index) {
            // It is over: all leave, one after the other.
            return;
        }
        shared.all_wait(GETTERS - 1).await;
        // Before the return: behind it the next one is at work already.
        shared.queue.lock().expect("no panic").waiting.push_back(index);
        drop(lease);
    }
}
