//! A request that is parsed into slices of the buffer that it was read into.
//!
//! What is left to allocate are the vector and the map that hold the slices. Every request
//! has a lifetime of its own, so that no other pool can keep them.

use core::hint::black_box;
use core::mem;
use std::collections::HashMap;

use httparse::{EMPTY_HEADER, Request, Status};
use poolable::Poolable;

use super::work::timed;
use super::{LONG, Table, close, floor, poolable};
use crate::timing::Sample;

/// What a browser sends: twelve headers, one of them with four cookies.
const REQUEST: &[u8] = b"GET /articles/2026/pools?sort=date&page=3 HTTP/1.1\r\n\
Host: www.example.org\r\n\
Connection: keep-alive\r\n\
Cache-Control: max-age=0\r\n\
Upgrade-Insecure-Requests: 1\r\n\
User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\n\
Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n\
Accept-Language: en-GB,en;q=0.7,de;q=0.3\r\n\
Accept-Encoding: gzip, deflate, br, zstd\r\n\
Referer: https://www.example.org/articles/2026\r\n\
If-None-Match: \"5f3c-62e0a1b7c9d40\"\r\n\
DNT: 1\r\n\
Cookie: session=9f86d081884c7d65; theme=dark; lang=en; seen=17\r\n\
\r\n";

/// More headers are a malformed request.
const MOST: usize = 32;

type Headers<'a> = Vec<(&'a str, &'a [u8])>;
type Cookies<'a> = HashMap<&'a str, &'a str>;

pub(super) fn with_cookies() -> Table {
    Table {
        file: "beyond-borrowed-parse",
        title: "A parsed request that borrows",
        about: "A request of 12 headers is parsed by httparse; its headers go as slices into a \
                `Vec`, its 4 cookies into a `HashMap`, both are read, and let go. All of that is \
                in the time, and the parse is most of it.",
        unit: "request",
        effort: LONG,
        rows: vec![
            poolable("poolable, `Parsed::pooled()`", "For each request.", pooled),
            floor(
                "floor: parsed and not kept",
                "The headers are read where httparse leaves them, the cookies as they are split.",
                "it is 4 568 of the 6 587 instructions of poolable's row; the others are 12 \
                 pushes, the hashes of 4 names and of one that is looked for, and the hit",
                parse_alone,
            ),
            close(
                "a new struct for each request",
                "Its `Vec` and its `HashMap` grow as they are filled.",
                "4 568 of its 8 691 instructions are the parse, which nobody can save; of the \
                 other 4 123 poolable has half, without the 5 allocations and without 3 hashes \
                 that are computed again where the map grows",
                fresh,
            ),
            close(
                "a new struct with enough capacity",
                "`with_capacity(16)` and `with_capacity(4)`, by who knows the request beforehand.",
                "4 568 of its 6 866 instructions are the parse, and it fills as many places; two \
                 allocations and their frees are the 279 that poolable saves",
                fresh_with_capacity,
            ),
            close(
                "by hand: the `Vec` recycled, a new map",
                "The emptied `Vec` gets its next lifetime by `into_iter().map(..).collect()`, \
                 which leaves the memory where it is. A `HashMap` does not have that.",
                "4 568 of its 7 849 instructions are the parse, and its `Vec` costs nothing; the \
                 new map costs it two allocations and 3 hashes more",
                recycled_with_map,
            ),
        ],
    }
}

