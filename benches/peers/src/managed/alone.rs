//! One getter, for whom there is always a connection.

use core::hint::black_box;
use core::ops::AsyncFnMut;
use core::time::Duration;
use std::time::Instant;

use tokio::runtime::Runtime;

use super::connection::SAID;
use super::contenders::bb8::Bb8;
use super::contenders::bounded_pool::Bounded;
use super::contenders::by_hand::ByHand;
use super::contenders::deadpool::Deadpool;
use super::contenders::r2d2::R2d2;
use super::contenders::resource_pool::Resource;
use super::crowd::names;
use super::driven::{with_workers, without_workers};
use super::pool::{Awaited, Blocking};
use crate::beyond::work::timed;
use crate::beyond::{Row, Run, Table, entry};
use crate::cases::hit::warm_up;
use crate::plot::Colour;
use crate::timing::{Effort, Entry, Sample};
use poolable_peers::allocations;

/// Connections in every pool, all of them idle when the clock starts.
const SIZE: usize = 4;

pub(super) fn table() -> Table {
    Table {
        file: "managed-alone",
        title: "A connection that is idle",
        about: "Get, write 13 bytes into the buffer of 4096, return. There is one getter, and \
                the four connections of the pool are there already.",
        unit: "get",
        effort: Effort { rounds: 200, timing: Duration::from_millis(1) },
        rows: vec![
            ours(names::RESOURCE, RESOURCE, threads::<Resource>),
            ours(names::BOUNDED, BOUNDED, threads::<Bounded>),
            ours("poolable, `BoundedPool`, runtime of one thread", ONE_THREAD, alone::<Bounded>),
            ours(
                "poolable, `BoundedPool`, runtime with workers",
                WORKERS,
                beside_workers::<Bounded>,
            ),
            other("r2d2", "`get` by a thread.", threads::<R2d2>),
            other("deadpool, runtime of one thread", ONE_THREAD, alone::<Deadpool>),
            other("deadpool, runtime with workers", WORKERS, beside_workers::<Deadpool>),
            other("bb8, runtime of one thread", ONE_THREAD, alone::<Bb8>),
            other("bb8, runtime with workers", WORKERS, beside_workers::<Bb8>),
            floor(),
        ],
    }
}

const ONE_THREAD: &str = "The pool's `get` for tasks, awaited in one `block_on` of tokio's runtime of the current thread.";
const WORKERS: &str = "The same, of its runtime with two workers.";

const RESOURCE: &str = "`get` by a thread; all defaults.";
const BOUNDED: &str = "`BoundedPool::new` of a type that derives `Reset`, and `get` by a thread.";

fn ours(name: &'static str, about: &'static str, run: Run) -> Entry<Row> {
    entry(Row { name, colour: Colour::Poolable, about, reason: None }, run)
}

fn other(name: &'static str, about: &'static str, run: Run) -> Entry<Row> {
    entry(Row { name, colour: Colour::Other, about, reason: None }, run)
}

fn floor() -> Entry<Row> {
    let row = Row {
        name: "floor: `Mutex<Vec>` and a guard",
        colour: Colour::Floor,
        about: "By hand, for a thread: std's lock is passed for the get and for the return.",
        reason: Some("it reads no clock, checks nothing, counts nothing and can wait for nobody"),
    };
    entry(row, threads::<ByHand>)
}

fn threads<P: Blocking>(gets: u64) -> Sample {
    let pool = P::new(SIZE);
    pool.warm(SIZE);
    pool.on_thread(|| timed(gets, SAID, || pool.get().talk()))
}

fn alone<P: Awaited>(gets: u64) -> Sample {
    tasks::<P>(without_workers(), gets)
}

fn beside_workers<P: Awaited>(gets: u64) -> Sample {
    tasks::<P>(with_workers(), gets)
}

fn tasks<P: Awaited>(runtime: Runtime, gets: u64) -> Sample {
    runtime.block_on(async {
        let pool = P::new(SIZE).await;
        pool.warm(SIZE).await;
        let mut work = async || pool.get().await.talk();
        let before = warm_up(gets);
        assert_eq!(repeated(before, &mut work).await, before * SAID);
        let allocated = allocations::count();
        let start = Instant::now();
        let said = repeated(gets, &mut work).await;
        let elapsed = start.elapsed();
        let allocations = allocations::count() - allocated;
        assert_eq!(said, gets * SAID, "the work was not done");
        let nanoseconds = elapsed.as_secs_f64() * 1e9 / gets as f64;
        Sample { nanoseconds, objects: gets, allocations }
    })
}

/// One loop for the warm-up and for the clock.
async fn repeated(gets: u64, work: &mut impl AsyncFnMut() -> u64) -> u64 {
    let mut said = 0;
    for _ in 0..gets {
        said += black_box(work().await);
    }
    said
}
