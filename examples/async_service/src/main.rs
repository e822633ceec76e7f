//! A service of tokio's whose handlers share sixteen connections to an upstream, by an
//! `AsyncResourcePool`.
//!
//! The upstream runs in the same process. Now and then it refuses a connection, hangs, or hangs up,
//! in the middle of an answer or after it. Three hundred clients ask the service for answers, and
//! some of them leave before they have one, so that their handlers are dropped wherever they stand:
//! in the queue for a connection, or in the middle of an exchange. At the end the service is shut
//! down while fifty clients are at it.
//!
//! Run it with `cargo run --release --package async_service`. It fails if a client got a wrong
//! answer or none at all, if the upstream saw more connections than there may be, or if the pool
//! lost one. How connections are made, checked and given up is in `connection.rs`; what happens
//! to a request, and how the service ends, in `service.rs`.

mod clients;
mod connection;
mod service;
mod upstream;

use core::error::Error;
use core::net::SocketAddr;
use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use poolable::managed::{AsyncResourcePool, Stats, Timeouts};
use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::clients::Met;
use crate::connection::Connector;
use crate::service::Handled;
use crate::upstream::{Seen, Upstream};

/// The most connections.
const CONNECTIONS: usize = 16;
/// Threads of the runtime.
const THREADS: usize = 2;
/// Clients that come and go.
const CLIENTS: u64 = 300;
/// Questions of each.
const QUESTIONS: u64 = 10;
/// Clients that are there when the service ends.
const LAST_CLIENTS: u32 = 50;

type Failure = Box<dyn Error + Send + Sync>;

/// What is known at the end.
#[derive(Debug)]
struct Report {
    elapsed: Duration,
    met: Met,
    handled: Arc<Handled>,
    /// When the clients that come and go had gone.
    at_rest: Stats,
    /// When the service had ended.
    at_end: Stats,
    seen: Arc<Seen>,
    /// Connections that the upstream has when all is over.
    left: usize,
}

