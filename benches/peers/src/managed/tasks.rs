//! One task, for whom there is always a connection that is checked before it has it.
//!
//! It is at home: on the runtime of one thread and on a worker of the runtime with two of them.
//! That every get has its check is part of what every use says, and is added up.

use core::future::{Future, poll_fn};
use core::hint::black_box;
use core::pin::pin;
use core::time::Duration;
use std::time::Instant;

use tokio::runtime::Runtime;

use super::check::{Check, Ready, Yielding};
use super::connection::SAID_CHECKED;
use super::contenders::async_resource_pool::Asynchronous;
use super::contenders::bb8::Bb8;
use super::contenders::by_hand::CheckedByHand;
use super::contenders::deadpool::Deadpool;
use super::driven::{with_workers, without_workers};
use super::pool::Awaited;
use crate::beyond::{Row, Run, Table, entry};
use crate::cases::hit::warm_up;
use crate::plot::Colour;
use crate::timing::{Effort, Entry, Sample};
use poolable_peers::allocations;

/// Connections in every pool, all of them idle when the clock starts.
pub(super) const SIZE: usize = 4;

/// What the rows are found by.
pub(crate) mod names {
    pub(crate) const ASYNC: &str = "poolable, `AsyncResourcePool`";
    pub(crate) const TOKIO: &str = "poolable, `AsyncResourcePool`, `.tokio()`";
    /// With the defaults of each, and set like poolable.
    pub(crate) const DEADPOOL: [&str; 2] = ["deadpool", "deadpool, set alike"];
    pub(crate) const BB8: [&str; 2] = ["bb8", "bb8, set alike"];
}

/// The tables whose quotients are judged.
pub(crate) const JUDGED: [&str; 2] = ["managed-tasks-one-thread", "managed-tasks-workers"];

pub(super) fn tables() -> Vec<Table> {
    vec![
        table::<Ready, OneThread>(
            JUDGED[0],
            "A connection that is idle, for a task: runtime of one thread",
            "Get, write 13 bytes into the buffer of 4096, return, by the task of one `block_on`. \
             The check is over when it is polled first.",
        ),
        table::<Ready, Workers>(
            JUDGED[1],
            "A connection that is idle, for a task: runtime with workers",
            "The same by one task that was spawned.",
        ),
        table::<Yielding, OneThread>(
            "managed-tasks-one-thread-turn",
            "A check that takes a turn: runtime of one thread",
            "The same with a check that has its task polled once more, as one does that waits \
             for an answer: by the task of one `block_on`.",
        ),
        table::<Yielding, Workers>(
            "managed-tasks-workers-turn",
            "A check that takes a turn: runtime with workers",
            "The same by one task that was spawned. Its worker may take the other one out of its \
             sleep, to have the task polled.",
        ),
    ]
}

fn table<C: Check, H: Home>(file: &'static str, title: &'static str, about: &'static str) -> Table {
    Table {
        file,
        title,
        about,
        unit: "get",
        effort: Effort { rounds: 200, timing: Duration::from_millis(1) },
        // In time, too, ours stands between those that it is held against.
        rows: vec![
            row(names::ASYNC, Colour::Poolable, DEFAULTS, timed::<Asynchronous<C>, H>),
            row(names::DEADPOOL[0], Colour::Other, DEADPOOL, timed::<Deadpool<C>, H>),
            row(names::DEADPOOL[1], Colour::Other, ALIKE, timed::<Deadpool<C, true>, H>),
            row(names::TOKIO, Colour::Poolable, TOKIO, timed::<Asynchronous<C, true>, H>),
            row("floor: `Mutex<Vec>`, a guard, a check", Colour::Floor, FLOOR, floor::<C, H>),
            row(names::BB8[1], Colour::Other, ORDERED, timed::<Bb8<C, true>, H>),
            row(names::BB8[0], Colour::Other, DEFAULTS, timed::<Bb8<C>, H>),
        ],
    }
}

