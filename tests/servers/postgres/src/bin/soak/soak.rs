//! The run, and what must hold at its end.

use core::time::Duration;
use std::env;
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use poolable::managed::{AsyncResourcePool, ResourcePool, Stats, Timeouts};
use poolable_postgres::{Onlooker, by_loopback, by_socket, tasks, threads};
use poolable_servers::{
    Crowd, Outcome, Postgres, Random, Tally, TaskCrowd, assert_at_rest, assert_laws, is_so_within,
};
use tokio::runtime::Builder;

use crate::borrowers::{self, Mischief};
use crate::faults::Fault;
use crate::footprint::{Footprint, Growth};

/// How long a get waits, and how long a session may take to answer.
const WAIT: Duration = Duration::from_secs(2);
const CHECK: Duration = Duration::from_secs(1);

/// What a get may take. A thread outlasts its time by a check; the rest is for a machine that has
/// other things to do.
const GET: Duration = Duration::from_secs(6);

/// What a turn may take: the get, and queries that go on when the server does.
const TURN: Duration = Duration::from_secs(15);

/// Within this time after a fault somebody has to be served again.
const RECOVERY: Duration = Duration::from_secs(10);

/// The longest that it may take to come to rest.
const REST: Duration = Duration::from_secs(30);

/// The most sessions of each pool, and those who borrow them.
const MAX_OPEN: usize = 8;
const BORROWERS: usize = 16;

/// The pools: of threads; of tasks, with creates that are tasks of their own; and with creates that
/// the getters poll.
const NAMES: [&str; 3] = ["threads", "tasks", "polled"];

/// Room for all of them, for some that are just ending, and for the onlooker.
const SESSIONS: usize = NAMES.len() * MAX_OPEN + 8;

struct Arguments {
    seconds: u64,
    seed: u64,
}

impl Arguments {
    fn read() -> Result<Self, String> {
        let mut arguments = Self { seconds: 300, seed: 1 };
        let mut given = env::args().skip(1);
        while let Some(name) = given.next() {
            let number = given.next().and_then(|number| number.parse().ok());
            let number = number.ok_or(format!("a number has to follow {name}"))?;
            match &*name {
                "--seconds" => arguments.seconds = number,
                "--seed" => arguments.seed = number,
                _ => return Err("usage: soak [--seconds N] [--seed N]".to_owned()),
            }
        }
        Ok(arguments)
    }
}

pub(crate) fn run() -> Result<(), String> {
    let Arguments { seconds, seed } = Arguments::read()?;
    let Some(mut server) = Postgres::start(SESSIONS) else { return Ok(()) };
    let mut onlooker = Onlooker::new(&server);
    onlooker
        .execute("CREATE TABLE ledger (amount int8); GRANT ALL ON ledger TO app")
        .map_err(|error| error.to_string())?;
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    let mischief = Arc::new(Mischief::default());

    let timeouts = Timeouts { wait: Some(WAIT), create: Some(WAIT), check: Some(CHECK) };
    let config = by_socket(&server, NAMES[0]).into();
    let of_threads = ResourcePool::builder(threads::Sessions { config, patience: CHECK })
        .max_open(MAX_OPEN)
        .min_idle(2)
        .max_lifetime(Duration::from_secs(5))
        .idle_timeout(Duration::from_secs(2))
        .timeouts(timeouts)
        .build()
        .map_err(|error| error.to_string())?;
    let of_tasks = |name| {
        AsyncResourcePool::builder(tasks::Sessions { config: by_loopback(&server, name) })
            .max_open(MAX_OPEN)
            .max_lifetime(Duration::from_secs(5))
            .idle_timeout(Duration::from_secs(2))
            .timeouts(timeouts)
    };
    let inside = runtime.enter();
    let spawned = of_tasks(NAMES[1]).tokio().min_idle(2).build();
    let polled = of_tasks(NAMES[2]).build();
    drop(inside);
    let (spawned, polled) = match (spawned, polled) {
        (Ok(spawned), Ok(polled)) => (spawned, polled),
        (Err(error), _) | (_, Err(error)) => return Err(error.to_string()),
    };

    let crowd = Crowd::new(BORROWERS, {
        let (pool, mischief) = (of_threads.clone(), mischief.clone());
        move |tally, random| borrowers::thread(&pool, &mischief, tally, random)
    });
    let crowd_of = |pool: &AsyncResourcePool<tasks::Sessions>| {
        let (pool, mischief) = (pool.clone(), mischief.clone());
        TaskCrowd::new(runtime.handle(), BORROWERS, move |tally, lot| {
            borrowers::task(pool.clone(), mischief.clone(), tally, lot)
        })
    };
    let (spawned_crowd, polled_crowd) = (crowd_of(&spawned), crowd_of(&polled));
    let tallies = || [crowd.tally(), spawned_crowd.tally(), polled_crowd.tally()];
    let stats = || [of_threads.stats(), spawned.stats(), polled.stats()];

    println!("soak: {seconds} s with a fault in each, seed {seed}");
    let mut random = Random::new(seed);
    let mut faults = [0_u32; Fault::ALL.len()];
    let mut looks = Vec::new();
    let mut slowest = (Duration::ZERO, None);
    let start = Instant::now();
    for second in 1..=seconds {
        let fault = Fault::draw(&mut random);
        faults[fault as usize] += 1;
        fault.happen(&mut server, &mut onlooker, (&NAMES, &mischief), &mut random);
        let served = tallies().map(|tally| tally.count(Outcome::Served));
        let since = Instant::now();
        let is_well = is_so_within(RECOVERY, || {
            stats().iter().for_each(assert_laws);
            tallies().iter().zip(served).all(|(tally, n)| tally.count(Outcome::Served) > n)
        });
        if !is_well {
            let lines: Vec<_> = tallies().iter().map(|tally| tally.line()).collect();
            return Err(format!(
                "nobody was served for {RECOVERY:?} after this: {fault} (second {second}): \
                 {lines:?}, {:?}",
                stats()
            ));
        }
        slowest = slowest.max_by_time((since.elapsed(), Some(fault)));
        let next = start + Duration::from_secs(second);
        thread::sleep(next.saturating_duration_since(Instant::now()));
        looks.push(Footprint::now()?);
    }
    let took = start.elapsed();

    let tallies = [crowd.end(TURN), spawned_crowd.end(TURN), polled_crowd.end(TURN)];
    let rest = rest(&mut onlooker, &stats)?;
    report(&tallies, &rest, &faults);
    let (recovery, after) = slowest;
    let after = after.map_or(String::new(), |fault| format!(", after this: {fault}"));
    println!("{:<28} {recovery:.1?}{after}", "longest until all served");
    let growth = Growth::of(&looks, (NAMES.len() * MAX_OPEN) as u64);
    for Growth { what, before, after, may_grow } in &growth {
        println!("{what:<28} {before} in the second quarter, {after} in the last (+{may_grow})");
    }

    for (name, tally) in NAMES.iter().zip(&tallies) {
        let (get, turn) = (tally.longest(), tally.longest_turn());
        if get > GET || turn > TURN {
            return Err(format!("{name}: a get took {get:.1?}, a turn {turn:.1?}"));
        }
    }
    if let Some(Growth { what, before, after, .. }) = growth.iter().find(|row| !row.is_flat()) {
        return Err(format!("{what} went from {before} to {after}"));
    }
    end(&mut onlooker, &of_threads, &runtime, [&spawned, &polled])?;
    println!("soak: passed in {took:.1?}: no caller and no connection lost");
    Ok(())
}

