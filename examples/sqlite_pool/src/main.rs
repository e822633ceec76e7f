//! Eight threads at a SQLite file, over a pool of four connections.
//!
//! They read accounts and move money between them, a connection borrowed for each task. Now and
//! then a borrower leaves a transaction open, or panics in the middle of one; the pool closes
//! its connection, which rolls back, and the next borrower gets another one. At the end the
//! pool is drained, and the file is looked over from the outside.
//!
//! Run it with `cargo run --release --package sqlite_pool`. It fails if anything leaked from one
//! borrower to the next, if money was lost or made, or if the statistics do not add up.
//! How connections are made, checked and given up is in `manager.rs`.

mod folder;
mod ledger;
mod manager;
mod workers;

use core::error::Error;
use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::panic::resume_unwind;
use std::process::ExitCode;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Instant;

use poolable::managed::{Event, GetError, ResourcePool, Stats, Timeouts};
use rusqlite::Connection;

use crate::folder::Folder;
use crate::ledger::{Audit, TOTAL};
use crate::manager::SqliteFile;
use crate::workers::Tally;

/// Threads that borrow connections.
const THREADS: u64 = 8;
/// The most connections. SQLite has one writer at a time: more of them would wait for one
/// another in the file, where nobody sees to it that the first one to come is the first to go.
const CONNECTIONS: usize = 4;
/// What each thread does: 32000 tasks in all, which make more than a hundred thousand queries.
const TASKS: u64 = 4000;

type Failure = Box<dyn Error + Send + Sync>;

/// What is known at the end.
#[derive(Debug)]
struct Report {
    done: Tally,
    elapsed: Duration,
    /// The longest that a getter waited for a connection.
    longest_wait: Duration,
    /// When the threads had ended and the pool was full again.
    at_rest: Stats,
    /// When it had been drained.
    at_end: Stats,
    audit: Audit,
}

