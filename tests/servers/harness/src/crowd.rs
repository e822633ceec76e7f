//! Threads that borrow again and again.

use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use crate::random::Random;
use crate::tally::{Outcome, Tally};
use crate::until::is_so_within;

/// Threads that do the same, turn by turn, until they are told to stop.
#[derive(Debug)]
pub struct Crowd {
    tally: Arc<Tally>,
    is_over: Arc<AtomicBool>,
    ended: Receiver<usize>,
    threads: Vec<JoinHandle<()>>,
}

impl Crowd {
    /// Starts so many.
    #[must_use]
    pub fn new(
        threads: usize,
        turn: impl Fn(&Tally, &mut Random) -> Outcome + Send + Sync + 'static,
    ) -> Self {
        let (tally, is_over) = (Arc::<Tally>::default(), Arc::<AtomicBool>::default());
        let (sender, ended) = channel();
        let turn = Arc::new(turn);
        let threads = (0..threads)
            .map(|number| {
                let (tally, is_over, turn) = (tally.clone(), is_over.clone(), turn.clone());
                let sender = Ended(number, sender.clone());
                thread::spawn(move || {
                    let _sender = sender;
                    let mut random = Random::new(number as u64);
                    // Relaxed: it says when to stop, and nothing else.
                    while !is_over.load(Ordering::Relaxed) {
                        let start = Instant::now();
                        tally.begin();
                        tally.end(turn(&tally, &mut random));
                        tally.turn_took(start.elapsed());
                    }
                })
            })
            .collect();
        Self { tally, is_over, ended, threads }
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
        let deadline = Instant::now() + limit;
        let mut lost: Vec<usize> = (0..self.threads.len()).collect();
        while !lost.is_empty() {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.ended.recv_timeout(left) {
                Ok(number) => lost.retain(|other| *other != number),
                Err(_) => panic!(
                    "no answer within {limit:?} to the threads {lost:?}: {}",
                    self.tally.line()
                ),
            }
        }
        for thread in self.threads {
            thread.join().unwrap_or_else(|panic| resume_unwind(panic));
        }
        assert_eq!(self.tally.begun(), self.tally.ended(), "callers without an answer");
        self.tally
    }
}

/// Says that a thread has ended, even by a panic.
struct Ended(usize, Sender<usize>);

impl Drop for Ended {
    fn drop(&mut self) {
        // Nobody listens any more if the test has failed.
        let _ = self.1.send(self.0);
    }
}
