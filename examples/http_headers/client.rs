//! The client: requests, the answers that they must get, and how they go out.

use core::iter;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use crate::TIMEOUT;
use crate::parsed::MAX_HEADERS;
use crate::server::{BAD_REQUEST, INBOX};

/// Requests, and what the server says that it understood.
const REQUESTS: [(&[u8], &str); 8] = [
    (
        b"GET /status HTTP/1.1\r\nHost: localhost:8080\r\nUser-Agent: curl/8.5.0\r\n\
          Accept: */*\r\n\r\n",
        "GET /status, 3 headers, 0 cookies, session none, body in 0: ",
    ),
    (
        b"GET /articles/42?page=3 HTTP/1.1\r\nHost: www.example.org\r\n\
          User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n\
          Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n\
          Accept-Language: en-GB,en;q=0.5\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n\
          Referer: https://www.example.org/articles\r\nDNT: 1\r\nConnection: keep-alive\r\n\
          Cookie: session=7f3a9c; theme=dark; visits=17; consent=all; lang=en\r\n\
          Upgrade-Insecure-Requests: 1\r\nSec-Fetch-Dest: document\r\n\
          Sec-Fetch-Mode: navigate\r\nSec-Fetch-Site: same-origin\r\nPriority: u=0, i\r\n\r\n",
        "GET /articles/42?page=3, 14 headers, 5 cookies, session 7f3a9c, body in 0: ",
    ),
    (
        b"GET /api/messages HTTP/1.1\r\nHost: www.example.org\r\n\
          sec-ch-ua: \"Chromium\";v=\"126\", \"Not)A;Brand\";v=\"8\"\r\nsec-ch-ua-mobile: ?0\r\n\
          sec-ch-ua-platform: \"Linux\"\r\nX-Requested-With: XMLHttpRequest\r\n\
          Cookie: theme=light\r\nCookie: session=b01d; cart=\r\n\r\n",
        "GET /api/messages, 7 headers, 3 cookies, session b01d, body in 0: ",
    ),
    (
        b"POST /api/orders HTTP/1.1\r\nHost: api.example.org\r\n\
          Content-Type: application/json\r\nContent-Length: 27\r\nIdempotency-Key: 5c1e\r\n\r\n\
          {\"article\":42,\"pieces\":[1]}",
        "POST /api/orders, 4 headers, 0 cookies, session none, body in 1: \
         {\"article\":42,\"pieces\":[1]}",
    ),
    (
        b"PUT /logs/today HTTP/1.1\r\nHost: logs.example.org\r\nTransfer-Encoding: chunked\r\n\
          Content-Type: text/plain\r\n\r\n7\r\nstarted\r\nc;part=2\r\n, and ready \r\n\
          4\r\nDone\r\n0\r\n\r\n",
        "PUT /logs/today, 3 headers, 0 cookies, session none, body in 3: \
         started, and ready Done",
    ),
    (
        b"POST /api/ping HTTP/1.1\r\nHost: api.example.org\r\nContent-Length: 0\r\n\r\n",
        "POST /api/ping, 2 headers, 0 cookies, session none, body in 1: ",
    ),
    (
        b"DELETE /api/orders/7 HTTP/1.1\r\nHost: api.example.org\r\nX-Operator: Ren\xe9e\r\n\
          Cookie: session=admin\r\n\r\n",
        "DELETE /api/orders/7, 3 headers, 1 cookies, session admin, body in 0: ",
    ),
    (b"HEAD / HTTP/1.0\r\n\r\n", "HEAD /, 0 headers, 0 cookies, session none, body in 0: "),
];

/// How many of the malformed requests there are.
pub(crate) const MALFORMED: u64 = 9;

/// Requests that must be refused, each on a connection of its own.
fn malformed() -> [Vec<u8>; MALFORMED as usize] {
    let many = "X-Header: one of many\r\n".repeat(MAX_HEADERS + 1);
    let long = "x".repeat(INBOX - "GET /".len());
    [
        b"BREW /coffee HTCPCP/1.0\r\n\r\n".to_vec(),
        b"GET /space HTTP/1.1\r\nHost : localhost\r\n\r\n".to_vec(),
        b"GET /latin HTTP/1.1\r\nCookie: name=Ren\xe9e\r\n\r\n".to_vec(),
        b"POST /signed HTTP/1.1\r\nContent-Length: +1\r\n\r\n1".to_vec(),
        b"POST /twice HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n12".to_vec(),
        b"POST /both HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
            .to_vec(),
        b"POST /chunk HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n\r\n\r\n".to_vec(),
        format!("GET /many HTTP/1.1\r\n{many}\r\n").into_bytes(),
        format!("GET /{long}").into_bytes(),
    ]
}

