//! Eight borrowers at a PostgreSQL, over a pool of four connections: once as threads, and once
//! as tasks.
//!
//! They read accounts and move money between them, a connection borrowed for each job. Now and
//! then a borrower leaves a transaction open, or a lock, a table and a setting; panics in the
//! middle of a transfer; or, among the tasks, is dropped there. At the end the pool is drained,
//! and the server is asked what it has.
//!
//! Run it with `cargo run --release --package postgres_pool`. It starts a server of its own if
//! PostgreSQL is installed (14 or later), or takes the one of `DATABASE_URL`, where it makes a
//! schema `postgres_pool` and removes it again. It fails if anything leaked from one borrower to
//! the next, if money was lost or made, or if the statistics do not add up. Without a server it
//! says "skipped", which is a failure if `POOLABLE_REQUIRE` is 1.
//!
//! How connections are made, checked and given up is at the head of `threads.rs` and `tasks.rs`;
//! what sweeps up after a borrower, in `session.rs`.

mod ledger;
mod plan;
mod server;
mod session;
mod tasks;
mod threads;

use core::error::Error;
use core::iter::successors;
use std::env;
use std::process::ExitCode;

use tokio::runtime::Builder;
use tokio_postgres::{Config, NoTls};

use crate::ledger::{Audit, TOTAL};
use crate::server::{Server, report};
use crate::threads::Outcome;

/// Threads, or tasks, that borrow connections.
const BORROWERS: u64 = 8;
/// The most connections.
const CONNECTIONS: usize = 4;
/// What each borrower does.
const JOBS: u64 = 500;

type Failure = Box<dyn Error + Send + Sync>;

fn main() -> ExitCode {
    match run(JOBS) {
        Ok(Some(failed)) if failed.is_empty() => ExitCode::SUCCESS,
        Ok(Some(failed)) => {
            failed.iter().for_each(|what| println!("FAILED: {what}"));
            ExitCode::FAILURE
        }
        Ok(None) => {
            report("skipped: there is no PostgreSQL here, nor a DATABASE_URL");
            if is_required() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
        }
        Err(error) => {
            report(&chain(&*error));
            ExitCode::FAILURE
        }
    }
}

/// An error and what it came of: by itself PostgreSQL's says little.
fn chain(error: &(dyn Error + 'static)) -> String {
    let sources = successors(Some(error), |&error| error.source());
    sources.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

fn is_required() -> bool {
    env::var_os("POOLABLE_REQUIRE").is_some_and(|required| required == "1")
}

/// Returns what does not hold, of all that must; `None` if there is no server.
fn run(jobs: u64) -> Result<Option<Vec<String>>, Failure> {
    let Some(server) = Server::find()? else { return Ok(None) };
    println!("{BORROWERS} borrowers over {CONNECTIONS} connections to {}", server.place());
    trials(&server, jobs).map(Some)
}

/// Lets threads and then tasks do so many jobs each.
fn trials(server: &Server, jobs: u64) -> Result<Vec<String>, Failure> {
    let mut failed = trial(server, "threads", |config| threads::run(config.into(), jobs))?;
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    failed.extend(trial(server, "tasks", |config| {
        runtime.block_on(runtime.spawn(tasks::run(config, jobs)))?
    })?);
    Ok(failed)
}

/// Has a pool of that name do its work, with the accounts as they are at first, and looks at them
/// when it has ended, over a connection that is not the pool's.
fn trial(
    server: &Server,
    name: &str,
    work: impl FnOnce(Config) -> Result<Outcome, Failure>,
) -> Result<Vec<String>, Failure> {
    let mut auditor = postgres::Config::from(server.config("auditor")).connect(NoTls)?;
    ledger::open(&mut auditor)?;
    let outcome = work(server.config(name))?;
    let audit = ledger::audit(&mut auditor, name)?;
    print(name, &outcome, &audit);
    let failed = failed_checks(&outcome, &audit);
    Ok(failed.into_iter().map(|what| format!("{name}: {what}")).collect())
}

/// What does not hold, of all that must.
fn failed_checks(outcome: &Outcome, audit: &Audit) -> Vec<&'static str> {
    let Outcome { done, at_rest, at_end, .. } = outcome;
    let destroyed = at_end.destroyed;
    let transfers = done.paid..=done.paid + done.vanished;
    let open = CONNECTIONS as u64;
    let checks = [
        (audit.total == TOTAL, "money was lost or made"),
        (audit.wrong_accounts == 0, "an account does not show what its transfers come to"),
        // Nobody knows of a future that was dropped whether its commit was on its way.
        (transfers.contains(&(audit.transfers as u64)), "a transfer was lost, or is there twice"),
        (audit.sessions == 0, "a session outlives the pool"),
        (done.inherited == 0, "a borrower found what another one had left behind"),
        (destroyed.panicked == done.panicked, "a borrower panicked, and its connection lives"),
        (at_end.create_failed == 0 && at_end.timed_out == 0, "a borrower got nothing"),
        (at_rest.open == open && at_rest.idle == open, "a connection did not come home"),
        (at_end.borrowed == at_end.returned, "a lease was not given back, or twice"),
        (at_end.open == 0 && at_end.destroying == 0, "a connection survived the end of the pool"),
        (at_end.created == destroyed.total(), "a connection was lost count of"),
    ];
    checks.into_iter().filter(|(holds, _)| !holds).map(|(_, what)| what).collect()
}

fn print(name: &str, outcome: &Outcome, audit: &Audit) {
    let Outcome { done, elapsed, at_rest, at_end } = outcome;
    let destroyed = at_end.destroyed;
    println!("\n{name}: {} jobs took {:.2} s", done.jobs, elapsed.as_secs_f64());
    println!(
        "  transfers: {} committed, {} refused, {} waited too long for an account, {} dropped",
        done.paid, done.refused, done.busy, done.vanished
    );
    println!(
        "  borrowers: {} left a transaction open, {} left other things, {} panicked",
        done.forgot, done.littered, done.panicked
    );
    println!(
        "  pool:      created {}, borrowed {}, returned {}; {} waited; at rest {} open, {} idle",
        at_end.created, at_end.borrowed, at_end.returned, at_end.waited, at_rest.open, at_rest.idle
    );
    println!(
        "  destroyed: {} in or by a check, {} whose borrower panicked, {} at the end",
        destroyed.broken, destroyed.panicked, destroyed.closed
    );
    println!(
        "  server:    {} on all accounts, {TOTAL} at first; {} transfers; {} sessions",
        audit.total, audit.transfers, audit.sessions
    );
}

#[cfg(test)]
mod tests;
