//! As many hits as are asked for, for `cargo xtask hit-path` to count the instructions of.
//!
//! `poolable-hits WHAT THREADS HITS`: every thread makes that many hits, one thread after
//! the other or not. The difference between two runs that differ in the hits alone is what
//! the hits cost. The use is that of `benches/hit.rs`.

use core::hint::black_box;
use std::env;
use std::process::ExitCode;
use std::thread;

use poolable::buffer::BufferPool;
use poolable::{Pool, Poolable};

/// The capacity that every buffer is born with, in bytes.
const CAPACITY: usize = 4096;
/// What every hit appends.
const LINE: &[u8; 13] = b"GET / HTTP/1\n";

#[derive(Poolable)]
struct Buffer {
    #[pool(capacity = CAPACITY)]
    bytes: Vec<u8>,
}

/// What a user does with the object between get and return.
#[inline(always)]
fn fill(bytes: &mut Vec<u8>) {
    bytes.extend_from_slice(black_box(LINE));
    black_box(bytes.as_ptr());
}

/// The floor: a free list that one loop owns.
#[inline(never)]
fn floor(hits: u32) {
    let new = || Box::new(Buffer { bytes: Vec::with_capacity(CAPACITY) });
    let mut free = vec![new()];
    for _ in 0..hits {
        let mut buffer = free.pop().unwrap_or_else(new);
        fill(&mut buffer.bytes);
        buffer.bytes.clear();
        free.push(buffer);
    }
    black_box(free.len());
}

/// The pool of a type.
#[inline(never)]
fn type_pool(hits: u32) {
    for _ in 0..hits {
        let mut buffer = Buffer::pooled();
        fill(&mut buffer.bytes);
    }
}

#[derive(Poolable)]
struct GenericBuffer<T> {
    #[pool(capacity = CAPACITY)]
    bytes: Vec<T>,
}

/// The pool of an instance of a generic type.
#[inline(never)]
fn generic(hits: u32) {
    for _ in 0..hits {
        let mut buffer = GenericBuffer::<u8>::pooled();
        fill(&mut buffer.bytes);
    }
}

static LINES: Pool<Vec<u8>> = Pool::new(|| Vec::with_capacity(CAPACITY));

/// A pool that the user made.
#[inline(never)]
fn pool(hits: u32) {
    for _ in 0..hits {
        let mut bytes = LINES.get();
        fill(&mut bytes);
    }
}

/// The pool of buffers that every program has.
#[inline(never)]
fn buffer(hits: u32) {
    for _ in 0..hits {
        let mut bytes = BufferPool::global().get(CAPACITY);
        fill(&mut bytes);
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let run: Option<fn(u32)> = match arguments.first().map(String::as_str) {
        Some("floor") => Some(floor),
        Some("type_pool") => Some(type_pool),
        Some("generic") => Some(generic),
        Some("pool") => Some(pool),
        Some("buffer") => Some(buffer),
        _ => None,
    };
    let number = |index: usize| arguments.get(index)?.parse::<u32>().ok();
    let (Some(run), Some(threads), Some(hits)) = (run, number(1), number(2)) else {
        eprintln!("poolable-hits WHAT THREADS HITS");
        return ExitCode::FAILURE;
    };
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| run(hits));
        }
    });
    ExitCode::SUCCESS
}
