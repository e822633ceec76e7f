//! What one hit costs: get, append 13 bytes to a 4 KiB buffer, return.
//!
//! All contenders run in this one process, interleaved: every round times each of
//! them once, and the best of the rounds counts, since noise only ever adds. Ratios
//! are to the floor, the least that reuse can cost: a pop and a push of a `Box` on a
//! `Vec` that nobody shares.
//!
//! Run it with `cargo bench --bench hit`.

use core::cell::RefCell;
use core::hint::black_box;
use std::time::Instant;

use poolable::{Pool, Poolable, Reset};

/// Rounds, each of which times every contender once.
const ROUNDS: usize = 200;
/// Hits in one timing.
const HITS: u32 = 100_000;
/// The capacity that the buffer of every contender is born with, in bytes.
const CAPACITY: usize = 4096;
/// What every hit appends.
const LINE: &[u8; 13] = b"GET / HTTP/1\n";

/// The object of all contenders that do not bring their own.
struct Buffer {
    bytes: Vec<u8>,
}

impl Buffer {
    fn new() -> Self {
        Self { bytes: Vec::with_capacity(CAPACITY) }
    }
}

/// What a user does with the object between get and return.
#[inline(always)]
fn fill(bytes: &mut Vec<u8>) {
    bytes.extend_from_slice(black_box(LINE));
    black_box(bytes.as_ptr());
}

/// The floor: a free list that one loop owns.
fn floor(hits: u32) {
    let mut free = vec![Box::new(Buffer::new())];
    for _ in 0..hits {
        let mut buffer = free.pop().unwrap_or_else(|| Box::new(Buffer::new()));
        fill(&mut buffer.bytes);
        buffer.bytes.clear();
        free.push(buffer);
    }
    black_box(free.len());
}

/// The boxes are what a pool keeps, too: an object does not move while it is out.
type FreeList = RefCell<Vec<Box<Buffer>>>;

thread_local! {
    static FREE: FreeList = const { RefCell::new(Vec::new()) };
}

/// What programs write by hand: a thread-local free list behind a `RefCell`.
fn by_hand(hits: u32) {
    for _ in 0..hits {
        let mut buffer =
            FREE.with(|free| free.borrow_mut().pop()).unwrap_or_else(|| Box::new(Buffer::new()));
        fill(&mut buffer.bytes);
        buffer.bytes.clear();
        FREE.with(|free| free.borrow_mut().push(buffer));
    }
}

/// The same object with a pool.
#[derive(Poolable)]
struct PooledBuffer {
    #[pool(capacity = CAPACITY)]
    bytes: Vec<u8>,
}

/// A get, the same use, and the drop of the guard, as in any user's code.
#[inline(never)]
fn pooled(hits: u32) {
    for _ in 0..hits {
        let mut buffer = PooledBuffer::pooled();
        fill(&mut buffer.bytes);
    }
}

/// The same as an instance of a generic type, one of many.
#[derive(Poolable)]
struct GenericBuffer<T, const N: usize> {
    #[pool(capacity = CAPACITY)]
    bytes: Vec<T>,
}

/// The pool is found by the type.
#[inline(never)]
fn generic(hits: u32) {
    for _ in 0..hits {
        let mut buffer = GenericBuffer::<u8, 0>::pooled();
        fill(&mut buffer.bytes);
    }
}

/// The same with some types in turn: 20 have room in a table of 64 places; of 200, most
/// are left to the map behind it.
fn in_turn<const TYPES: usize>(hits: u32) {
    fn one<const N: usize>() {
        let mut buffer = GenericBuffer::<u8, N>::pooled();
        fill(&mut buffer.bytes);
    }
    macro_rules! many {
        ($($tens:literal)*) => {
            [$(
                one::<$tens>, one::<{ $tens + 1 }>, one::<{ $tens + 2 }>, one::<{ $tens + 3 }>,
                one::<{ $tens + 4 }>, one::<{ $tens + 5 }>, one::<{ $tens + 6 }>,
                one::<{ $tens + 7 }>, one::<{ $tens + 8 }>, one::<{ $tens + 9 }>,
            )*]
        };
    }
    let types: [fn(); 200] = many! {
        10 20 30 40 50 60 70 80 90 100 110 120 130 140 150 160 170 180 190 200
    };
    for _ in 0..hits / TYPES as u32 {
        types[..TYPES].iter().for_each(|one| one());
    }
}