const DEFAULTS: &str = "All defaults: a lifetime, a timeout for the idle, thirty seconds to wait.";
const TOKIO: &str = "With `.tokio()`: creates are tasks, and tokio's clock keeps the time.";
const DEADPOOL: &str = "All defaults: nobody's wait ends, and the longest idle goes first.";
const ALIKE: &str = "With thirty seconds to wait, and the last one returned goes first.";
const ORDERED: &str = "All defaults, but the last one returned goes first.";
const FLOOR: &str = "By hand: std's lock is passed for the get and for the return, and the task \
                     checks by itself.";

fn row(name: &'static str, colour: Colour, about: &'static str, run: Run) -> Entry<Row> {
    entry(Row { name, colour, about, reason: None }, run)
}

/// Where the task runs.
pub(super) trait Home {
    fn runtime() -> Runtime;

    fn run<T: Send + 'static>(
        task: impl Future<Output = T> + Send + 'static,
    ) -> impl Future<Output = T>;
}

pub(super) struct OneThread;

impl Home for OneThread {
    fn runtime() -> Runtime {
        without_workers()
    }

    fn run<T: Send + 'static>(
        task: impl Future<Output = T> + Send + 'static,
    ) -> impl Future<Output = T> {
        task
    }
}

pub(super) struct Workers;

impl Home for Workers {
    fn runtime() -> Runtime {
        with_workers()
    }

    async fn run<T: Send + 'static>(task: impl Future<Output = T> + Send + 'static) -> T {
        tokio::spawn(task).await.expect("no panic")
    }
}

fn floor<C: Check, H: Home>(gets: u64) -> Sample {
    timed::<CheckedByHand<C>, H>(gets)
}

fn timed<P: Awaited, H: Home>(gets: u64) -> Sample {
    H::runtime().block_on(async {
        let pool = P::new(SIZE).await;
        pool.warm(SIZE).await;
        H::run(on_the_clock(pool, gets)).await
    })
}

async fn on_the_clock<P: Awaited>(pool: P, gets: u64) -> Sample {
    let before = warm_up(gets);
    assert_eq!(repeated(&pool, before).await, before * SAID_CHECKED);
    let start = Instant::now();
    let (said, allocations) = counted(repeated(&pool, gets)).await;
    let elapsed = start.elapsed();
    assert_eq!(said, gets * SAID_CHECKED, "the work was not done, or a check left out");
    Sample { nanoseconds: elapsed.as_secs_f64() * 1e9 / gets as f64, objects: gets, allocations }
}

/// One loop for the warm-up, for the clock, and for who counts instructions.
pub(super) async fn repeated<P: Awaited>(pool: &P, gets: u64) -> u64 {
    let mut said = 0;
    for _ in 0..gets {
        said += black_box(pool.get().await.talk_checked());
    }
    said
}

/// Counts what is allocated while a future is polled, by whichever threads: a task that has
/// waited may go on with another worker.
pub(crate) async fn counted<F: Future>(future: F) -> (F::Output, u64) {
    let mut future = pin!(future);
    let mut allocated = 0;
    poll_fn(|context| {
        let before = allocations::count();
        let polled = future.as_mut().poll(context);
        allocated += allocations::count() - before;
        polled.map(|output| (output, allocated))
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::managed::check::turn;
    use crate::managed::contenders::bounded_pool::Bounded;

    #[test]
    #[should_panic(expected = "assertion")]
    fn a_pool_that_checks_nothing_is_caught() {
        timed::<Bounded, OneThread>(400);
    }

    #[test]
    fn allocations_of_a_task_are_counted_whichever_thread_makes_them() {
        let allocates = async {
            for size in 1..=100 {
                black_box(Vec::<u8>::with_capacity(size));
                turn().await;
            }
        };
        let ((), allocated) = with_workers().block_on(Workers::run(counted(allocates)));
        assert_eq!(allocated, 100);
    }
}
