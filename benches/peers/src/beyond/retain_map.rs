//! A map whose keys and values have memory of their own.

use core::hint::black_box;
use std::collections::HashMap;

use poolable::{Poolable, RetainMap};

use super::retain_vec::HEADERS;
use super::work::timed;
use super::{LONG, Table, floor, other, poolable};
use crate::timing::Sample;

pub(super) fn table() -> Table {
    Table {
        file: "beyond-retain-map",
        title: "12 headers by name",
        about: "A map is filled with 12 headers, name and value being copied into `String`s, two \
                are looked up, and it is emptied: by the return of the object that holds it, where \
                there is one. All hash with std's default.",
        unit: "map",
        effort: LONG,
        rows: vec![
            poolable("poolable, `RetainMap<String, String>`", "In a pooled object.", retained),
            floor(
                "floor: a kept `HashMap<&str, &str>`",
                "The loop keeps it, and nothing is copied: what is hashed has to be hashed.",
                "it has 3 965 instructions, poolable 4 398; in both, about half are the hashes of \
                 12 names and of two that are looked for",
                borrowed,
            ),
            other(
                "poolable, but `HashMap<String, String>`",
                "In a pooled object: the table stays, and keys and values are freed.",
                pooled_map,
            ),
            other("a new `HashMap<String, String>`", "It grows as it is filled.", fresh),
        ],
    }
}

/// What every round sees.
fn seen() -> u64 {
    let value = |name| HEADERS.iter().find(|header| header.0 == name).map_or("", |header| header.1);
    (HEADERS.len() + value("host").len() + value("cookie").len()) as u64
}

/// What a handler does with the headers.
#[inline(always)]
fn read<'a>(len: usize, get: impl Fn(&str) -> Option<&'a str>) -> u64 {
    let length = |name| get(black_box(name)).map_or(0, str::len);
    (len + length("host") + length("cookie")) as u64
}

#[derive(Poolable)]
struct Retained {
    headers: RetainMap<String, String>,
}

fn retained(maps: u64) -> Sample {
    timed(maps, seen(), || {
        let mut object = Retained::pooled();
        for (name, value) in black_box(&HEADERS) {
            object.headers.insert_blank(*name).push_str(value);
        }
        read(object.headers.len(), |name| object.headers.get(name).map(String::as_str))
    })
}

fn borrowed(maps: u64) -> Sample {
    let mut headers = HashMap::new();
    timed(maps, seen(), || {
        headers.clear();
        for (name, value) in black_box(&HEADERS) {
            headers.insert(*name, *value);
        }
        read(headers.len(), |name| headers.get(name).copied())
    })
}

/// The same code for both that own what they hold.
#[inline(always)]
fn fill_and_read(headers: &mut HashMap<String, String>) -> u64 {
    for (name, value) in black_box(&HEADERS) {
        headers.insert(String::from(*name), String::from(*value));
    }
    read(headers.len(), |name| headers.get(name).map(String::as_str))
}

#[derive(Poolable)]
struct Plain {
    headers: HashMap<String, String>,
}

fn pooled_map(maps: u64) -> Sample {
    timed(maps, seen(), || fill_and_read(&mut Plain::pooled().headers))
}

fn fresh(maps: u64) -> Sample {
    timed(maps, seen(), || fill_and_read(&mut HashMap::new()))
}
