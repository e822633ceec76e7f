//! A list of elements with memory of their own.

use core::hint::black_box;

use poolable::{Poolable, Reset, RetainVec};

use super::work::timed;
use super::{LONG, Table, floor, other, poolable};
use crate::timing::Sample;

pub(super) const HEADERS: [(&str, &str); 12] = [
    ("host", "www.example.org"),
    ("connection", "keep-alive"),
    ("cache-control", "max-age=0"),
    ("upgrade-insecure-requests", "1"),
    ("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
    ("accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
    ("accept-language", "en-GB,en;q=0.7,de;q=0.3"),
    ("accept-encoding", "gzip, deflate, br, zstd"),
    ("referer", "https://www.example.org/articles/2026"),
    ("if-none-match", "\"5f3c-62e0a1b7c9d40\""),
    ("dnt", "1"),
    ("cookie", "session=9f86d081884c7d65; theme=dark; lang=en; seen=17"),
];

pub(super) fn table() -> Table {
    Table {
        file: "beyond-retain-vec",
        title: "A list of 12 headers",
        about: "A list is filled with 12 headers of two `String`s each, read, and emptied: by the \
                return of the object that holds it, where there is one. The texts are copied in \
                every row.",
        unit: "list",
        effort: LONG,
        rows: vec![
            poolable("poolable, `RetainVec<Header>`", "In a pooled object.", retained),
            floor(
                "floor: a `Vec<Header>` and an index",
                "By hand: the loop keeps the vector, counts the headers that are in use, and \
                 empties each before it is filled again.",
                "it has 955 instructions, poolable 1 504: 46 more for each header. `RetainVec` \
                 asks every element what it keeps, when it is handed out and when it is taken \
                 back, for the limits on bytes, and adds that up without overflow",
                by_index,
            ),
            other(
                "poolable, but `Vec<Header>`",
                "In a pooled object: the vector stays, and its headers are freed.",
                pooled_vec,
            ),
            other("a new `Vec<Header>`", "It grows as it is filled.", fresh),
        ],
    }
}

#[derive(Default, Reset)]
struct Header {
    name: String,
    value: String,
}

impl Header {
    fn new((name, value): &(&str, &str)) -> Self {
        Self { name: String::from(*name), value: String::from(*value) }
    }

    #[inline(always)]
    fn write(&mut self, (name, value): &(&str, &str)) {
        self.name.push_str(name);
        self.value.push_str(value);
    }
}

/// What every round sees.
fn seen() -> u64 {
    HEADERS.iter().map(|(name, value)| (name.len() + value.len()) as u64).sum()
}

#[inline(always)]
fn read(headers: &[Header]) -> u64 {
    black_box(headers).iter().map(|header| (header.name.len() + header.value.len()) as u64).sum()
}

#[derive(Poolable)]
struct Retained {
    headers: RetainVec<Header>,
}

fn retained(lists: u64) -> Sample {
    timed(lists, seen(), || {
        let mut object = Retained::pooled();
        for header in black_box(&HEADERS) {
            object.headers.push_blank().write(header);
        }
        read(&object.headers)
    })
}

fn by_index(lists: u64) -> Sample {
    let mut kept: Vec<Header> = Vec::new();
    timed(lists, seen(), || {
        let mut used = 0;
        for header in black_box(&HEADERS) {
            if used == kept.len() {
                kept.push(Header::default());
            }
            let place = &mut kept[used];
            place.name.clear();
            place.value.clear();
            place.write(header);
            used += 1;
        }
        read(&kept[..used])
    })
}

#[derive(Poolable)]
struct Plain {
    headers: Vec<Header>,
}

fn pooled_vec(lists: u64) -> Sample {
    timed(lists, seen(), || {
        let mut object = Plain::pooled();
        object.headers.extend(black_box(&HEADERS).iter().map(Header::new));
        read(&object.headers)
    })
}

fn fresh(lists: u64) -> Sample {
    timed(lists, seen(), || {
        let mut headers = Vec::new();
        for header in black_box(&HEADERS) {
            headers.push(Header::new(header));
        }
        read(&headers)
    })
}
