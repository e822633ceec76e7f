//! Pools of Redis connections while the server does what servers do.
//!
//! Every caller has a bound. Where the server is stopped, it stays so until all callers have their
//! answers: what hung would hang for good, and no limit has to be measured in milliseconds.
#![cfg(target_os = "linux")]

mod tasks;
mod threads;

use core::time::Duration;

use poolable::managed::Stats;
use poolable_redis::Onlooker;
use poolable_servers::{Redis, assert_at_rest, is_so_within};
use redis::Client;

/// The longest that anything may take on a machine that has other things to do.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a get may take beyond its own limits on such a machine.
const SLACK: Duration = Duration::from_secs(5);

/// A client for the server's port.
fn client(server: &Redis) -> Client {
    Client::open(format!("redis://127.0.0.1:{}", server.port())).expect("it is an address")
}

/// Waits until nobody is at the pool, and the server has as many connections as it.
fn settle(onlooker: &mut Onlooker, name: &str, stats: impl Fn() -> Stats) -> Stats {
    let mut last = None;
    let mut look = || {
        let (stats, connections) = (stats(), onlooker.connections(name));
        let busy = stats.in_use + stats.checking + stats.creating + stats.destroying;
        last = Some((connections, stats));
        busy == 0 && connections == Some(stats.idle)
    };
    if !is_so_within(PATIENCE, &mut look) {
        panic!("the server's count and the pool's do not come to agree: {last:?}");
    }
    let stats = stats();
    assert_at_rest(&stats);
    stats
}
