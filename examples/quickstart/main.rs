//! An HTTP server that stops allocating, and that leaves no token behind.
//!
//! Real requests go over real sockets, twice: once with a new `Request` for each, once
//! with `Request::pooled()`. The parsing, the handling and the answers are the same. The
//! program prints what either costs, and then reads the memory of the pool's idle
//! objects, to see whether a token is still in there.
//!
//! Run it with `cargo run --release --example quickstart`. It fails if the pooled server
//! allocates once it is warm, or if a token is found; or if none is found where none was
//! wiped, for then the search is worth nothing.
//!
//! | module | what it owns |
//! | --- | --- |
//! | `request` | the pooled type: start here, after the three handlers below |
//! | `server` | reading, parsing, and what that costs |
//! | `client` | requests of many shapes, and the answers that they must get |
//! | `allocations` | counting them, for each thread |

mod allocations;
mod client;
mod request;
mod server;

use core::net::Ipv4Addr;
use core::time::Duration;
use std::io;
use std::net::{TcpListener, TcpStream};
use std::panic::resume_unwind;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use poolable::{Poolable, Stats};

use crate::client::Exchange;
use crate::request::{Request, Residue, Unwiped};
use crate::server::{Arrived, Cost, Handler, Malformed, Server};

/// Connections, each of which has a server thread and a client thread.
const CONNECTIONS: u64 = 4;
/// How often each connection repeats its requests after the first time, the warm-up.
const ROUNDS: usize = 40;
/// No read and no write takes longer, unless the other side is lost.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A new request for each that arrives.
fn without_pool(arrived: &Arrived<'_>, out: &mut Vec<u8>) -> Result<(), Malformed> {
    let mut request = Request::unpooled();
    request.fill(arrived)?;
    request.answer(out);
    Ok(())
}

/// The same with the pool. The object goes home at the end, and when `?` leaves early.
fn with_pool(arrived: &Arrived<'_>, out: &mut Vec<u8>) -> Result<(), Malformed> {
    let mut request = Request::pooled();
    request.fill(arrived)?;
    request.answer(out);
    Ok(())
}

/// The control: the token also goes to a pooled object that does not wipe it.
fn without_wipe(arrived: &Arrived<'_>, out: &mut Vec<u8>) -> Result<(), Malformed> {
    let mut control = Unwiped::pooled();
    control.fill(arrived)?;
    without_pool(arrived, out)
}

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("quickstart: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Returns whether the pool kept what it promises.
fn run() -> io::Result<bool> {
    let load: Vec<_> = (1..=CONNECTIONS).map(|seed| Arc::new(client::mix(seed))).collect();

    let [_, unpooled] = drive(&load, ROUNDS, without_pool)?;
    let [warm_up, pooled] = drive(&load, ROUNDS, with_pool)?;
    print_costs(&[
        ("without pool", &unpooled),
        ("with pool", &pooled),
        ("with pool, warm-up", &warm_up),
    ]);
    println!(
        "\n{} reads by the pooled server, {} of which ended inside a request",
        grouped(pooled.reads),
        grouped(pooled.partial_reads)
    );

    let malformed = vec![Arc::new(client::malformed())];
    let [refused, _] = drive(&malformed, 0, with_pool)?;
    let stats = Request::pool().stats();
    println!(
        "{} malformed requests, each refused with 400; {} objects lost",
        refused.requests, stats.in_use
    );
    print_stats(Request::pool().name(), &stats);

    drive(&load, 0, without_wipe)?;
    println!("\nidle objects whose token's memory holds anything but zeroes");
    let wiped = print_residue("with `#[pool(zeroize)]`", Request::search_idle());
    let control = print_residue("without, as a control", Unwiped::search_idle());

    Ok(verdicts(&[
        (pooled.allocations.count == 0, "the warm pool allocated"),
        (stats.in_use == 0, "an object did not go home"),
        (wiped.objects > 0, "there was no idle object to search"),
        (wiped.found == 0, "a token survived in an idle object"),
        (control.found > 0, "the search finds nothing, not even where nothing was wiped"),
    ]))
}

/// Sends the requests of all connections, once to warm up and then `rounds` times, and
/// returns what either cost the server.
fn drive(load: &[Arc<Vec<Exchange>>], rounds: usize, handler: Handler) -> io::Result<[Cost; 2]> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let mut threads = Vec::new();
    for mix in load {
        let (near, far) = connect(&listener)?;
        let (mix, count) = (Arc::clone(mix), mix.len());
        let client = thread::spawn(move || client::send(near, &mix, 1 + rounds));
        let server = thread::spawn(move || {
            let mut server = Server::new(far, handler);
            Ok([server.serve(count)?, server.serve(count * rounds)?])
        });
        threads.push((client, server));
    }
    let mut costs = [Cost::default(); 2];
    for (client, server) in threads {
        // The threads' idle objects are in the depot, for others to find, from here on.
        let [warm_up, measured] = outcome(join(client), join(server))?;
        costs[0] += warm_up;
        costs[1] += measured;
    }
    Ok(costs)
}

