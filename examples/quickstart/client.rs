//! The client's side of a connection: requests of many shapes, checked answers.
//!
//! All is drawn from a generator with a fixed seed, so that every run sends the same.

use std::io::{self, Read, Write};
use std::net::TcpStream;

use crate::request::{TOKEN_CAPACITY, digest, user_of};
use crate::server::{BAD_REQUEST, MAX_BODY, write_answer};

/// How many requests of each shape a connection sends per round.
const VARIANTS: usize = 25;
/// The most requests that are sent before the first answer is awaited.
const MOST_AHEAD: usize = 8;
/// The most segments that a batch of requests is cut into.
const MOST_SEGMENTS: usize = 6;

/// What requests have in common: lengths in bytes, `headers` beside the usual ones.
struct Shape {
    method: &'static str,
    path: usize,
    query: usize,
    headers: usize,
    body: Option<usize>,
}

const SHAPES: [Shape; 10] = [
    Shape { method: "GET", path: 1, query: 0, headers: 0, body: None },
    Shape { method: "GET", path: 24, query: 0, headers: 4, body: None },
    Shape { method: "GET", path: 12, query: 80, headers: 6, body: None },
    Shape { method: "GET", path: 40, query: 0, headers: 18, body: None },
    Shape { method: "GET", path: 2000, query: 900, headers: 8, body: None },
    Shape { method: "DELETE", path: 30, query: 0, headers: 3, body: None },
    Shape { method: "POST", path: 16, query: 0, headers: 5, body: Some(0) },
    Shape { method: "POST", path: 16, query: 0, headers: 8, body: Some(1 << 10) },
    Shape { method: "PATCH", path: 20, query: 10, headers: 10, body: Some(4 << 10) },
    Shape { method: "PUT", path: 50, query: 0, headers: 6, body: Some(MAX_BODY) },
];

/// A request as it goes over the wire, and the answer that it must get.
pub(crate) struct Exchange {
    request: Vec<u8>,
    answer: Vec<u8>,
}

/// The requests that a connection sends in each round, in a random order.
pub(crate) fn mix(seed: u64) -> Vec<Exchange> {
    let mut random = Random::new(seed);
    let mut mix = Vec::new();
    for shape in &SHAPES {
        mix.extend((0..VARIANTS).map(|_| shape.exchange(&mut random)));
    }
    for last in (1..mix.len()).rev() {
        mix.swap(last, random.below(last + 1));
    }
    mix
}

/// Requests that must be refused. After the last one, the connection is of no use.
pub(crate) fn malformed() -> Vec<Exchange> {
    let long_token = "t".repeat(TOKEN_CAPACITY + 1);
    let requests = [
        b"GET /no-token HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec(),
        format!("GET /long HTTP/1.1\r\nAuthorization: Bearer {long_token}\r\n\r\n").into_bytes(),
        b"GET /latin HTTP/1.1\r\nAuthorization: Bearer t\r\nX-Name: \xe9\r\n\r\n".to_vec(),
        b"BREW /coffee HTCPCP/1.0\r\n\r\n".to_vec(),
    ];
    requests.map(|request| Exchange { request, answer: BAD_REQUEST.to_vec() }).into()
}

impl Shape {
    fn exchange(&self, random: &mut Random) -> Exchange {
        let mut path = format!("/{}", random.letters(self.path));
        if self.query > 0 {
            path = format!("{path}?q={}", random.letters(self.query));
        }
        let mut headers =
            vec![("Host".into(), "localhost".into()), ("Accept".into(), "*/*".into())];
        for _ in 0..self.headers {
            let (name, value) = (1 + random.below(12), random.below(64));
            headers.push((format!("X-{}", random.letters(name)), random.letters(value)));
        }
        let body = random.letters(self.body.unwrap_or(0)).into_bytes();
        if self.body.is_some() {
            headers.push(("Content-Length".into(), body.len().to_string()));
        }
        let token = 20 + random.below(TOKEN_CAPACITY - 20);
        exchange(self.method, &path, &headers, &random.letters(token), &body)
    }
}

fn exchange(
    method: &str,
    path: &str,
    headers: &[(String, String)],
    token: &str,
    body: &[u8],
) -> Exchange {
    let mut head = format!("{method} {path} HTTP/1.1\r\n");
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    head += &format!("Authorization: Bearer {token}\r\n\r\n");
    let request = [head.as_bytes(), body].concat();

    let headers = headers.iter().map(|(name, value)| (&**name, &**value));
    let mut answer = Vec::new();
    write_answer(&mut answer, digest(method, path, headers, user_of(token), body));
    Exchange { request, answer }
}

/// Sends a mix so many times, and checks every answer.
///
/// Requests go out in batches. Some batches are cut into segments, at any byte.
pub(crate) fn send(mut stream: TcpStream, mix: &[Exchange], rounds: usize) -> io::Result<()> {
    let mut random = Random::new(7);
    let (mut requests, mut expected, mut answers) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        let mut rest = mix;
        while !rest.is_empty() {
            let (batch, later) = rest.split_at(rest.len().min(1 + random.below(MOST_AHEAD)));
            rest = later;
            requests.clear();
            expected.clear();
            for exchange in batch {
                requests.extend_from_slice(&exchange.request);
                expected.extend_from_slice(&exchange.answer);
            }
            send_in_segments(&mut stream, &requests, &mut random)?;
            answers.resize(expected.len(), 0);
            stream.read_exact(&mut answers)?;
            if answers != expected {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "a wrong answer"));
            }
        }
    }
    Ok(())
}

fn send_in_segments(
    stream: &mut TcpStream,
    mut bytes: &[u8],
    random: &mut Random,
) -> io::Result<()> {
    for _ in 1..1 + random.below(MOST_SEGMENTS) {
        let (segment, later) = bytes.split_at(random.below(bytes.len() + 1));
        stream.write_all(segment)?;
        bytes = later;
    }
    stream.write_all(bytes)
}

/// Xorshift: repeatable, and good enough for shapes.
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Self {
        // The state must not be zero, and close seeds shall not look alike.
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    fn letters(&mut self, length: usize) -> String {
        (0..length).map(|_| char::from(b'a' + self.below(26) as u8)).collect()
    }
}
