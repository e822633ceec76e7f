//! The hit, where the pool of a type has to be found first.
//!
//! `benches/hit.rs` times the same types beside a few others.

use core::any::{Any, TypeId};
use core::cell::RefCell;
use core::hint::black_box;
use std::collections::HashMap;

use poolable::Poolable;

use super::work::{timed, timed_in_turn};
use super::{SHORT, Table, other, poolable};
use crate::timing::Sample;

const CAPACITY: usize = 4096;
const LINE: &[u8; 13] = b"GET / HTTP/1\n";
/// What every hit sees: the bytes that it appended.
const SEEN: u64 = LINE.len() as u64;

pub(crate) const FILE: &str = "beyond-generic";
pub(crate) const GENERIC: &str = "poolable, `Buffer::<u8, 0>::pooled()`";
pub(crate) const STATIC: &str = "poolable, `Buffer::pooled()`";

pub(super) fn table() -> Table {
    Table {
        file: FILE,
        title: "Hit of a generic type",
        about: "Get, append 13 bytes to a buffer of 4096, return, on one thread. A static cannot \
                be generic: the pool of an instance is found by its type, in a table of the thread \
                that has 64 places. Where several types are used in turn they are called through \
                pointers, which is part of the time, and their objects share the caches of the \
                processor: what the table costs is the difference between generic and other types.",
        unit: "hit",
        effort: SHORT,
        rows: vec![
            poolable(GENERIC, "An instance of a generic type: 70 instructions.", generic),
            poolable(
                STATIC,
                "The same type without parameters, its pool a static: 64 instructions.",
                statics,
            ),
            poolable(
                "poolable, 20 instances in turn",
                "All are in the table, some not in the first of their places: they take a call. \
                 Which, is a matter of luck.",
                generic_20,
            ),
            poolable(
                "poolable, 20 other types in turn",
                "As many statics: 79 instructions.",
                statics_20,
            ),
            poolable(
                "poolable, 200 instances in turn",
                "More than there are places: most are found in the map of the thread, which takes \
                 a call and a search.",
                generic_200,
            ),
            poolable(
                "poolable, 200 other types in turn",
                "As many statics: 78 instructions.",
                statics_200,
            ),
            poolable(
                "poolable, a type that borrows",
                "It has a field `&[u8]` more, which is set in every hit.",
                borrowing,
            ),
            poolable("poolable, a local type", "One pool for each thread.", local),
            other(
                "by hand: a map of lists by `TypeId`",
                "`thread_local!` with a `HashMap<TypeId, Box<dyn Any>>`, each entry of which is a \
                 `Vec<Box<T>>`: what programs write where no static can be had.",
                by_hand,
            ),
            other("no pool, the system's malloc", "A new buffer in every use.", fresh),
        ],
    }
}

/// What a user does with the object between get and return.
#[inline(always)]
fn fill(bytes: &mut Vec<u8>) -> u64 {
    bytes.extend_from_slice(black_box(LINE));
    black_box(bytes.as_ptr());
    bytes.len() as u64
}

#[derive(Poolable)]
struct GenericBuffer<T, const N: usize> {
    #[pool(capacity = CAPACITY)]
    bytes: Vec<T>,
}

#[inline(always)]
fn generic_hit<const N: usize>() -> u64 {
    let mut buffer = GenericBuffer::<u8, N>::pooled();
    fill(&mut buffer.bytes)
}

fn generic(objects: u64) -> Sample {
    timed(objects, SEEN, generic_hit::<0>)
}

#[derive(Poolable)]
struct StaticBuffer {
    #[pool(capacity = CAPACITY)]
    bytes: Vec<u8>,
}

fn statics(objects: u64) -> Sample {
    timed(objects, SEEN, || {
        let mut buffer = StaticBuffer::pooled();
        fill(&mut buffer.bytes)
    })
}

#[derive(Poolable)]
struct BorrowingBuffer<'a> {
    #[pool(capacity = CAPACITY)]
    bytes: Vec<u8>,
    source: &'a [u8],
}

fn borrowing(objects: u64) -> Sample {
    let line = *LINE;
    timed(objects, SEEN, || {
        let mut buffer = BorrowingBuffer::pooled();
        buffer.source = black_box(&line);
        fill(&mut buffer.bytes)
    })
}

#[derive(Poolable)]
#[pool(local)]
struct LocalBuffer {
    #[pool(capacity = CAPACITY)]
    bytes: Vec<u8>,
}

