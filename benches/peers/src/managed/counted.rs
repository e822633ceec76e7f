//! Gets and returns, and gets that are given up, for who counts instructions, which are the same on a busy machine.
//!
//! `poolable-peers gets WHAT GETS` makes so many on the runtime of one thread, and nothing else:
//! the difference between two runs that differ in the gets alone is what the gets cost.
//! `poolable-peers instructions` has callgrind run each of them twice, and says what it found.

use std::env;
use std::process::Command;

use super::cancelled;
use super::check::{Ready, Yielding, turn};
use super::connection::{SAID, SAID_CHECKED};
use super::contenders::async_resource_pool::Asynchronous;
use super::contenders::bb8::Bb8;
use super::contenders::bounded_pool::Bounded;
use super::contenders::by_hand::CheckedByHand;
use super::contenders::deadpool::Deadpool;
use super::contenders::resource_pool::Resource;
use super::driven::without_workers;
use super::pool::{Awaited, Blocking};
use super::tasks::{SIZE, repeated};

/// The gets of the shorter run. What starts and ends a run is a few hundredths of it.
const GETS: u64 = 20_000;

/// What it is called, and what makes so many gets.
type Way = (&'static str, fn(u64));

const WAYS: &[Way] = &[
    ("floor", tasks::<CheckedByHand<Ready>>),
    ("async", tasks::<Asynchronous>),
    ("async-tokio", tasks::<Asynchronous<Ready, true>>),
    ("bounded-async", unchecked_tasks::<Bounded>),
    ("resource", threads::<Resource>),
    ("deadpool", tasks::<Deadpool>),
    ("deadpool-alike", tasks::<Deadpool<Ready, true>>),
    ("bb8", tasks::<Bb8>),
    ("bb8-alike", tasks::<Bb8<Ready, true>>),
    ("floor-turn", tasks::<CheckedByHand<Yielding>>),
    ("async-turn", tasks::<Asynchronous<Yielding>>),
    ("deadpool-turn", tasks::<Deadpool<Yielding>>),
    ("bb8-turn", tasks::<Bb8<Yielding>>),
    ("async-crowd", crowd::<Asynchronous>),
    ("async-tokio-crowd", crowd::<Asynchronous<Ready, true>>),
    ("bounded-async-crowd", crowd::<Bounded>),
    ("deadpool-crowd", crowd::<Deadpool>),
    ("deadpool-alike-crowd", crowd::<Deadpool<Ready, true>>),
    ("bb8-crowd", crowd::<Bb8>),
    ("async-cancel", cancels::<Asynchronous>),
    ("async-tokio-cancel", cancels::<Asynchronous<Ready, true>>),
    ("bounded-async-cancel", cancels::<Bounded>),
    ("deadpool-cancel", cancels::<Deadpool>),
    ("deadpool-alike-cancel", cancels::<Deadpool<Ready, true>>),
    ("bb8-cancel", cancels::<Bb8>),
];

/// Makes so many gets of one kind.
pub(crate) fn run(what: &str, gets: u64) -> Result<(), String> {
    let way = WAYS.iter().find(|way| way.0 == what);
    let (_, run) = way.ok_or_else(|| {
        let names: Vec<&str> = WAYS.iter().map(|way| way.0).collect();
        format!("no `{what}`; there are {}", names.join(", "))
    })?;
    run(gets);
    Ok(())
}

/// Prints the instructions of a get and return, for everyone.
pub(crate) fn instructions() -> Result<(), String> {
    println!("{:<24} {:>12}", "a get and its return", "instructions");
    for (what, _) in WAYS {
        let difference = collected(what, 2 * GETS)?.saturating_sub(collected(what, GETS)?);
        println!("{what:<24} {:>12}", (difference + GETS / 2) / GETS);
    }
    Ok(())
}

/// The instructions of a whole run.
fn collected(what: &str, gets: u64) -> Result<u64, String> {
    let program = env::current_exe().map_err(|error| format!("where is this program: {error}"))?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args(["gets", what, &gets.to_string()])
        .output()
        .map_err(|error| format!("cannot run valgrind: {error}"))?;
    let text = String::from_utf8_lossy(&output.stderr);
    let count = text.lines().find_map(|line| line.split_once("Collected : "));
    let count = count.and_then(|(_, count)| count.trim().parse().ok());
    count
        .filter(|_| output.status.success())
        .ok_or_else(|| format!("valgrind gives no count of {what}: {}\n{text}", output.status))
}

fn tasks<P: Awaited>(gets: u64) {
    without_workers().block_on(async {
        let pool = P::new(SIZE).await;
        pool.warm(SIZE).await;
        assert_eq!(repeated(&pool, gets).await, gets * SAID_CHECKED);
    });
}

fn unchecked_tasks<P: Awaited>(gets: u64) {
    without_workers().block_on(async {
        let pool = P::new(SIZE).await;
        pool.warm(SIZE).await;
        assert_eq!(repeated(&pool, gets).await, gets * SAID);
    });
}

/// Sixteen tasks on four connections, as in the crowds: each has its task polled once more while it
/// holds one, and so nearly every get waits for a return.
fn crowd<P: Awaited>(gets: u64) {
    const GETTERS: u64 = 16;
    without_workers().block_on(async {
        let pool = P::new(SIZE).await;
        pool.warm(SIZE).await;
        let getters: Vec<_> =
            (0..GETTERS).map(|_| tokio::spawn(getter(pool.clone(), gets / GETTERS))).collect();
        for getter in getters {
            getter.await.expect("no panic");
        }
    });
}

async fn getter<P: Awaited>(pool: P, gets: u64) {
    for _ in 0..gets {
        let mut lease = pool.get().await;
        assert_eq!(lease.talk(), SAID);
        turn().await;
    }
}

/// Gets that are polled once, and given up.
fn cancels<P: Awaited>(gets: u64) {
    without_workers().block_on(async {
        let pool = P::new(SIZE).await;
        let mut out = Vec::new();
        for _ in 0..SIZE {
            out.push(pool.get().await);
        }
        let mut place = [Box::pin(None)];
        assert_eq!(cancelled::repeated(&pool, &mut place, gets, || pool.get()).await, gets);
    });
}

fn threads<P: Blocking>(gets: u64) {
    let pool = P::new(SIZE);
    pool.warm(SIZE);
    let said: u64 = (0..gets).map(|_| pool.get().talk_checked()).sum();
    assert_eq!(said, gets * SAID_CHECKED);
}