pub(super) fn headers_only() -> Table {
    Table {
        file: "beyond-borrowed-headers",
        title: "Parsed headers that borrow",
        about: "The same request, of which only the headers are kept, in a `Vec`.",
        unit: "request",
        effort: LONG,
        rows: vec![
            poolable("poolable, `Head::pooled()`", "For each request.", pooled_head),
            floor(
                "floor: parsed and not kept",
                "The headers are read where httparse leaves them.",
                "it is 3 222 of the 3 497 instructions of poolable's row",
                parse_head_alone,
            ),
            close(
                "a new `Vec` for each request",
                "It grows as it is filled.",
                "3 222 of its 4 336 instructions are the parse, which nobody can save; poolable \
                 has 275 of the other 1 114, without the 3 allocations",
                fresh_head,
            ),
            close(
                "a new `Vec` with enough capacity",
                "`with_capacity(16)`, by who knows the request beforehand.",
                "3 222 of its 3 638 instructions are the parse; one allocation and its free are \
                 the 141 that poolable saves",
                fresh_head_with_capacity,
            ),
            close(
                "by hand: the `Vec` recycled",
                "A `Vec` that the loop owns; emptied, it gets its next lifetime by \
                 `into_iter().map(..).collect()`, which leaves the memory where it is.",
                "it keeps the same memory in 10 instructions less; poolable's serve every thread \
                 and every caller, and not one loop",
                recycled_head,
            ),
        ],
    }
}

/// What the two tables have in common: the method is read, and every header goes to `each`.
#[inline(always)]
fn parse<'a>(bytes: &'a [u8], mut each: impl FnMut(&'a str, &'a [u8])) -> &'a str {
    let mut headers = [EMPTY_HEADER; MOST];
    let mut request = Request::new(&mut headers);
    let status = request.parse(bytes).expect("a request");
    assert!(matches!(status, Status::Complete(_)));
    for header in request.headers.iter() {
        each(header.name, header.value);
    }
    request.method.expect("it is complete")
}

#[inline(always)]
fn cookies_in(header: &[u8]) -> impl Iterator<Item = (&str, &str)> {
    let text = str::from_utf8(header).expect("cookies are text");
    text.split("; ").filter_map(|cookie| cookie.split_once('='))
}

/// The same code for everyone who keeps both.
#[inline(never)]
fn read<'a>(
    bytes: &'a [u8],
    method: &mut &'a str,
    headers: &mut Headers<'a>,
    cookies: &mut Cookies<'a>,
) {
    *method = parse(bytes, |name, value| {
        headers.push((name, value));
        if name.eq_ignore_ascii_case("cookie") {
            cookies.extend(cookies_in(value));
        }
    });
}

/// The same code for everyone who keeps the headers.
#[inline(never)]
fn read_head<'a>(bytes: &'a [u8], method: &mut &'a str, headers: &mut Headers<'a>) {
    *method = parse(bytes, |name, value| headers.push((name, value)));
}

/// What a handler does with the head.
#[inline(always)]
fn use_of_head(method: &str, headers: &[(&str, &[u8])]) -> u64 {
    let lengths = headers.iter().map(|(name, value)| (name.len() + value.len()) as u64);
    method.len() as u64 + lengths.sum::<u64>()
}

/// What a handler does with all of it.
#[inline(always)]
fn use_of_all(method: &str, headers: &[(&str, &[u8])], cookies: &Cookies<'_>) -> u64 {
    let session = cookies.get("session").map_or(0, |session| session.len());
    use_of_head(method, headers) + session as u64
}

/// What every round of the first table sees, found in another way than it does.
fn seen_of_all() -> u64 {
    seen_of_head() + "9f86d081884c7d65".len() as u64
}

/// The same of the second table: all bytes but those of the first line and the separators.
fn seen_of_head() -> u64 {
    let text = str::from_utf8(REQUEST).expect("it is text");
    let headers: usize = text.lines().skip(1).map(|line| line.len().saturating_sub(2)).sum();
    ("GET".len() + headers) as u64
}

/// A buffer that requests are read into: the parse borrows from nothing that is static.
fn inbox() -> Vec<u8> {
    REQUEST.to_vec()
}

#[derive(Poolable)]
struct Parsed<'a> {
    method: &'a str,
    headers: Headers<'a>,
    cookies: Cookies<'a>,
}

fn pooled(requests: u64) -> Sample {
    let inbox = inbox();
    timed(requests, seen_of_all(), || {
        let mut parsed = Parsed::pooled();
        let Parsed { method, headers, cookies } = &mut *parsed;
        read(black_box(&inbox), method, headers, cookies);
        use_of_all(parsed.method, &parsed.headers, &parsed.cookies)
    })
}

