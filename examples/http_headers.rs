//! An HTTP server whose parsed requests borrow from the buffer that they were read into.
//!
//! Nothing of a request is copied: its method, path, headers and cookies and the pieces of
//! its body are slices of the inbox. What is left to allocate are the vectors and the map
//! that hold the slices. `Parsed::pooled()` keeps their memory from one request to the next,
//! though every request borrows for a lifetime of its own.
//!
//! A client sends the requests of browsers and of programs over a loopback socket: several
//! at once, ahead of their answers, and cut in two at every byte. Then it sends malformed
//! ones. Both go over the wire twice, to a server that pools and to one that does not.
//!
//! Run it with `cargo run --release --example http_headers`. It fails if the pooled server
//! allocates once it is warm, if an answer is wrong, or if an object does not go home.
//!
//! | module | what it owns |
//! | --- | --- |
//! | `parsed` | the pooled type: start here, after the two handlers below |
//! | `server` | reading, answering, and what that costs |
//! | `client` | the requests, and the answers that they must get |
//! | `allocations` | counting them, for each thread; it is the one of the quickstart |

#[path = "quickstart/allocations.rs"]
mod allocations;
#[path = "http_headers/client.rs"]
mod client;
#[path = "http_headers/parsed.rs"]
mod parsed;
#[path = "http_headers/server.rs"]
mod server;

use core::net::Ipv4Addr;
use core::time::Duration;
use std::io;
use std::net::{TcpListener, TcpStream};
use std::panic::resume_unwind;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;

use poolable::{Poolable, Reset, Stats};

use crate::client::{Progress, Side};
use crate::parsed::{Malformed, Parsed};
use crate::server::{Cost, Handler, Inbox, serve_all};

/// No read, no write and no turn of the other side takes longer, unless that side is lost.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(10);

/// A new value for each request.
fn without_pool(arrived: &[u8], out: &mut Vec<u8>) -> Result<Option<usize>, Malformed> {
    let mut parsed = Parsed::blank();
    let length = parsed.fill(arrived)?;
    if length.is_some() {
        parsed.answer(out);
    }
    Ok(length)
}

/// The same with the pool.
fn with_pool(arrived: &[u8], out: &mut Vec<u8>) -> Result<Option<usize>, Malformed> {
    // The source stands before the guard: it is an argument here, and the inbox behind it is
    // older still. Variables drop in the opposite order, and the drop of a guard resets an
    // object that still holds slices of its source. Rustc refuses a source that goes first.
    let mut parsed = Parsed::pooled();
    let length = parsed.fill(arrived)?;
    if length.is_some() {
        parsed.answer(out);
    }
    Ok(length)
}

/// Has the client talk to a server with this handler.
fn drive(handler: Handler) -> io::Result<[Cost; 2]> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let sides = (0..client::CONNECTIONS).map(|_| connect(&listener));
    let (near, far) = sides.collect::<io::Result<(Vec<_>, Vec<_>)>>()?;
    let server = thread::spawn(move || serve_all(far, handler));
    let client = client::run(near);
    let server = server.join().unwrap_or_else(|panic| resume_unwind(panic));
    // If one side fails the other one does too, so the message names both.
    match (client, server) {
        (Ok(()), Ok(costs)) => Ok(costs),
        (client, server) => {
            let describe = |error: Option<io::Error>| {
                error.map_or_else(|| String::from("done"), |error| error.to_string())
            };
            let (client, server) = (describe(client.err()), describe(server.err()));
            Err(io::Error::other(format!("client: {client}; server: {server}")))
        }
    }
}

/// Both sides of a new connection.
fn connect(listener: &TcpListener) -> io::Result<(Side, Side)> {
    let near = TcpStream::connect(listener.local_addr()?)?;
    let (far, _) = listener.accept()?;
    for stream in [&near, &far] {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        stream.set_write_timeout(Some(TIMEOUT))?;
    }
    let progress = Arc::new(Progress::default());
    let near = Side { stream: near, progress: Arc::clone(&progress) };
    Ok((near, Side { stream: far, progress }))
}

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("http_headers: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Returns whether the pool kept what it promises.
fn run() -> io::Result<bool> {
    let [_, unpooled] = drive(without_pool)?;
    let [warm_up, pooled] = drive(with_pool)?;

    println!(
        "{:<20}{:>12}{:>10}{:>14}{:>12}",
        "", "requests", "refused", "allocs/req", "bytes/req"
    );
    print_cost("without pool", &unpooled);
    print_cost("with pool", &pooled);
    print_cost("with pool, warm-up", &warm_up);
    println!("\n{} requests came in two parts, and were parsed twice\n", pooled.waited);
    let (parsed, inbox) = (Parsed::pool().stats(), Inbox::pool().stats());
    print_stats(Parsed::pool().name(), &parsed);
    print_stats(Inbox::pool().name(), &inbox);

    let connections = 2 * client::CONNECTIONS as u64;
    let checks = [
        (pooled.allocations.count == 0, "the warm pool allocated"),
        (pooled.refused == client::MALFORMED, "a malformed request was not refused"),
        (pooled.waited >= client::cuts_inside(), "a request that was cut came in one piece"),
        (parsed.created == 1, "one request at a time needed more than one object"),
        (parsed.in_use + inbox.in_use == 0, "an object did not go home"),
        (inbox.hits + inbox.misses == connections, "an inbox served no connection"),
    ];
    let failed = checks.iter().filter(|(holds, _)| !holds);
    Ok(failed.inspect(|(_, what)| println!("FAILED: {what}")).count() == 0)
}

fn print_cost(name: &str, cost: &Cost) {
    let requests = cost.answered + cost.refused;
    let per_request = |total: u64| total as f64 / requests as f64;
    println!(
        "{name:<20}{:>12}{:>10}{:>14.3}{:>12.1}",
        requests,
        cost.refused,
        per_request(cost.allocations.count),
        per_request(cost.allocations.bytes)
    );
}

fn print_stats(name: &str, stats: &Stats) {
    println!(
        "{name}: {} hits, {} misses; created {}, returned {}, idle {}, in use {}",
        stats.hits, stats.misses, stats.created, stats.returned, stats.idle, stats.in_use
    );
}
