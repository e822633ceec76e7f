//! Gets that are given up while they wait: their futures are polled once, and dropped.
//!
//! All connections are out. What is timed is all of it: the get comes, queues, has its time limit
//! kept by whatever the pool uses, and is gone without a trace.

use core::future::{Future, poll_fn};
use core::pin::Pin;
use core::task::Poll;
use core::time::Duration;
use std::time::Instant;

use tokio::time::timeout;

use super::check::Ready;
use super::contenders::async_resource_pool::Asynchronous;
use super::contenders::bb8::Bb8;
use super::contenders::bounded_pool::Bounded;
use super::contenders::deadpool::Deadpool;
use super::driven::without_workers;
use super::pool::Awaited;
use super::tasks::{SIZE, counted, names};
use crate::beyond::{Row, Run, Table, entry};
use crate::cases::hit::warm_up;
use crate::plot::Colour;
use crate::timing::{Effort, Entry, Sample};

/// How many wait at once, where many do.
const MANY: usize = 256;
/// Of so many places in the queue every one is left, each far from the one before.
const STRIDE: usize = 97;

pub(super) fn tables() -> Vec<Table> {
    vec![
        table::<1>(
            "managed-cancel-one",
            "A get that is given up",
            "All four connections are out. A get is polled once, waits, and is dropped; then comes \
             the next one. Runtime of one thread.",
        ),
        table::<MANY>(
            "managed-cancel-many",
            "A get that is given up, in a queue of 256",
            "The same, but 256 gets wait at once, and are dropped from places all over the queue.",
        ),
    ]
}

fn table<const WAITING: usize>(
    file: &'static str,
    title: &'static str,
    about: &'static str,
) -> Table {
    Table {
        file,
        title,
        about,
        unit: "cancelled get",
        effort: Effort { rounds: 60, timing: Duration::from_millis(1) },
        rows: vec![
            row(names::ASYNC, Colour::Poolable, LIMIT, timed::<Asynchronous, WAITING>),
            row(names::DEADPOOL[0], Colour::Other, NO_LIMIT, timed::<Deadpool, WAITING>),
            row(names::DEADPOOL[1], Colour::Other, TIMER, timed::<Deadpool<Ready, true>, WAITING>),
            row(names::TOKIO, Colour::Poolable, TIMER, timed::<Asynchronous<Ready, true>, WAITING>),
            row("poolable, `BoundedPool`", Colour::Poolable, LIMIT, timed::<Bounded, WAITING>),
            row(names::BB8[0], Colour::Other, TIMER, timed::<Bb8, WAITING>),
        ],
    }
}

const LIMIT: &str = "Thirty seconds to wait, kept by poolable's keeper.";
const NO_LIMIT: &str = "Nobody's wait ends.";
const TIMER: &str = "Thirty seconds to wait, kept by tokio.";

fn row(name: &'static str, colour: Colour, about: &'static str, run: Run) -> Entry<Row> {
    entry(Row { name, colour, about, reason: None }, run)
}

fn timed<P: Awaited, const WAITING: usize>(cancels: u64) -> Sample {
    without_workers().block_on(async {
        let pool = P::new(SIZE).await;
        pool.warm(SIZE).await;
        let mut out = Vec::new();
        for _ in 0..SIZE {
            out.push(pool.get().await);
        }
        let turns = |cancels: u64| cancels.div_ceil(WAITING as u64);
        let cancels = turns(cancels) * WAITING as u64;
        // Futures lie in boxes that are made once: what allocates on the clock is the pool.
        let mut gets: Vec<_> = (0..WAITING).map(|_| Box::pin(None)).collect();
        repeated(&pool, &mut gets, turns(warm_up(cancels)), || pool.get()).await;
        let start = Instant::now();
        let (waited, allocations) =
            counted(repeated(&pool, &mut gets, turns(cancels), || pool.get())).await;
        let elapsed = start.elapsed();
        assert_eq!(waited, cancels, "not all of them waited");
        drop(gets);
        drop(out);
        assert!(pool.waiting().is_none_or(|waiting| waiting == 0), "someone is left");
        let all = timeout(Duration::from_secs(10), pool.warm(SIZE));
        all.await.expect("every connection is there");
        let nanoseconds = elapsed.as_secs_f64() * 1e9 / cancels as f64;
        Sample { nanoseconds, objects: cancels, allocations }
    })
}

/// Fills all places with gets that wait, and empties them; how many waited.
pub(super) async fn repeated<P: Awaited, F: Future>(
    pool: &P,
    gets: &mut [Pin<Box<Option<F>>>],
    turns: u64,
    get: impl Fn() -> F,
) -> u64 {
    let mut waited = 0;
    for turn in 0..turns {
        for place in gets.iter_mut() {
            place.set(Some(get()));
            waited += u64::from(waits(place.as_mut()).await);
        }
        if turn == 0 {
            let waiting = pool.waiting();
            assert!(waiting.is_none_or(|waiting| waiting == gets.len()), "{waiting:?} wait");
        }
        for step in 0..gets.len() {
            let place = step * STRIDE % gets.len();
            gets[place].set(None);
        }
    }
    waited
}

/// Polls a get once.
async fn waits<F: Future>(mut place: Pin<&mut Option<F>>) -> bool {
    poll_fn(|context| {
        let get = place.as_mut().as_pin_mut().expect("it was put there");
        Poll::Ready(get.poll(context).is_pending())
    })
    .await
}
