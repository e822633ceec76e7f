//! Tasks that borrow again and again.

use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::sync::Arc;
use std::time::Instant;

use tokio::runtime::Handle;
use tokio::task::{JoinHandle, yield_now};

use crate::random::Random;
use crate::tally::{Outcome, Tally};
use crate::until::{is_so_within, until};

/// Tasks of a runtime that do the same, turn by turn, until they are told to stop. It is for
/// threads outside of that runtime.
#[derive(Debug)]
pub struct TaskCrowd {
    tally: Arc<Tally>,
    is_over: Arc<AtomicBool>,
    tasks: Vec<JoinHandle<()>>,
    runtime: Handle,
}

impl TaskCrowd {
    /// Starts so many. Each turn is given a number drawn by lot.
    #[must_use]
    pub fn new<F>(
        runtime: &Handle,
        tasks: usize,
        turn: impl Fn(Arc<Tally>, u64) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Outcome> + Send,
    {
        let (tally, is_over) = (Arc::<Tally>::default(), Arc::<AtomicBool>::default());
        let turn = Arc::new(turn);
        let tasks = (0..tasks)
            .map(|number| {
                let (tally, is_over, turn) = (tally.clone(), is_over.clone(), turn.clone());
                runtime.spawn(async move {
                    let mut random = Random::new(number as u64);
                    // Relaxed: it says when to stop, and nothing else.
                    while !is_over.load(Ordering::Relaxed) {
                        let start = Instant::now();
                        tally.begin();
                        let outcome = turn(tally.clone(), random.below(1 << 40)).await;
                        tally.end(outcome);
                        tally.turn_took(start.elapsed());
                        // One that never has to wait would keep the others from the runtime.
                        yield_now().await;
                    }
                })
            })
            .collect();
        Self { tally, is_over, tasks, runtime: runtime.clone() }
    }

    /// What they have come to so far.
    #[must_use]
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Waits until so many more turns have ended in a way.
    ///
    /// # Panics
    ///
    /// If they have not within the limit.
    #[track_caller]
    pub fn until(&self, more: u64, outcome: Outcome, limit: Duration) {
        let count = self.tally.count(outcome) + more;
        if !is_so_within(limit, || self.tally.count(outcome) >= count) {
            panic!("within {limit:?} no {more} more were {outcome:?}: {}", self.tally.line());
        }
    }

    /// Tells them to stop, and waits for the answer of each.
    ///
    /// # Panics
    ///
    /// If one has not come to an end within the limit, or panicked.
    #[must_use]
    pub fn end(self, limit: Duration) -> Arc<Tally> {
        self.is_over.store(true, Ordering::Relaxed);
        until(&format!("each of the tasks has its answer: {}", self.tally.line()), limit, || {
            self.tasks.iter().all(JoinHandle::is_finished)
        });
        for task in self.tasks {
            self.runtime.block_on(task).expect("a turn panicked");
        }
        assert_eq!(self.tally.begun(), self.tally.ended(), "callers without an answer");
        self.tally
    }
}
