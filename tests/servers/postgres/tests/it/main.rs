//! Pools of PostgreSQL connections while the server does what servers do.
//!
//! Every caller has a bound. Where the server is stopped, it stays so until all callers have their
//! answers: what hung would hang for good, and no limit has to be measured in milliseconds.
#![cfg(target_os = "linux")]

mod threads;

use core::time::Duration;

use poolable::managed::Stats;
use poolable_postgres::Onlooker;
use poolable_servers::{assert_at_rest, until};
use tokio_postgres::SimpleQueryMessage;

/// The longest that anything may take on a machine that has other things to do.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a get may take beyond its own limits on such a machine.
const SLACK: Duration = Duration::from_secs(5);

/// Waits until nobody is at the pool, and the server has as many sessions as it.
fn settle(onlooker: &mut Onlooker, name: &str, stats: impl Fn() -> Stats) -> Stats {
    until("pool and server agree", PATIENCE, || {
        let stats = stats();
        let busy = stats.in_use + stats.checking + stats.creating + stats.destroying;
        busy == 0 && onlooker.sessions(name) == Some(stats.idle)
    });
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
