//! The server's side of a connection: reading, parsing, and what that costs.

use core::ops::AddAssign;
use core::str;
use core::time::Duration;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Instant;

use poolable::Wipe;

use crate::allocations::{self, Allocations};

/// The most headers of a request.
const MAX_HEADERS: usize = 32;
/// The longest body, in bytes.
pub(crate) const MAX_BODY: usize = 64 << 10;
/// Room for the longest request, in bytes: its body, and a head of 16 KiB.
const INBOX: usize = MAX_BODY + (16 << 10);
/// Room for the answers to what one read brings, in bytes, unless a client sends a great
/// many requests ahead.
const OUTBOX: usize = 16 << 10;

pub(crate) const BAD_REQUEST: &[u8] = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";

/// What a server does with a request: it appends an answer, or refuses.
pub(crate) type Handler = fn(&Arrived<'_>, &mut Vec<u8>) -> Result<(), Malformed>;

/// A request that gets no answer but 400.
#[derive(Debug)]
pub(crate) struct Malformed;

/// Appends the answer to a request that was understood.
pub(crate) fn write_answer(out: &mut Vec<u8>, digest: u64) {
    write!(out, "HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\n{digest:016x}")
        .expect("a `Vec` takes whatever is written");
}

/// A request as it lies in the server's buffer: borrowed, and gone with the next read.
pub(crate) struct Arrived<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) body: &'a [u8],
    headers: &'a [httparse::Header<'a>],
    /// Of head and body, in bytes.
    length: usize,
}

impl<'a> Arrived<'a> {
    /// Parses the first request, if all of it has arrived.
    fn parse(
        bytes: &'a [u8],
        headers: &'a mut [httparse::Header<'a>],
    ) -> Result<Option<Self>, Malformed> {
        let mut head = httparse::Request::new(headers);
        let Ok(status) = head.parse(bytes) else { return Err(Malformed) };
        let httparse::Status::Complete(head_length) = status else { return Ok(None) };
        let length = head_length + content_length(head.headers)?;
        let Some(body) = bytes.get(head_length..length) else { return Ok(None) };
        let (Some(method), Some(path)) = (head.method, head.path) else { return Err(Malformed) };
        Ok(Some(Self { method, path, body, headers: head.headers, length }))
    }

    pub(crate) fn headers(&self) -> impl Iterator<Item = (&'a str, &'a [u8])> {
        self.headers.iter().map(|header| (header.name, header.value))
    }

    /// The bearer token.
    pub(crate) fn token(&self) -> Result<&'a str, Malformed> {
        let authorization = find(self.headers, "authorization").ok_or(Malformed)?;
        authorization.strip_prefix("Bearer ").ok_or(Malformed)
    }
}

/// The length of the body.
fn content_length(headers: &[httparse::Header<'_>]) -> Result<usize, Malformed> {
    let Some(value) = find(headers, "content-length") else { return Ok(0) };
    value.parse().ok().filter(|length| *length <= MAX_BODY).ok_or(Malformed)
}

fn find<'a>(headers: &[httparse::Header<'a>], name: &str) -> Option<&'a str> {
    let header = headers.iter().find(|header| header.name.eq_ignore_ascii_case(name))?;
    str::from_utf8(header.value).ok()
}

/// What requests cost the thread that served them.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cost {
    pub(crate) requests: u64,
    pub(crate) reads: u64,
    /// Reads after which the rest of a request was still to come.
    pub(crate) partial_reads: u64,
    /// All of them, those for reading and writing included.
    pub(crate) allocations: Allocations,
    /// The time outside the sockets: from the bytes of a request to those of its answer.
    pub(crate) elapsed: Duration,
}

impl AddAssign for Cost {
    fn add_assign(&mut self, other: Self) {
        self.requests += other.requests;
        self.reads += other.reads;
        self.partial_reads += other.partial_reads;
        self.allocations += other.allocations;
        self.elapsed += other.elapsed;
    }
}

/// One connection, and the buffers that serve all of its requests.
pub(crate) struct Server {
    stream: TcpStream,
    handler: Handler,
    inbox: Box<[u8]>,
    /// How much of the inbox is in use.
    filled: usize,
    outbox: Vec<u8>,
    /// Whether the client sent what no request can be told from.
    is_lost: bool,
}

impl Server {
    pub(crate) fn new(stream: TcpStream, handler: Handler) -> Self {
        let inbox = vec![0; INBOX].into_boxed_slice();
        let outbox = Vec::with_capacity(OUTBOX);
        Self { stream, handler, inbox, filled: 0, outbox, is_lost: false }
    }

    /// Serves so many requests, unless the connection must be given up before.
    pub(crate) fn serve(&mut self, count: usize) -> io::Result<Cost> {
        let mut cost = Cost::default();
        let before = allocations::of_this_thread();
        while cost.requests < count as u64 && !self.is_lost {
            self.receive()?;
            cost.reads += 1;
            let start = Instant::now();
            cost.requests += self.answer_arrived();
            cost.elapsed += start.elapsed();
            cost.partial_reads += u64::from(self.filled > 0);
            self.stream.write_all(&self.outbox)?;
            self.outbox.clear();
        }
        if self.is_lost {
            // Closing before the client is done would take the answer from it.
            io::copy(&mut self.stream, &mut io::sink())?;
        }
        cost.allocations = allocations::of_this_thread() - before;
        Ok(cost)
    }

    /// Waits for more bytes.
    fn receive(&mut self) -> io::Result<()> {
        match self.stream.read(&mut self.inbox[self.filled..])? {
            0 => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the client hung up")),
            received => {
                self.filled += received;
                Ok(())
            }
        }
    }

    /// Answers the requests of which all has arrived; returns how many that were.
    fn answer_arrived(&mut self) -> u64 {
        let mut answered = 0;
        let mut used = 0;
        while used < self.filled {
            let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
            match Arrived::parse(&self.inbox[used..self.filled], &mut headers) {
                Ok(Some(arrived)) => {
                    if (self.handler)(&arrived, &mut self.outbox).is_err() {
                        self.outbox.extend_from_slice(BAD_REQUEST);
                    }
                    used += arrived.length;
                }
                Ok(None) if self.filled - used < INBOX => break,
                // No request, or none that fits.
                Ok(None) | Err(Malformed) => {
                    self.outbox.extend_from_slice(BAD_REQUEST);
                    self.is_lost = true;
                    used = self.filled;
                }
            }
            answered += 1;
        }
        self.inbox.copy_within(used..self.filled, 0);
        self.filled -= used;
        answered
    }
}

impl Drop for Server {
    /// Tokens went through the inbox, too.
    fn drop(&mut self) {
        self.inbox.wipe();
    }
}
