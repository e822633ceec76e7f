//! The storm on tokio's threads.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::mpsc;
use std::task::Poll;

use poolable::managed::{GetError, Lease};

use super::flight::Flight;
use super::{LONGEST, Storm, rage};
use crate::block_on::yield_times;
use crate::crew::PATIENCE;
use crate::executor::tokio_threads;
use crate::ledger::add;
use crate::random::Random;

const TASKS: u64 = 24;

/// A get that is dropped after a number of polls, if it has not ended by then: at once, or after
/// a while in which it may be granted something.
async fn get(storm: &Storm, random: &mut Random) {
    let (polls, patience) = (random.below(8), random.below(6));
    let mut flight = Flight::of(&storm.pool);
    let got = poll_fn(|context| {
        if flight.polls() == polls {
            return Poll::Ready(None);
        }
        match flight.poll(context.waker()) {
            Poll::Ready(got) => Poll::Ready(Some(got)),
            Poll::Pending if flight.polls() == polls => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await;
    match got {
        Some(Ok(mut lease)) => {
            add(&storm.borrowed);
            lease.hold();
            yield_times(random.below(4)).await;
            let is_discarded = random.one_in(6);
            lease.let_go(is_discarded);
            if is_discarded {
                Lease::discard(lease);
            }
        }
        Some(Err(GetError::Create(_))) => {}
        Some(Err(error)) => storm.pool.manager().ledger.fault(error.to_string()),
        None => {
            yield_times(patience).await;
            flight.cancel(&storm.drops);
        }
    }
}

fn rage_on_tokio(is_hooked: bool) {
    let spawn = tokio_threads();
    rage(is_hooked.then(|| spawn.clone()), |storm| {
        let (ended, ends) = mpsc::channel();
        for task in 0..TASKS {
            let (storm, ended) = (Arc::clone(storm), ended.clone());
            spawn(Box::pin(async move {
                let mut random = storm.random(task);
                while !storm.is_over() {
                    get(&storm, &mut random).await;
                    storm.assert_laws();
                }
                // Nobody listens any more if the test has failed.
                let _ = ended.send(());
            }));
        }
        drop(ended);
        for _ in 0..TASKS {
            ends.recv_timeout(LONGEST + PATIENCE).expect("a task panicked, or hangs");
        }
    });
}

#[test]
fn a_storm_of_cancellations_on_tokio_threads_loses_no_place() {
    rage_on_tokio(false);
}

#[test]
fn a_storm_of_cancellations_on_tokio_threads_with_a_hook_loses_no_place() {
    rage_on_tokio(true);
}
