//! byte-pool: buffers of five sizes, of two in turn, and such that grow, beside `vec!`.

use core::hint::black_box;

use byte_pool::BytePool;
use poolable::buffer::BufferPool;

use super::lent::as_left;
use super::{Case, Headline, LONG, Like, SHORT, case, close, other, ours, spawned};
use crate::beyond::work::{timed, timed_in_turn};
use crate::beyond::{Row, Run, Table};
use crate::timing::{Effort, Entry, Sample};

const LEFT: &str = "poolable, `Pool<Vec<u8>>`";
const LEFT_ABOUT: &str = "The vectors are left as they are.";
const ZEROED: &str = "poolable, `get_zeroed`";
/// What hands out zeroes is held against what does so, too.
const LIKE: &[Like] = &[Like { theirs: "no pool", ours: ZEROED }];

pub(super) fn headline() -> Headline {
    Headline {
        package: "byte-pool",
        source: "`benches/main.rs`; it publishes no figures",
        about: "It hands out as many bytes as were asked for, with what others left in them, and \
                is held against a pool that does the same; `vec![0; size]`, which it is held \
                against there, against `get_zeroed`. Of its five sizes three are here.",
        cases: vec![
            touched::<256>("heads-byte-pool-256", "byte-pool: 256 bytes"),
            touched::<4096>("heads-byte-pool-4k", "byte-pool: 4 KiB"),
            touched::<{ 1 << 20 }>("heads-byte-pool-1m", "byte-pool: 1 MiB"),
            contended::<4096>("heads-byte-pool-4k-ten", "byte-pool: 4 KiB, ten threads"),
            contended::<{ 1 << 20 }>("heads-byte-pool-1m-ten", "byte-pool: 1 MiB, ten threads"),
            mixed(),
            grown(),
        ],
    }
}

const LOCKED: &str = "objects of more than 128 KiB are kept where all threads find them, behind a \
                      lock, with what they hold measured and counted, and the orders of other \
                      threads looked at: a thread that kept them to itself would keep much. A get \
                      and a return are 716 instructions; those of byte-pool, whose queues have no \
                      lock and no limit, 145";

fn its(size: usize, run: Run) -> Entry<Row> {
    if size > 128 << 10 {
        close("byte-pool", "`alloc`.", LOCKED, run)
    } else {
        other("byte-pool", "`alloc`.", run)
    }
}

/// Whether it is as long as was asked for, once its first byte was written.
#[inline(always)]
fn touch(bytes: &mut [u8], size: usize) -> u64 {
    bytes[0] = 1;
    u64::from(black_box(bytes).len() == size)
}

fn touched<const SIZE: usize>(file: &'static str, title: &'static str) -> Case {
    Case {
        like: LIKE,
        ..case(Table {
            file,
            title,
            about: "Get, write the first byte, return, on one thread.",
            unit: "buffer",
            effort: SHORT,
            rows: vec![
                ours(LEFT, LEFT_ABOUT, |buffers| {
                    let pool = as_left(SIZE);
                    timed(buffers, 1, || touch(&mut pool.get(), SIZE))
                }),
                ours(ZEROED, "`BufferPool::global()`.", |buffers| {
                    timed(buffers, 1, || touch(&mut BufferPool::global().get_zeroed(SIZE), SIZE))
                }),
                its(SIZE, |buffers| {
                    let pool = BytePool::<Vec<u8>>::new();
                    timed(buffers, 1, || touch(&mut pool.alloc(SIZE), SIZE))
                }),
                other("no pool", "`vec![0; size]`.", |buffers| {
                    timed(buffers, 1, || touch(&mut vec![0; SIZE], SIZE))
                }),
            ],
        })
    }
}

/// Writes the first byte, one a quarter on, and the one in the middle.
#[inline(always)]
fn touch_three(bytes: &mut [u8]) -> u64 {
    let size = bytes.len();
    for place in [0, size / 4, size / 2] {
        bytes[place] = 1;
    }
    black_box(bytes);
    3
}