fn main() -> ExitCode {
    match run(TASKS) {
        Ok(report) => {
            print(&report);
            let failed = failed_checks(&report);
            failed.iter().for_each(|what| println!("FAILED: {what}"));
            if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("sqlite_pool: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Lets the threads do so many tasks each.
fn run(tasks: u64) -> Result<Report, Failure> {
    let folder = Folder::new()?;
    let path = folder.path().join("ledger.db");

    // In nanoseconds.
    let longest_wait = Arc::new(AtomicU64::new(0));
    let seen = Arc::clone(&longest_wait);
    let pool = ResourcePool::builder(SqliteFile { path: path.clone() })
        .max_open(CONNECTIONS)
        .timeouts(Timeouts { wait: Some(Duration::from_secs(20)), ..Timeouts::default() })
        .observer(move |event| {
            if let Event::Waited { waited, .. } = event {
                // Relaxed: it is read when the threads have been joined.
                seen.fetch_max(waited.as_nanos() as u64, Ordering::Relaxed);
            }
        })
        .build()?;
    ledger::open(&mut *pool.get()?)?;

    let start = Instant::now();
    let mut done = thread::scope(|scope| {
        let pool = &pool;
        let threads: Vec<_> = (1..=THREADS)
            .map(|seed| scope.spawn(move || workers::work(pool, seed, tasks)))
            .collect();
        threads.into_iter().try_fold(Tally::default(), |mut sum, thread| {
            sum += thread.join().unwrap_or_else(|panic| resume_unwind(panic))?;
            Ok::<_, Failure>(sum)
        })
    })?;
    let elapsed = start.elapsed();

    // Who has all of them at once has waited for what was still being made.
    let all: Vec<_> = (0..CONNECTIONS).map(|_| pool.get()).collect::<Result<_, _>>()?;
    drop(all);
    let at_rest = pool.stats();
    done += shut_down(&pool)?;

    let at_end = pool.stats();
    // With a connection that is not the pool's.
    let audit = ledger::audit(&Connection::open(&path)?)?;
    // Relaxed: as above.
    let longest_wait = Duration::from_nanos(longest_wait.load(Ordering::Relaxed));
    Ok(Report { done, elapsed, longest_wait, at_rest, at_end, audit })
}

/// Ends the pool while a borrower is at work: it may finish, and nobody else begins.
fn shut_down(pool: &ResourcePool<SqliteFile>) -> Result<Tally, Failure> {
    thread::scope(|scope| {
        let (has_begun, begun) = mpsc::channel();
        let late = scope.spawn(move || workers::pay_until_closed(pool, &has_begun));
        begun.recv()?;
        let drained = pool.drain(Instant::now() + Duration::from_secs(10));
        let done = late.join().unwrap_or_else(|panic| resume_unwind(panic))?;
        drained?;
        match pool.get() {
            Err(GetError::Closed) => Ok(done),
            _ => Err("a closed pool still lends".into()),
        }
    })
}

/// What does not hold, of all that must.
fn failed_checks(report: &Report) -> Vec<&'static str> {
    let Report { done, at_rest, at_end, audit, .. } = report;
    // Beside the tasks: once to make the tables, and all of them at the end.
    let borrowed = done.tasks + 1 + CONNECTIONS as u64;
    let destroyed = at_end.destroyed;
    let checks = [
        (audit.total == TOTAL, "money was lost or made"),
        (audit.wrong_accounts == 0, "an account does not show what its transfers come to"),
        (audit.transfers == done.paid as i64, "a transfer was lost, or is there twice"),
        (audit.integrity == "ok", "the file is damaged"),
        (audit.is_alone, "a connection was not closed"),
        (destroyed.released == done.forgot, "a transaction was left open, and not discarded"),
        (destroyed.panicked == done.panicked, "a borrower panicked, and its connection lives"),
        (destroyed.broken == 0 && at_end.check_failed == 0, "a good connection was refused"),
        (at_end.create_failed == 0 && at_end.timed_out == 0, "a borrower got nothing"),
        (at_rest.open == CONNECTIONS as u64, "the pool is not full"),
        (at_rest.idle == at_rest.open && at_rest.in_use == 0, "a connection did not come home"),
        (at_end.borrowed == borrowed, "a task went without a connection, or took two"),
        (at_end.returned == borrowed, "a lease was not given back, or twice"),
        (at_end.open == 0, "a connection survived the end of the pool"),
        (destroyed.closed == CONNECTIONS as u64, "the end of the pool closed more, or fewer"),
        (at_end.created == destroyed.total(), "a connection was lost count of"),
    ];
    checks.into_iter().filter(|(holds, _)| !holds).map(|(_, what)| what).collect()
}

fn print(report: &Report) {
    let Report { done, elapsed, longest_wait, at_rest, at_end, audit, .. } = report;
    println!(
        "{} queries in {} tasks, by {THREADS} threads over {CONNECTIONS} connections, took {:.2} s",
        done.queries,
        done.tasks,
        elapsed.as_secs_f64()
    );
    println!(
        "transfers: {} committed, {} refused by the file, {} left open, {} ended by a panic",
        done.paid, done.refused, done.forgot, done.panicked
    );
    println!(
        "pool:      created {}, borrowed {}, returned {}; {} borrowers waited, for {:.1} ms at most",
        at_end.created,
        at_end.borrowed,
        at_end.returned,
        at_end.waited,
        longest_wait.as_secs_f64() * 1e3
    );
    println!(
        "           at rest {} open, {} idle, {} in use; after the drain {} open",
        at_rest.open, at_rest.idle, at_rest.in_use, at_end.open
    );
    let destroyed = at_end.destroyed;
    println!(
        "destroyed: {} with a transaction left open, {} whose borrower panicked, {} at the end",
        destroyed.released, destroyed.panicked, destroyed.closed
    );
    println!(
        "file:      {} on all accounts, {TOTAL} at first; {} transfers; integrity_check: {}",
        audit.total, audit.transfers, audit.integrity
    );
}

#[cfg(test)]
mod tests;