fn main() -> ExitCode {
    match run(CLIENTS) {
        Ok(report) => {
            print(&report);
            let failed = failed_checks(&report);
            failed.iter().for_each(|what| println!("FAILED: {what}"));
            if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("async_service: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Lets so many clients come and go, and then ends the service under those who came last.
fn run(clients: u64) -> Result<Report, Failure> {
    let upstream = Upstream::start()?;
    let runtime = Builder::new_multi_thread().worker_threads(THREADS).enable_all().build()?;
    let report =
        runtime.block_on(runtime.spawn(serve(upstream.address, upstream.seen.clone(), clients)));
    upstream.stop();
    report?
}

async fn serve(upstream: SocketAddr, seen: Arc<Seen>, clients: u64) -> Result<Report, Failure> {
    let pool = AsyncResourcePool::builder(Connector(upstream))
        .max_open(CONNECTIONS)
        .min_idle(2)
        .timeouts(Timeouts {
            // Less than the clients wait themselves.
            wait: Some(Duration::from_secs(1)),
            create: Some(Duration::from_millis(200)),
            ..Timeouts::default()
        })
        // Connects are tasks of their own, and go on though those who asked for them go away.
        .tokio()
        .build()?;
    // Whether the upstream can be reached at all is better known before there are clients.
    pool.prewarm(4).await?;

    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let service = listener.local_addr()?;
    let (handled, end) = (Arc::new(Handled::default()), Arc::new(Notify::new()));
    let serving =
        tokio::spawn(service::serve(listener, pool.clone(), handled.clone(), end.clone()));

    let start = Instant::now();
    let mut asking = JoinSet::new();
    for client in 0..clients {
        let is_hasty = client % 5 == 0;
        asking.spawn(clients::ask(service, client * QUESTIONS, QUESTIONS, is_hasty));
    }
    let mut met = Met::default();
    while let Some(client) = asking.join_next().await {
        met += client??;
    }
    let elapsed = start.elapsed();
    // That the last clients have gone their handlers learn a moment later.
    settle(|| pool.stats().in_use + pool.stats().waiting == 0).await;
    let at_rest = pool.stats();

    let served = Arc::new(Semaphore::new(0));
    for client in 0..u64::from(LAST_CLIENTS) {
        let served = served.clone();
        asking.spawn(
            async move { clients::ask_until_closing(service, client * 1000, &served).await },
        );
    }
    served.acquire_many(LAST_CLIENTS).await?.forget();
    end.notify_one();
    while let Some(client) = asking.join_next().await {
        met += client??;
    }
    serving.await???;
    settle(|| seen.open() == 0).await;
    let (at_end, left) = (pool.stats(), seen.open());
    Ok(Report { elapsed, met, handled, at_rest, at_end, seen, left })
}

/// Waits for what must come, for a few seconds; who looks then will see whether it came.
async fn settle(mut has_come: impl FnMut() -> bool) {
    for _look in 0..500 {
        if has_come() {
            return;
        }
        sleep(Duration::from_millis(10)).await;
    }
}

/// What does not hold, of all that must.
fn failed_checks(report: &Report) -> Vec<&'static str> {
    let Report { met, handled, at_rest, at_end, seen, left, .. } = report;
    // Relaxed: all who count have ended.
    let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let most = seen.most.load(Ordering::Relaxed);
    let is_at_rest = |stats: &Stats| {
        stats.in_use + stats.checking + stats.waiting == 0
            && stats.open == stats.idle + stats.creating
            && stats.borrowed == stats.returned
            && stats.created == stats.idle + stats.destroyed.total()
    };
    let checks = [
        (met.unanswered == 0, "a question was left without an answer"),
        (met.wrong == 0, "an answer was wrong"),
        (met.asked == met.answered + met.refused + met.left, "a question was lost count of"),
        (met.closing == u64::from(LAST_CLIENTS), "a client was not told that the service ends"),
        (met.answered > met.refused, "the service is of no use"),
        (count(&handled.abandoned) > 0, "no handler was dropped"),
        (count(&handled.answered) >= met.answered, "an answer came from nowhere"),
        // The place of a connection is free just before it is closed: each thread may be at one
        // that is about to go.
        (most <= CONNECTIONS + THREADS, "the upstream saw more connections than there may be"),
        (*left == 0, "a connection survived the service"),
        (is_at_rest(at_rest), "a connection did not come home"),
        (is_at_rest(at_end), "a connection was lost count of"),
        (at_end.open == 0 && at_end.destroying == 0, "a connection survived the end of the pool"),
        (at_end.create_failed > 0, "the upstream refused nobody"),
        (at_end.check_failed > 0, "the upstream hung up on nobody who was idle"),
        (at_end.destroyed.released > 0, "no exchange was broken off"),
    ];
    checks.into_iter().filter(|(holds, _)| !holds).map(|(_, what)| what).collect()
}

fn print(report: &Report) {
    let Report { elapsed, met, handled, at_rest, at_end, seen, left } = report;
    // Relaxed: all who count have ended.
    let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    println!("{CLIENTS} clients took {:.2} s; {LAST_CLIENTS} saw the end", elapsed.as_secs_f64());
    println!(
        "clients:   {} questions: {} answered, {} refused, {} of them as the service ends; \
         {} not waited for",
        met.asked, met.answered, met.refused, met.closing, met.left
    );
    println!("service:   {} handlers were dropped in the middle", count(&handled.abandoned));
    println!(
        "pool:      borrowed {}, created {}, {} of them idle at rest; {} waited, {} for too long",
        at_end.borrowed, at_end.created, at_rest.idle, at_end.waited, at_end.timed_out
    );
    let destroyed = at_end.destroyed;
    println!(
        "           {} creates failed, {} checks; destroyed {} in mid-exchange, {} at the end",
        at_end.create_failed, at_end.check_failed, destroyed.released, destroyed.closed
    );
    println!(
        "upstream:  accepted {}, refused {}, hung {} times, hung up {} times; \
         at most {} at a time, {left} left",
        count(&seen.accepted),
        count(&seen.refused),
        count(&seen.stalled),
        count(&seen.hung_up),
        seen.most.load(Ordering::Relaxed)
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_lost_between_clients_and_upstream() -> Result<(), Failure> {
        let report = run(100)?;
        assert_eq!(failed_checks(&report), <[&str; 0]>::default());
        Ok(())
    }
}
