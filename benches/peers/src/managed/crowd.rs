//! More getters than connections.
//!
//! Everyone gets, works, returns, and asks again at once, until time is up. The two reads of
//! the clock around a get are in everyone's time alike.

mod seen;

use core::hint::black_box;
use core::time::Duration;
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use tokio::task::yield_now;
use tokio::time::sleep;

use self::seen::{Seen, Window, sample};
use super::Row;
use super::check::Ready;
use super::connection::SAID;
use super::contenders::async_resource_pool::Asynchronous;
use super::contenders::bb8::Bb8;
use super::contenders::bounded_pool::Bounded;
use super::contenders::deadpool::Deadpool;
use super::contenders::r2d2::R2d2;
use super::contenders::resource_pool::Resource;
use super::driven::{ByFutures, ByRuntime, Driven, with_workers};
use super::pool::{Awaited, Blocking};
use super::waits::Waits;
use crate::gate::Gate;
use crate::plot::Colour;

const GETTERS: usize = 16;
const CONNECTIONS: usize = 4;

/// Who the getters are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Setting {
    Threads,
    Tasks,
}

/// What a getter does with its connection, and how long all of them go on.
#[derive(Clone, Copy)]
pub(crate) struct Load {
    /// Turns of a loop.
    turns: u32,
    time: Duration,
}

/// What one timing found.
pub(crate) struct Sample {
    /// All getters together, in a second.
    pub(super) gets_per_second: f64,
    /// The gets of whoever had the fewest, over those of an equal share.
    pub(super) least_share: f64,
    pub(super) waits: Waits,
}

pub(crate) struct Entry {
    pub(crate) who: Row,
    pub(super) run: fn(Load) -> Sample,
}

/// One kind of work, done by everyone.
pub(crate) struct Crowd {
    /// The name of its plot.
    pub(crate) file: &'static str,
    pub(crate) title: &'static str,
    pub(crate) about: &'static str,
    pub(crate) rounds: usize,
    pub(super) load: Load,
    pub(crate) entries: Vec<Entry>,
}

impl Crowd {
    /// Fit for seeing whether everything runs, and for no figure.
    pub(crate) fn quick(mut self) -> Self {
        self.rounds = 3;
        self.load.time = Duration::from_millis(10);
        self
    }
}

/// What the rows are found by.
pub(crate) mod names {
    pub(crate) const RESOURCE: &str = "poolable, `ResourcePool`";
    pub(crate) const BOUNDED: &str = "poolable, `BoundedPool`";
    pub(crate) const R2D2: &str = "r2d2";
    /// Driven by one executor and by the other.
    pub(crate) const DEADPOOL: [&str; 2] = ["deadpool, `block_on`", "deadpool, handle"];
    pub(crate) const BB8: [&str; 2] = ["bb8, `block_on`", "bb8, handle"];
    pub(crate) const BOUNDED_TASKS: &str = "poolable, `BoundedPool` in tasks";
    pub(crate) const BOUNDED_YIELDING: &str = "poolable, `BoundedPool` in tasks that yield";
    pub(crate) const ASYNC_TASKS: &str = "poolable, `AsyncResourcePool` in tasks";
    pub(crate) const ASYNC_YIELDING: &str = "poolable, `AsyncResourcePool` in tasks that yield";
    pub(crate) const DEADPOOL_TASKS: &str = "deadpool in tasks";
    pub(crate) const DEADPOOL_YIELDING: &str = "deadpool in tasks that yield";
    pub(crate) const BB8_TASKS: &str = "bb8 in tasks";
    pub(crate) const BB8_YIELDING: &str = "bb8 in tasks that yield";
}

/// Enough for two percent to be told where nobody else has the cores.
const ROUNDS: usize = 40;
const TIME: Duration = Duration::from_millis(100);
/// For how long all connections are out in the beginning, so that everyone queues. Getters that
/// start one after the other find connections idle, and there is no crowd until some of them
/// lose the core while they hold one.
const QUEUEING: Duration = Duration::from_millis(20);

pub(super) fn all() -> Vec<Crowd> {
    vec![
        Crowd {
            file: "managed-crowd-work",
            title: "16 getters on 4 connections, with work",
            about: "Every getter gets a connection, writes 13 bytes, computes for about a \
                    microsecond, and returns it.",
            rounds: ROUNDS,
            load: Load { turns: turns_of_a_microsecond(), time: TIME },
            entries: entries(),
        },
        Crowd {
            file: "managed-crowd",
            title: "16 getters on 4 connections, without work",
            about: "The same, but nothing is computed: what is timed is the pool, and how the \
                    getters wait for each other.",
            rounds: ROUNDS,
            load: Load { turns: 0, time: TIME },
            entries: entries(),
        },
    ]
}

/// Those that are held against each other stand beside each other, and so they do in time.
fn entries() -> Vec<Entry> {
    vec![
        thread_row(names::DEADPOOL[0], Colour::Other, FUTURES, futures::<Deadpool>),
        thread_row(names::RESOURCE, Colour::Poolable, THREADS, threads::<Resource>),
        thread_row(names::DEADPOOL[1], Colour::Other, HANDLE, handle::<Deadpool>),
        thread_row(names::BOUNDED, Colour::Poolable, THREADS, threads::<Bounded>),
        thread_row(names::R2D2, Colour::Other, THREADS, threads::<R2d2>),
        thread_row(names::BB8[0], Colour::Other, FUTURES, futures::<Bb8>),
        thread_row(names::BB8[1], Colour::Other, HANDLE, handle::<Bb8>),
        task_row(names::BOUNDED_TASKS, Colour::Poolable, ASYNC, tasks::<Bounded>),
        task_row(names::DEADPOOL_TASKS, Colour::Other, STAYING, tasks::<Deadpool>),
        task_row(names::ASYNC_TASKS, Colour::Poolable, STAYING, tasks::<Asynchronous>),
        task_row(TOKIO, Colour::Poolable, LIMITED, tasks::<Asynchronous<Ready, true>>),
        task_row(ALIKE, Colour::Other, LIMITED, tasks::<Deadpool<Ready, true>>),
        task_row(names::BOUNDED_YIELDING, Colour::Poolable, YIELDING, yielding_tasks::<Bounded>),
        task_row(names::DEADPOOL_YIELDING, Colour::Other, YIELDING, yielding_tasks::<Deadpool>),
        task_row(names::ASYNC_YIELDING, Colour::Poolable, YIELDING, yielding_tasks::<Asynchronous>),
        task_row(names::BB8_TASKS, Colour::Other, STAYING, tasks::<Bb8>),
        task_row(names::BB8_YIELDING, Colour::Other, YIELDING, yielding_tasks::<Bb8>),
    ]
}