fn contended<const SIZE: usize>(file: &'static str, title: &'static str) -> Case {
    const THREADS: u64 = 10;
    // A test does not optimise, and would take minutes to write so many zeroes.
    const EACH: u64 = if cfg!(test) { 50 } else { 1000 };
    Case {
        like: LIKE,
        allocates: Some("threads are new, and so are the caches that they make"),
        ..case(Table {
            file,
            title,
            about: "Ten threads are started, each of which gets a buffer a thousand times, writes \
                    three bytes and returns it; and are waited for. The time is that of all \
                    together, for one buffer.",
            unit: "buffer",
            // What is written anew takes long.
            effort: if SIZE > 4096 { Effort { rounds: 5, ..LONG } } else { LONG },
            rows: vec![
                ours(LEFT, LEFT_ABOUT, |buffers| {
                    let pool = as_left(SIZE);
                    spawned::timed(buffers, THREADS, EACH, 3, || touch_three(&mut pool.get()))
                }),
                ours(ZEROED, "`BufferPool::global()`.", |buffers| {
                    spawned::timed(buffers, THREADS, EACH, 3, || {
                        touch_three(&mut BufferPool::global().get_zeroed(SIZE))
                    })
                }),
                its(SIZE, |buffers| {
                    let pool = BytePool::<Vec<u8>>::new();
                    spawned::timed(buffers, THREADS, EACH, 3, || touch_three(&mut pool.alloc(SIZE)))
                }),
                other("no pool", "`vec![0; size]`.", |buffers| {
                    spawned::timed(buffers, THREADS, EACH, 3, || touch_three(&mut vec![0; SIZE]))
                }),
            ],
        })
    }
}

fn mixed() -> Case {
    Case {
        like: LIKE,
        ..case(Table {
            file: "heads-byte-pool-mixed",
            title: "byte-pool: 1 KiB and 4 KiB in turn",
            about: "Get, write the first byte, return, on one thread.",
            unit: "buffer",
            effort: SHORT,
            rows: vec![
                ours(LEFT, "Two pools; the vectors are left as they are.", |buffers| {
                    let pools = SIZES.map(as_left);
                    by_two(buffers, |place, size| touch(&mut pools[place].get(), size))
                }),
                ours(ZEROED, "`BufferPool::global()`.", |buffers| {
                    by_two(buffers, |_, size| {
                        touch(&mut BufferPool::global().get_zeroed(size), size)
                    })
                }),
                other("byte-pool", "One pool, `alloc`.", |buffers| {
                    let pool = BytePool::<Vec<u8>>::new();
                    by_two(buffers, |_, size| touch(&mut pool.alloc(size), size))
                }),
                other("no pool", "`vec![0; size]`.", |buffers| {
                    by_two(buffers, |_, size| touch(&mut vec![0; size], size))
                }),
            ],
        })
    }
}

const SIZES: [usize; 2] = [1024, 4096];

fn by_two(buffers: u64, mut one: impl FnMut(usize, usize) -> u64) -> Sample {
    timed_in_turn(buffers, 2, 2, || {
        let [small, large] = black_box(SIZES);
        one(0, small) + one(1, large)
    })
}

fn grown() -> Case {
    Case {
        like: LIKE,
        ..case(Table {
            file: "heads-byte-pool-grown",
            title: "byte-pool: buffers that grow",
            about: "Get, write the first byte, grow to twice the size, write it again, return, on \
                    one thread; and so on with the size that was reached, but 4 KiB at the most: \
                    after eight buffers all of them are of 4 KiB, as in its benchmark.",
            unit: "buffer",
            effort: SHORT,
            rows: vec![
                ours(LEFT, "As they are, then `resize`.", |buffers| {
                    let pool = as_left(16);
                    growing(buffers, |from, to| {
                        let mut bytes = pool.get();
                        bytes.resize(from, 0);
                        let first = touch(&mut bytes, from);
                        bytes.resize(to, 0);
                        first + touch(&mut bytes, to)
                    })
                }),
                ours(ZEROED, "`BufferPool::global()`, then `resize`.", |buffers| {
                    growing(buffers, |from, to| {
                        let mut bytes = BufferPool::global().get_zeroed(from);
                        let first = touch(&mut bytes, from);
                        bytes.resize(to, 0);
                        first + touch(&mut bytes, to)
                    })
                }),
                other("byte-pool", "`alloc`, `realloc`.", |buffers| {
                    let pool = BytePool::<Vec<u8>>::new();
                    growing(buffers, |from, to| {
                        let mut bytes = pool.alloc(from);
                        let first = touch(&mut bytes, from);
                        bytes.realloc(to);
                        first + touch(&mut bytes, to)
                    })
                }),
                other("no pool", "`vec![0; size]`, `resize`.", |buffers| {
                    growing(buffers, |from, to| {
                        let mut bytes = vec![0; from];
                        let first = touch(&mut bytes, from);
                        bytes.resize(to, 0);
                        first + touch(&mut bytes, to)
                    })
                }),
            ],
        })
    }
}

fn growing(buffers: u64, mut one: impl FnMut(usize, usize) -> u64) -> Sample {
    let mut size = 16;
    timed(buffers, 2, || {
        let from = size;
        size = black_box(2 * size).min(4096);
        one(from, size)
    })
}