fn local(objects: u64) -> Sample {
    timed(objects, SEEN, || {
        let mut buffer = LocalBuffer::pooled();
        fill(&mut buffer.bytes)
    })
}

fn in_turn(objects: u64, types: &[fn() -> u64]) -> Sample {
    let count = types.len() as u64;
    timed_in_turn(objects, count, count * SEEN, || types.iter().map(|hit| hit()).sum())
}

/// Ten functions for each number: hits of instances, or of types of their own.
macro_rules! ten_for_each {
    (generic: $($tens:literal)*) => {
        [$(
            generic_hit::<$tens>, generic_hit::<{ $tens + 1 }>, generic_hit::<{ $tens + 2 }>,
            generic_hit::<{ $tens + 3 }>, generic_hit::<{ $tens + 4 }>,
            generic_hit::<{ $tens + 5 }>, generic_hit::<{ $tens + 6 }>,
            generic_hit::<{ $tens + 7 }>, generic_hit::<{ $tens + 8 }>,
            generic_hit::<{ $tens + 9 }>,
        )*]
    };
    (statics: $($tens:literal)*) => {
        [$(
            static_hit!($tens), static_hit!($tens), static_hit!($tens), static_hit!($tens),
            static_hit!($tens), static_hit!($tens), static_hit!($tens), static_hit!($tens),
            static_hit!($tens), static_hit!($tens),
        )*]
    };
}

/// A hit of a type that no other use of this macro has.
macro_rules! static_hit {
    ($tens:literal) => {{
        #[derive(Poolable)]
        struct Buffer {
            #[pool(capacity = CAPACITY)]
            bytes: Vec<u8>,
        }
        fn hit() -> u64 {
            let mut buffer = Buffer::pooled();
            fill(&mut buffer.bytes)
        }
        hit as fn() -> u64
    }};
}

static GENERIC_TYPES: [fn() -> u64; 200] = ten_for_each!(
    generic: 10 20 30 40 50 60 70 80 90 100 110 120 130 140 150 160 170 180 190 200
);
static STATIC_TYPES: [fn() -> u64; 200] = ten_for_each!(
    statics: 10 20 30 40 50 60 70 80 90 100 110 120 130 140 150 160 170 180 190 200
);

/// On a thread of its own, whose table has only these types.
fn generic_20(objects: u64) -> Sample {
    apart(|| in_turn(objects, &GENERIC_TYPES[..20]))
}

fn statics_20(objects: u64) -> Sample {
    apart(|| in_turn(objects, &STATIC_TYPES[..20]))
}

fn generic_200(objects: u64) -> Sample {
    apart(|| in_turn(objects, &GENERIC_TYPES))
}

fn statics_200(objects: u64) -> Sample {
    apart(|| in_turn(objects, &STATIC_TYPES))
}

fn apart(work: impl FnOnce() -> Sample + Send) -> Sample {
    std::thread::scope(|scope| scope.spawn(work).join().expect("no panic"))
}

thread_local! {
    static LISTS: RefCell<HashMap<TypeId, Box<dyn Any>>> = RefCell::default();
}

/// The list of idle objects of a type, made at its first use.
#[inline(always)]
fn with_list<T: 'static, R>(work: impl FnOnce(&mut Vec<Box<T>>) -> R) -> R {
    LISTS.with_borrow_mut(|lists| {
        let new = || Box::new(Vec::<Box<T>>::new()) as Box<dyn Any>;
        let list = lists.entry(TypeId::of::<T>()).or_insert_with(new);
        work(list.downcast_mut().expect("it stands under its own type"))
    })
}

/// The object of those that bring no pool.
struct Plain<T, const N: usize> {
    bytes: Vec<T>,
}

impl<T, const N: usize> Plain<T, N> {
    fn new() -> Self {
        Self { bytes: Vec::with_capacity(CAPACITY) }
    }
}

fn by_hand(objects: u64) -> Sample {
    timed(objects, SEEN, || {
        let idle = with_list::<Plain<u8, 0>, _>(Vec::pop);
        let mut buffer = idle.unwrap_or_else(|| Box::new(Plain::new()));
        let seen = fill(&mut buffer.bytes);
        buffer.bytes.clear();
        with_list(|list| list.push(buffer));
        seen
    })
}

fn fresh(objects: u64) -> Sample {
    timed(objects, SEEN, || {
        let mut buffer = Plain::<u8, 0>::new();
        fill(&mut buffer.bytes)
    })
}