/// Beside each other, and judged by nobody.
const TOKIO: &str = "poolable, `AsyncResourcePool`, `.tokio()`, in tasks";
const ALIKE: &str = "deadpool, set alike, in tasks";

const THREADS: &str = "`get` by threads.";
const FUTURES: &str = "Every `get` by threads, through `block_on` of crate `futures`.";
const HANDLE: &str = "Every `get` by threads, through `block_on` of a handle of tokio's runtime.";
const ASYNC: &str = "`get_async().await` by tasks of tokio's runtime with two workers.";
const STAYING: &str = "`get().await` by tasks of tokio's runtime with two workers.";
const LIMITED: &str = "The same, but tokio's timers keep the thirty seconds.";
const YIELDING: &str = "The same, and each task yields once while it holds its connection, as one \
                        does that waits for an answer.";

fn futures<P: Awaited>(load: Load) -> Sample {
    threads::<Driven<P, ByFutures>>(load)
}

fn handle<P: Awaited>(load: Load) -> Sample {
    threads::<Driven<P, ByRuntime>>(load)
}

fn thread_row(
    name: &'static str,
    colour: Colour,
    about: &'static str,
    run: fn(Load) -> Sample,
) -> Entry {
    Entry { who: Row { name, colour, setting: Setting::Threads, about }, run }
}

fn task_row(
    name: &'static str,
    colour: Colour,
    about: &'static str,
    run: fn(Load) -> Sample,
) -> Entry {
    Entry { who: Row { name, colour, setting: Setting::Tasks, about }, run }
}

/// How many turns of [`compute`] take a microsecond where nobody else has the core.
fn turns_of_a_microsecond() -> u32 {
    const TURNS: u32 = 20_000;
    let time = || {
        let start = Instant::now();
        compute(TURNS);
        start.elapsed()
    };
    let best = (0..50).map(|_| time()).min().expect("some");
    (1_000.0 * f64::from(TURNS) / best.as_nanos() as f64) as u32
}

/// A counted loop and not a watched clock: whoever loses the core still has its work to do.
fn compute(turns: u32) {
    let mut state = 1u64;
    for turn in 0..turns {
        state = black_box(state.wrapping_mul(6_364_136_223_846_793_005) + u64::from(turn));
    }
}

fn threads<P: Blocking>(load: Load) -> Sample {
    let pool = P::new(CONNECTIONS);
    pool.warm(CONNECTIONS);
    let gate = Gate::new(GETTERS + 1);
    let window = Window::new(load);
    let getter = || {
        gate.pass();
        let mut seen = Seen::new(&window);
        while seen.asks() {
            let mut lease = pool.get();
            seen.got();
            assert_eq!(lease.talk(), SAID);
            compute(load.turns);
        }
        seen
    };
    let all: Vec<Seen> = thread::scope(|scope| {
        let getters: Vec<_> =
            (0..GETTERS).map(|_| scope.spawn(|| pool.on_thread(getter))).collect();
        pool.on_thread(|| {
            let _all: Vec<_> = (0..CONNECTIONS).map(|_| pool.get()).collect();
            gate.pass();
            thread::sleep(QUEUEING);
        });
        getters.into_iter().map(|getter| getter.join().expect("no panic")).collect()
    });
    sample(&all, load)
}

fn tasks<P: Awaited>(load: Load) -> Sample {
    spawned::<P, false>(load)
}

fn yielding_tasks<P: Awaited>(load: Load) -> Sample {
    spawned::<P, true>(load)
}

fn spawned<P: Awaited, const YIELDS: bool>(load: Load) -> Sample {
    let runtime = with_workers();
    let all = runtime.block_on(async {
        let pool = P::new(CONNECTIONS).await;
        pool.warm(CONNECTIONS).await;
        let window = Arc::new(Window::new(load));
        let mut out = Vec::new();
        for _ in 0..CONNECTIONS {
            out.push(pool.get().await);
        }
        let getters: Vec<_> = (0..GETTERS)
            .map(|_| tokio::spawn(getter::<P, YIELDS>(pool.clone(), Arc::clone(&window), load)))
            .collect();
        sleep(QUEUEING).await;
        drop(out);
        let mut all = Vec::new();
        for getter in getters {
            all.push(getter.await.expect("no panic"));
        }
        all
    });
    sample(&all, load)
}

/// The loop of [`threads`], as a task.
async fn getter<P: Awaited, const YIELDS: bool>(pool: P, window: Arc<Window>, load: Load) -> Seen {
    let mut seen = Seen::new(&window);
    while seen.asks() {
        let mut lease = pool.get().await;
        seen.got();
        assert_eq!(lease.talk(), SAID);
        compute(load.turns);
        if YIELDS {
            yield_now().await;
        }
    }
    seen
}