fn parse_alone(requests: u64) -> Sample {
    let inbox = inbox();
    timed(requests, seen_of_all(), || {
        let mut seen = 0;
        let method = parse(black_box(&inbox), |name, value| {
            seen += name.len() + value.len();
            if name.eq_ignore_ascii_case("cookie") {
                let session = cookies_in(value).filter(|cookie| cookie.0 == "session");
                seen += session.map(|cookie| cookie.1.len()).sum::<usize>();
            }
        });
        (method.len() + seen) as u64
    })
}

fn fresh(requests: u64) -> Sample {
    let inbox = inbox();
    timed(requests, seen_of_all(), || all_into(black_box(&inbox), Vec::new(), HashMap::new()))
}

fn fresh_with_capacity(requests: u64) -> Sample {
    let inbox = inbox();
    timed(requests, seen_of_all(), || {
        all_into(black_box(&inbox), Vec::with_capacity(16), HashMap::with_capacity(4))
    })
}

#[inline(always)]
fn all_into<'a>(inbox: &'a [u8], mut headers: Headers<'a>, mut cookies: Cookies<'a>) -> u64 {
    let mut method = "";
    read(inbox, &mut method, &mut headers, &mut cookies);
    use_of_all(method, &headers, &cookies)
}

type Kept = Vec<(&'static str, &'static [u8])>;

/// The memory of a vector, for elements of another lifetime.
#[inline(always)]
fn recycled<'a>(mut headers: Headers<'_>) -> Headers<'a> {
    headers.clear();
    headers.into_iter().map(|_| unreachable!("it is empty")).collect()
}

fn recycled_with_map(requests: u64) -> Sample {
    let inbox = inbox();
    let mut kept: Kept = Vec::new();
    timed(requests, seen_of_all(), || {
        let mut headers = recycled(mem::take(&mut kept));
        let (mut method, mut cookies) = ("", HashMap::new());
        read(black_box(&inbox), &mut method, &mut headers, &mut cookies);
        let seen = use_of_all(method, &headers, &cookies);
        kept = recycled(headers);
        seen
    })
}

#[derive(Poolable)]
struct Head<'a> {
    method: &'a str,
    headers: Headers<'a>,
}

fn pooled_head(requests: u64) -> Sample {
    let inbox = inbox();
    timed(requests, seen_of_head(), || {
        let mut head = Head::pooled();
        let Head { method, headers } = &mut *head;
        read_head(black_box(&inbox), method, headers);
        use_of_head(head.method, &head.headers)
    })
}

fn parse_head_alone(requests: u64) -> Sample {
    let inbox = inbox();
    timed(requests, seen_of_head(), || {
        let mut seen = 0;
        let method = parse(black_box(&inbox), |name, value| seen += name.len() + value.len());
        (method.len() + seen) as u64
    })
}

fn fresh_head(requests: u64) -> Sample {
    let inbox = inbox();
    timed(requests, seen_of_head(), || head_into(black_box(&inbox), Vec::new()))
}

fn fresh_head_with_capacity(requests: u64) -> Sample {
    let inbox = inbox();
    timed(requests, seen_of_head(), || head_into(black_box(&inbox), Vec::with_capacity(16)))
}

#[inline(always)]
fn head_into<'a>(inbox: &'a [u8], mut headers: Headers<'a>) -> u64 {
    let mut method = "";
    read_head(inbox, &mut method, &mut headers);
    use_of_head(method, &headers)
}

fn recycled_head(requests: u64) -> Sample {
    let inbox = inbox();
    let mut kept: Kept = Vec::new();
    timed(requests, seen_of_head(), || {
        let (mut method, mut headers) = ("", recycled(mem::take(&mut kept)));
        read_head(black_box(&inbox), &mut method, &mut headers);
        let seen = use_of_head(method, &headers);
        kept = recycled(headers);
        seen
    })
}
