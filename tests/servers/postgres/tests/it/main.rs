//! Pools of PostgreSQL connections while the server does what servers do.
//!
//! Every caller has a bound. Where the server is stopped, it stays so until all callers have their
//! answers: what hung would hang for good, and no limit has to be measured in milliseconds.
#![cfg(target_os = "linux")]

mod tasks;
mod threads;

use core::time::Duration;

use poolable::managed::Stats;
use poolable_postgres::Onlooker;
use poolable_servers::{Postgres, assert_at_rest, is_so_within};
use tokio_postgres::SimpleQueryMessage;

/// The longest that anything may take on a machine that has other things to do.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a get may take beyond its own limits on such a machine.
const SLACK: Duration = Duration::from_secs(5);

/// Waits until nobody is at the pool, and the server has as many sessions as it.
fn settle(onlooker: &mut Onlooker, name: &str, stats: impl Fn() -> Stats) -> Stats {
    let mut last = None;
    let mut look = || {
        let (stats, sessions) = (stats(), onlooker.sessions(name));
        let busy = stats.in_use + stats.checking + stats.creating + stats.destroying;
        last = Some((sessions, stats));
        busy == 0 && sessions == Some(stats.idle)
    };
    if !is_so_within(PATIENCE, &mut look) {
        panic!("the server's count and the pool's do not come to agree: {last:?}");
    }
    let stats = stats();
    assert_at_rest(&stats);
    stats
}

/// A question whose answer nobody else can have got, and which tells of a transaction. It has to be
/// asked in one message: a statement that was prepared has times of its own.
fn question(number: i64) -> String {
    format!("SELECT {number}, now() = statement_timestamp()")
}

fn assert_answer(answer: &[SimpleQueryMessage], number: i64) {
    let row = answer.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some((row.get(0)?, row.get(1)?)),
        _ => None,
    });
    assert_eq!(row, Some((&*number.to_string(), "t")), "another's answer, or a transaction");
}

/// Something to write into.
fn make_ledger(server: &Postgres) {
    Onlooker::new(server)
        .execute(
            "CREATE TABLE ledger (amount int8); GRANT ALL ON ledger TO app; \
             CREATE SEQUENCE numbers; GRANT ALL ON numbers TO app; \
             CREATE ROLE clerk; GRANT clerk TO app; GRANT ALL ON ledger TO clerk",
        )
        .expect("a superuser may");
}

/// What a borrower can leave in a session besides a transaction, and how the next one would know.
const LEFTOVERS: &[(&str, &str, &str)] = &[
    (
        "a temporary table",
        "CREATE TEMP TABLE draft (n int8)",
        "SELECT to_regclass('draft') IS NULL",
    ),
    (
        "a setting",
        "SET search_path = nowhere",
        "SELECT current_setting('search_path') <> 'nowhere'",
    ),
    (
        "a time limit",
        "SET statement_timeout = 1",
        "SELECT current_setting('statement_timeout') = '0'",
    ),
    (
        "an advisory lock",
        "SELECT pg_advisory_lock(7)",
        "SELECT count(*) = 0 FROM pg_locks WHERE locktype = 'advisory'",
    ),
    ("a role", "SET ROLE clerk", "SELECT current_user = 'app'"),
    ("a channel", "LISTEN news", "SELECT count(*) = 0 FROM pg_listening_channels()"),
    (
        "a cursor",
        "DECLARE rest CURSOR WITH HOLD FOR SELECT * FROM ledger",
        "SELECT count(*) = 0 FROM pg_cursors WHERE is_holdable",
    ),
];