trait Slowest {
    fn max_by_time(self, other: Self) -> Self;
}

impl Slowest for (Duration, Option<Fault>) {
    fn max_by_time(self, other: Self) -> Self {
        if other.0 > self.0 { other } else { self }
    }
}

/// Waits until the server has as many sessions as the pools keep idle, and nobody is at it.
fn rest(onlooker: &mut Onlooker, stats: &dyn Fn() -> [Stats; 3]) -> Result<[Stats; 3], String> {
    let mut last = None;
    let is_so = is_so_within(REST, || {
        let (stats, sessions) = (stats(), NAMES.map(|name| onlooker.sessions(name)));
        last = Some((sessions, stats));
        stats.iter().zip(sessions).all(|(stats, sessions)| {
            let busy = stats.in_use + stats.checking + stats.creating + stats.destroying;
            busy == 0 && sessions == Some(stats.idle)
        })
    });
    if !is_so {
        return Err(format!("the server's counts and the pools' do not come to agree: {last:?}"));
    }
    let stats = stats();
    stats.iter().for_each(assert_at_rest);
    Ok(stats)
}

/// Drains the pools, and looks at what is left: of sessions, and of transactions.
fn end(
    onlooker: &mut Onlooker,
    of_threads: &ResourcePool<threads::Sessions>,
    runtime: &tokio::runtime::Runtime,
    of_tasks: [&AsyncResourcePool<tasks::Sessions>; 2],
) -> Result<(), String> {
    let deadline = Instant::now() + REST;
    of_threads.drain(deadline).map_err(|error| format!("{}: {error}", NAMES[0]))?;
    for pool in of_tasks {
        runtime.block_on(pool.drain(deadline)).map_err(|error| format!("tasks: {error}"))?;
    }
    let mut left = [None; 3];
    let is_empty = is_so_within(REST, || {
        left = NAMES.map(|name| onlooker.sessions(name));
        left == [Some(0); 3]
    });
    if !is_empty {
        return Err(format!("sessions are left when the pools are drained: {left:?}"));
    }
    match onlooker.sum("ledger", "amount") {
        Some(0) => Ok(()),
        sum => Err(format!("half of a transfer was committed: {sum:?}")),
    }
}

fn report(tallies: &[Arc<Tally>; 3], stats: &[Stats; 3], faults: &[u32; Fault::ALL.len()]) {
    println!();
    for ((name, tally), stats) in NAMES.iter().zip(tallies).zip(stats) {
        println!("{name:<28} {}", tally.line());
        println!(
            "{:<28} {} created, {} creates and {} checks failed, {} idle at rest",
            "", stats.created, stats.create_failed, stats.check_failed, stats.idle
        );
    }
    for (fault, times) in Fault::ALL.iter().zip(faults) {
        println!("{:<28} {times} times", fault.to_string());
    }
}
