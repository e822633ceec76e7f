//! The server's side: connections one after the other, and what they cost.

use core::ops::AddAssign;
use std::io::{self, Read, Write};
use std::net::TcpStream;

use poolable::Poolable;

use crate::allocations::{self, Allocations};
use crate::client::{Progress, Side};
use crate::parsed::Malformed;

/// Room for the longest request, in bytes.
pub(crate) const INBOX: usize = 16 << 10;
/// Room for the answers to what one read brings, in bytes.
const OUTBOX: usize = 16 << 10;
pub(crate) const BAD_REQUEST: &[u8] = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";

/// What a connection has sent and has no answer to yet.
#[derive(Poolable)]
pub(crate) struct Inbox {
    // Cookies go through it, and parsed requests hold no copies of them: what the connection
    // sent is wiped when it ends.
    #[pool(zeroize, init = vec![0; INBOX].into_boxed_slice())]
    bytes: Box<[u8]>,
    /// How many of the bytes are in use.
    filled: usize,
}

impl Inbox {
    /// Waits for more bytes; returns how many came. None do after the client's last.
    fn receive(&mut self, stream: &mut TcpStream) -> io::Result<usize> {
        let received = stream.read(&mut self.bytes[self.filled..])?;
        self.filled += received;
        Ok(received)
    }

    /// Forgets the bytes of the requests that have been answered.
    fn consume(&mut self, used: usize) {
        self.bytes.copy_within(used..self.filled, 0);
        self.filled -= used;
    }
}

/// What a server does with the bytes that have arrived: it appends the answer to the first
/// request, and returns its length. It does nothing as long as a part is missing.
pub(crate) type Handler = fn(&[u8], &mut Vec<u8>) -> Result<Option<usize>, Malformed>;

/// What requests cost the thread that served them.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cost {
    pub(crate) answered: u64,
    pub(crate) refused: u64,
    /// How often the rest of a request was still to come.
    pub(crate) waited: u64,
    pub(crate) allocations: Allocations,
}

impl AddAssign for Cost {
    fn add_assign(&mut self, other: Self) {
        self.answered += other.answered;
        self.refused += other.refused;
        self.waited += other.waited;
        self.allocations += other.allocations;
    }
}

/// Serves a connection to its end.
fn serve(
    stream: &mut TcpStream,
    outbox: &mut Vec<u8>,
    progress: &Progress,
    handler: Handler,
) -> io::Result<Cost> {
    let mut cost = Cost::default();
    let before = allocations::of_this_thread();
    let mut inbox = Inbox::pooled();
    loop {
        let received = inbox.receive(stream)?;
        if received == 0 {
            // Of a request that was cut short, too, nobody waits for the answer.
            break;
        }
        let mut used = 0;
        let is_lost = loop {
            let arrived = &inbox.bytes[used..inbox.filled];
            if arrived.is_empty() {
                break false;
            }
            match handler(arrived, outbox) {
                Ok(Some(length)) => {
                    cost.answered += 1;
                    used += length;
                }
                Ok(None) if arrived.len() < INBOX => {
                    cost.waited += 1;
                    break false;
                }
                // No request, or none that fits. Nobody knows where the next one begins.
                Ok(None) | Err(Malformed) => {
                    cost.refused += 1;
                    outbox.extend_from_slice(BAD_REQUEST);
                    break true;
                }
            }
        };
        inbox.consume(used);
        stream.write_all(outbox)?;
        outbox.clear();
        progress.advance(received);
        if is_lost {
            // Closing before the client is done would take the answer from it.
            io::copy(stream, &mut io::sink())?;
            break;
        }
    }
    cost.allocations = allocations::of_this_thread() - before;
    Ok(cost)
}

/// Serves connections one after the other; returns what the first one cost, which warms the
/// server up, and the others.
pub(crate) fn serve_all(connections: Vec<Side>, handler: Handler) -> io::Result<[Cost; 2]> {
    let mut outbox = Vec::with_capacity(OUTBOX);
    let mut costs = [Cost::default(); 2];
    for (number, mut connection) in connections.into_iter().enumerate() {
        let Side { stream, progress } = &mut connection;
        costs[number.min(1)] += serve(stream, &mut outbox, progress, handler)?;
    }
    Ok(costs)
}
