//! Types about which it is hard to say whether a pool pays.

use core::hint::black_box;
use core::ops::Range;
use core::time::Duration;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::time::Instant;

use poolable::advise::{Advice, Advisor};
use poolable::{Poolable, Reset, RetainVec};

/// A type and its work, three times over: timed fresh, timed pooled, and shown to the advisor.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// Uses of values that are written out as a program without pools writes them.
    pub(crate) fresh: fn(Range<u32>) -> Duration,
    /// Uses of pooled objects.
    pub(crate) pooled: fn(Range<u32>) -> Duration,
    pub(crate) advise: fn(&Advisor) -> Advice,
}

macro_rules! cases {
    ($($name:literal, $module:ident, $ty:ident, $fresh:expr, $work:expr;)*) => {
        pub(crate) const ALL: &[Case] = &[$(Case {
            name: $name,
            fresh: $module::fresh,
            pooled: $module::pooled,
            advise: $module::advise,
        }),*];

        $(mod $module {
            use super::*;

            /// What is done with each object. `index` counts the uses.
            const WORK: fn(&mut $ty, u32) = $work;

            #[inline(never)]
            pub(super) fn fresh(uses: Range<u32>) -> Duration {
                let start = Instant::now();
                for index in uses {
                    let mut value = $fresh;
                    WORK(&mut value, index);
                    black_box(&value);
                }
                start.elapsed()
            }

            #[inline(never)]
            pub(super) fn pooled(uses: Range<u32>) -> Duration {
                let start = Instant::now();
                for index in uses {
                    let mut value = $ty::pooled();
                    WORK(&mut value, index);
                    black_box(&*value);
                }
                start.elapsed()
            }

            pub(super) fn advise(advisor: &Advisor) -> Advice {
                let mut index = 0;
                advisor.run::<$ty>(move |value| {
                    WORK(value, index);
                    index = index.wrapping_add(1);
                })
            }
        })*
    };
}

/// Two numbers: nothing to keep.
#[derive(Clone, Copy, Poolable)]
struct Point {
    x: u64,
    y: u64,
}

/// A vector that nothing is put into: a fresh one does not allocate either.
#[derive(Poolable)]
struct Rarely {
    errors: Vec<String>,
    id: u64,
}

/// One small block.
#[derive(Poolable)]
struct Name {
    text: String,
}

/// A small block nearly always, and in one use of twenty a large one.
#[derive(Poolable)]
struct Upload {
    bytes: Vec<u8>,
}

/// A table that is filled and emptied each time.
#[derive(Poolable)]
struct Query {
    pairs: HashMap<u32, u32>,
}

/// A table for few, which one use in 100,000 fills with 20,000: to empty it from then on takes as long
/// as it is large.
#[derive(Poolable)]
struct Bulk {
    pairs: HashMap<u32, u32>,
}

/// A value without heap whose creation and whose reset do the same.
#[derive(Poolable)]
struct Page {
    bytes: [u8; 64 << 10],
}

/// A value that is created by one sweep over it, and returned by a wipe and another one.
#[derive(Poolable)]
#[pool(drop_wipe = false)]
struct Keys {
    #[pool(zeroize)]
    bytes: [u8; 64 << 10],
}

/// The vector is kept; what is in it is freed at each return.
#[derive(Poolable)]
struct Words {
    list: Vec<String>,
}

/// A tree: to empty it frees all of it.
#[derive(Poolable)]
struct Sorted {
    pairs: BTreeMap<u32, u32>,
}

/// Texts in a list, all of which are kept.
#[derive(Poolable)]
struct Headers {
    list: RetainVec<Header>,
}

#[derive(Reset)]
struct Header {
    name: String,
    value: String,
}

/// A block that is as large as what is in it, and blanked as a whole.
#[derive(Poolable)]
struct Boxed {
    bytes: Box<[u8; 256]>,
}

/// A text with room for as much as its sender announces: from 16 bytes to 256 KiB, each power of two
/// as often as any other.
#[derive(Poolable)]
struct Body {
    text: String,
}

/// Handles that are dropped at each return, in a vector that is kept, on one thread.
#[derive(Poolable)]
#[pool(local)]
struct Handles {
    list: Vec<Rc<u32>>,
}

/// A length from 16 bytes to 256 KiB, by the number of the use.
fn length(index: u32) -> usize {
    let random = index.wrapping_mul(0x9e37_79b9).rotate_left(15).wrapping_mul(0x85eb_ca6b);
    let power = 4 + (random >> 16) % 14;
    (1 << power) + (random as usize & ((1 << power) - 1))
}

cases! {
    "16 bytes without heap", point, Point, Point { x: 0, y: 0 }, |point, index| {
        point.x = u64::from(index);
        point.y += 1;
    };
    "a vector that stays empty", rarely, Rarely, Rarely { errors: Vec::new(), id: 0 },
    |rarely, index| {
        rarely.id = u64::from(index);
        if black_box(false) {
            rarely.errors.push("never".to_owned());
        }
    };
    "a string of 24 bytes", name, Name, Name { text: String::new() }, |name, _| {
        name.text.push_str(black_box("four-and-twenty letters!"));
    };
    "100 bytes, at times 70 KiB", upload, Upload, Upload { bytes: Vec::new() }, |upload, index| {
        upload.bytes.reserve(if index % 20 == 0 { 70 << 10 } else { 100 });
        upload.bytes.extend_from_slice(black_box(b"GET / HTTP/1\n"));
    };
    "a map that is refilled", query, Query, Query { pairs: HashMap::new() }, |query, index| {
        query.pairs.extend((0..4).map(|key| (key, index)));
    };
    "a map that once was large", bulk, Bulk, Bulk { pairs: HashMap::new() }, |bulk, index| {
        let count = if index % 100_000 == 0 { 20_000 } else { 2 };
        bulk.pairs.extend((0..count).map(|key| (key, index)));
    };
    "64 KiB inline", page, Page, Page { bytes: [0; 64 << 10] }, |page, index| {
        page.bytes[index as usize % 100] = 1;
    };
    "64 KiB inline, wiped", keys, Keys, Keys { bytes: [0; 64 << 10] }, |keys, index| {
        keys.bytes[index as usize % 100] = 1;
    };
    "a vector of strings", words, Words, Words { list: Vec::new() }, |words, _| {
        words.list.extend(["alpha", "beta", "gamma"].map(|word| black_box(word).to_owned()));
    };
    "a tree of one pair", sorted, Sorted, Sorted { pairs: BTreeMap::new() }, |sorted, index| {
        sorted.pairs.insert(index, index);
    };
    "headers that are kept", headers, Headers, Headers { list: RetainVec::new() }, |headers, _| {
        for value in ["text/html", "gzip", "keep-alive", "no-cache"] {
            let header = headers.list.push_blank();
            header.name.push_str("x-header");
            header.value.push_str(black_box(value));
        }
    };
    "256 bytes in a box", boxed, Boxed, Boxed { bytes: Box::new([0; 256]) }, |boxed, index| {
        boxed.bytes[index as usize % 256] = 1;
    };
    "room for 16 bytes to 256 KiB", body, Body, Body { text: String::new() }, |body, index| {
        body.text.reserve(length(index));
        body.text.push_str(black_box("0123456789abcdef"));
    };
    "handles on one thread", handles, Handles, Handles { list: Vec::new() }, |handles, index| {
        let handle = Rc::new(index);
        for _ in 0..12 {
            handles.list.push(handle.clone());
        }
    };
}