/// One to warm the server up, one for the requests, and those that end with a refusal.
pub(crate) const CONNECTIONS: usize = 2 + MALFORMED as usize;

/// One side of a connection.
pub(crate) struct Side {
    pub(crate) stream: TcpStream,
    pub(crate) progress: Arc<Progress>,
}

/// How many bytes of a connection the server has seen.
///
/// What is written in two parts may be read in one. A client that waits for the server after
/// the first knows that it has been parsed without the second.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    seen: Mutex<u64>,
    changed: Condvar,
}

impl Progress {
    pub(crate) fn advance(&self, bytes: usize) {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) += bytes as u64;
        self.changed.notify_one();
    }

    fn wait_for(&self, bytes: u64) -> io::Result<()> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let (_seen, waited) = self
            .changed
            .wait_timeout_while(seen, TIMEOUT, |seen| *seen < bytes)
            .unwrap_or_else(PoisonError::into_inner);
        if waited.timed_out() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(()) }
    }
}

/// Writes an answer with a text.
pub(crate) fn write_answer(out: &mut impl Write, text: &[u8]) -> io::Result<()> {
    write!(out, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", text.len())?;
    out.write_all(text)
}

/// All requests, one behind the other.
fn all_requests() -> Vec<u8> {
    REQUESTS.map(|(request, _)| request).concat()
}

/// How many of the cuts at every byte leave a part of a request behind.
pub(crate) fn cuts_inside() -> u64 {
    // As many as there are bytes, but for those that begin a request.
    (all_requests().len() - REQUESTS.len()) as u64
}

/// Sends all that there is to send, and checks every answer.
pub(crate) fn run(connections: Vec<Side>) -> io::Result<()> {
    let requests = all_requests();
    let mut answers = Vec::new();
    for (_, text) in REQUESTS {
        write_answer(&mut answers, text.as_bytes())?;
    }
    let mut connections = connections.into_iter();

    let mut warm_up = Conversation::new(connections.next());
    warm_up.send(&requests, &[], &answers)?;
    warm_up.end()?;

    // As a whole first, and then cut at each byte.
    let mut cut = Conversation::new(connections.next());
    for place in 0..requests.len() {
        let (first, second) = requests.split_at(place);
        cut.send(first, second, &answers)?;
    }
    cut.end()?;

    for (request, connection) in iter::zip(malformed(), connections) {
        let mut refused = Conversation::new(Some(connection));
        refused.send(&[], &request, BAD_REQUEST)?;
        refused.end()?;
    }
    Ok(())
}

/// The client's side, and how much it has sent.
struct Conversation {
    side: Side,
    sent: u64,
    received: Vec<u8>,
}

impl Conversation {
    fn new(side: Option<Side>) -> Self {
        let side = side.expect("there are `CONNECTIONS` of them");
        Self { side, sent: 0, received: Vec::new() }
    }

    /// Sends two parts, the second of them when the server has seen the first.
    fn send(&mut self, first: &[u8], second: &[u8], answers: &[u8]) -> io::Result<()> {
        for part in [first, second] {
            self.side.progress.wait_for(self.sent)?;
            self.side.stream.write_all(part)?;
            self.sent += part.len() as u64;
        }
        self.received.resize(answers.len(), 0);
        self.side.stream.read_exact(&mut self.received)?;
        if self.received == answers { Ok(()) } else { Err(wrong("a wrong answer")) }
    }

    /// Says that nothing more will come, and expects the same of the server.
    fn end(mut self) -> io::Result<()> {
        self.side.stream.shutdown(Shutdown::Write)?;
        match self.side.stream.read(&mut [0])? {
            0 => Ok(()),
            _ => Err(wrong("an answer to nothing")),
        }
    }
}

fn wrong(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