/// The same with a type that borrows, and may.
#[derive(Poolable)]
struct BorrowingBuffer<'a> {
    #[pool(capacity = CAPACITY)]
    bytes: Vec<u8>,
    source: &'a [u8],
}

#[inline(never)]
fn borrowing(hits: u32) {
    let line = *LINE;
    for _ in 0..hits {
        let mut buffer = BorrowingBuffer::pooled();
        buffer.source = black_box(&line);
        fill(&mut buffer.bytes);
    }
}

/// The same with a pool in each thread.
#[derive(Poolable)]
#[pool(local)]
struct LocalBuffer {
    #[pool(capacity = CAPACITY)]
    bytes: Vec<u8>,
}

#[inline(never)]
fn local(hits: u32) {
    for _ in 0..hits {
        let mut buffer = LocalBuffer::pooled();
        fill(&mut buffer.bytes);
    }
}

impl Reset for Buffer {
    fn blank() -> Self {
        Self::new()
    }

    fn reset(&mut self) {
        self.bytes.clear();
    }

    fn retained_bytes(&mut self) -> usize {
        self.bytes.capacity()
    }
}

static BUFFERS: Pool<Buffer> = Pool::new(Buffer::new);

/// The same with a pool that the user made.
#[inline(never)]
fn made(hits: u32) {
    for _ in 0..hits {
        let mut buffer = BUFFERS.get();
        fill(&mut buffer.bytes);
    }
}

/// No reuse at all.
fn allocate(hits: u32) {
    for _ in 0..hits {
        let mut buffer = Box::new(Buffer::new());
        fill(&mut buffer.bytes);
        black_box(&buffer);
    }
}

/// One way to come by a buffer.
struct Contender {
    name: &'static str,
    run: fn(u32),
}

fn main() {
    let contenders = [
        Contender { name: "floor: pop and push of a Box on a local Vec", run: floor },
        Contender { name: "poolable: T::pooled() and drop", run: pooled },
        Contender { name: "poolable: Pool::get() and drop", run: made },
        Contender { name: "poolable: an instance of a generic type", run: generic },
        Contender { name: "poolable: 20 instances of one, in turn", run: in_turn::<20> },
        Contender { name: "poolable: 200 instances of one, in turn", run: in_turn::<200> },
        Contender { name: "poolable: a type that borrows", run: borrowing },
        Contender { name: "poolable: a local type", run: local },
        Contender { name: "by hand: thread_local! RefCell<Vec<Box<T>>>", run: by_hand },
        Contender { name: "none: allocate and free", run: allocate },
    ];
    let mut best = vec![f64::INFINITY; contenders.len()];
    for round in 0..ROUNDS {
        for step in 0..contenders.len() {
            // Each round starts with another contender, so that none always runs
            // in the wake of the same neighbour.
            let index = (round + step) % contenders.len();
            let start = Instant::now();
            (contenders[index].run)(HITS);
            let nanoseconds = start.elapsed().as_secs_f64() * 1e9 / f64::from(HITS);
            best[index] = best[index].min(nanoseconds);
        }
    }
    println!("{:<48} {:>8} {:>9}", "one hit on one thread", "ns", "x floor");
    for (Contender { name, .. }, nanoseconds) in contenders.iter().zip(&best) {
        println!("{name:<48} {nanoseconds:>8.2} {:>9.2}", nanoseconds / best[0]);
    }
}