/// Both ends of a new connection.
fn connect(listener: &TcpListener) -> io::Result<(TcpStream, TcpStream)> {
    let near = TcpStream::connect(listener.local_addr()?)?;
    let (far, _) = listener.accept()?;
    for stream in [&near, &far] {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        stream.set_write_timeout(Some(TIMEOUT))?;
    }
    Ok((near, far))
}

fn join<T>(thread: JoinHandle<T>) -> T {
    thread.join().unwrap_or_else(|panic| resume_unwind(panic))
}

/// What the server returned, unless a side failed. The other one then fails, too, so the
/// message names both.
fn outcome<T>(client: io::Result<()>, server: io::Result<T>) -> io::Result<T> {
    let describe = |error: Option<io::Error>| match error {
        None => String::from("done"),
        Some(error) if error.kind() == io::ErrorKind::WouldBlock => {
            format!("waited for {TIMEOUT:?} in vain")
        }
        Some(error) => error.to_string(),
    };
    match (client, server) {
        (Ok(()), Ok(served)) => Ok(served),
        (client, server) => {
            let (client, server) = (describe(client.err()), describe(server.err()));
            Err(io::Error::other(format!("client: {client}; server: {server}")))
        }
    }
}

fn print_costs(rows: &[(&str, &Cost)]) {
    println!("{:<20}{:>12}{:>14}{:>12}{:>10}", "", "requests", "allocs/req", "bytes/req", "ns/req");
    for (name, cost) in rows {
        let requests = cost.requests as f64;
        let per_request = |total: u64| total as f64 / requests;
        println!(
            "{name:<20}{:>12}{:>14.3}{:>12}{:>10}",
            grouped(cost.requests),
            per_request(cost.allocations.count),
            grouped(per_request(cost.allocations.bytes).round() as u64),
            grouped((cost.elapsed.as_nanos() as f64 / requests).round() as u64),
        );
    }
}

fn print_stats(name: &str, stats: &Stats) {
    println!(
        "\n{name}: {} hits, {} misses (hit rate {:.4} %)",
        grouped(stats.hits),
        stats.misses,
        100.0 * stats.hit_rate()
    );
    println!(
        "  created {}, returned {}, idle {}, in use {}, discarded {}; {} bytes idle",
        stats.created,
        grouped(stats.returned),
        stats.idle,
        stats.in_use,
        stats.discarded.total(),
        grouped(stats.bytes_idle)
    );
}

fn print_residue(name: &str, residue: Residue) -> Residue {
    println!("  {name:<24}{} of {}", residue.found, residue.objects);
    residue
}

/// Prints which checks failed; returns whether none did.
fn verdicts(checks: &[(bool, &str)]) -> bool {
    let failed = checks.iter().filter(|(holds, _)| !holds);
    failed.inspect(|(_, what)| println!("FAILED: {what}")).count() == 0
}

/// A number with a space between groups of three digits.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.char_indices() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}
