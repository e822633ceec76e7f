//! The storm on threads that poll many futures each, woken or not.
//!
//! When enough were dropped, no more are, and each thread polls those that were woken alone: then
//! all of them must come to their ends.

use std::sync::Arc;
use std::task::{Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Instant;

use poolable::managed::{GetError, Lease};

use super::flight::{Flight, Got};
use super::{Storm, rage};
use crate::crew::PATIENCE;
use crate::ledger::add;
use crate::manager::Thing;
use crate::random::Random;

const THREADS: u64 = 4;
/// The futures in the hands of one thread.
const FLIGHTS: usize = 8;

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

struct Player<'a> {
    storm: &'a Storm,
    random: Random,
    waker: Waker,
    flights: Vec<Flight>,
    held: Vec<Lease<Thing>>,
}

impl Player<'_> {
    fn keep(&mut self, got: Got) {
        match got {
            Ok(mut lease) => {
                add(&self.storm.borrowed);
                lease.hold();
                self.held.push(lease);
            }
            Err(GetError::Create(_)) => {}
            Err(error) => panic!("{error}"),
        }
    }

    fn poll(&mut self, index: usize) {
        if let Poll::Ready(got) = self.flights[index].poll(&self.waker) {
            drop(self.flights.swap_remove(index));
            self.keep(got);
        }
    }

    fn give_back(&mut self, index: usize) {
        let mut lease = self.held.swap_remove(index);
        let is_discarded = self.random.one_in(6);
        lease.let_go(is_discarded);
        if is_discarded {
            Lease::discard(lease);
        }
    }

    fn pick(&mut self, count: usize) -> Option<usize> {
        (count > 0).then(|| self.random.below(count as u64) as usize)
    }

    fn step(&mut self) {
        match self.random.below(16) {
            0..5 if self.flights.len() < FLIGHTS => self.flights.push(Flight::of(&self.storm.pool)),
            0..10 => {
                // One that an executor would poll, or now and then any.
                let Some(index) = self.pick(self.flights.len()) else { return };
                if self.flights[index].is_due() || self.random.one_in(4) {
                    self.poll(index);
                }
            }
            10..13 => {
                if let Some(index) = self.pick(self.held.len()) {
                    self.give_back(index);
                }
            }
            13 | 14 => {
                if let Some(index) = self.pick(self.flights.len()) {
                    self.flights.swap_remove(index).cancel(&self.storm.drops);
                }
            }
            _ => {
                self.storm.assert_laws();
            }
        }
    }

    /// Lets all that are under way come to their ends.
    fn finish(mut self) {
        let start = Instant::now();
        loop {
            while !self.held.is_empty() {
                self.give_back(0);
            }
            if self.flights.is_empty() {
                return;
            }
            match self.flights.iter().position(Flight::is_due) {
                Some(index) => self.poll(index),
                None => {
                    assert!(start.elapsed() < PATIENCE, "nobody wakes {}", self.flights.len());
                    thread::park_timeout(PATIENCE);
                }
            }
        }
    }
}

#[test]
fn a_storm_of_cancellations_on_polling_threads_loses_no_place() {
    rage(None, |storm| {
        thread::scope(|scope| {
            for thread in 0..THREADS {
                scope.spawn(move || {
                    let mut player = Player {
                        storm,
                        random: storm.random(100 + thread),
                        waker: Waker::from(Arc::new(Unpark(thread::current()))),
                        flights: Vec::new(),
                        held: Vec::new(),
                    };
                    while !storm.is_over() {
                        player.step();
                        // What all wait for may be in the hands of a thread that does not run.
                        if player.random.one_in(2) {
                            thread::yield_now();
                        }
                    }
                    player.finish();
                });
            }
        });
    });
}
