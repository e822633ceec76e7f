//! A buffer that is got and returned.

use bytes::BytesMut;

use super::source::{Append, LINE, Nothing, Source, Threads, Use};
use super::sources::{
    BytePools, Calibrating, Derived, Glibc, Global, Mimalloc, ObjectPool, Opool, Poolshark, SIZE,
    Static, Unknown, Vecs, Wiping, Zeroed, ZeropoolUninit, ZeropoolWritten, ZeropoolZeroed,
    reserved, split,
};
use super::{other, ours};
use crate::beyond::work::timed;
use crate::beyond::{Row, SHORT, Table};
use crate::timing::{Entry, Sample};

/// What the rows are found by.
pub(crate) mod names {
    pub(crate) const GLOBAL: &str = "poolable, `BufferPool::global()`";
    pub(crate) const STATIC: &str = "poolable, a static `BufferPool`";
    /// Asked for what the compiler cannot know.
    pub(crate) const UNKNOWN: &str = "poolable, a static, any capacity";
    pub(crate) const DERIVED: &str = "poolable, `T::pooled()`";
    pub(crate) const GLIBC: &str = "no pool, the system's malloc";
    /// However it is called.
    pub(crate) const ZEROPOOL: [&str; 3] =
        ["zeropool, `alloc_uninit`", "zeropool, `write_from_slice`", "zeropool, `alloc`"];
}

/// The tables whose quotients are judged: 4 KiB on one thread, 13 bytes appended and none.
pub(crate) const JUDGED: [&str; 2] = ["buffers-4k", "buffers-4k-unused"];

pub(super) fn tables() -> Vec<Table> {
    let mut tables = vec![
        Table {
            file: JUDGED[0],
            title: "A buffer of 4 KiB",
            about: "Get, append 13 bytes, return, on one thread. Those who hand out bytes instead \
                    of an empty vector write to the front of them.",
            unit: "buffer",
            effort: SHORT,
            rows: everyone::<Append>(Threads::One),
        },
        Table {
            file: JUDGED[1],
            title: "A buffer of 4 KiB, not used",
            about: "Get and return, on one thread. That the buffer is somewhere is all that its \
                    user wants to know, without which the compiler would leave malloc out.",
            unit: "buffer",
            effort: SHORT,
            rows: everyone::<Nothing>(Threads::One),
        },
        Table {
            file: "buffers-4k-two-threads",
            title: "Buffers of 4 KiB on two threads",
            about: "Get, append 13 bytes, return, on two threads at once. The time is that of \
                    both together, for as many buffers as one of them gets.",
            unit: "buffer",
            effort: SHORT,
            rows: everyone::<Append>(Threads::Two),
        },
        Table {
            file: "buffers-4k-unused-two-threads",
            title: "Buffers of 4 KiB on two threads, not used",
            about: "Get and return, on two threads at once.",
            unit: "buffer",
            effort: SHORT,
            rows: everyone::<Nothing>(Threads::Two),
        },
    ];
    tables.extend([
        sized::<64>("buffers-64", "A buffer of 64 bytes", CACHED),
        sized::<1024>("buffers-1k", "A buffer of 1 KiB", CACHED),
        sized::<65536>("buffers-64k", "A buffer of 64 KiB", CACHED),
        sized::<1048576>("buffers-1m", "A buffer of 1 MiB", SHARED),
    ]);
    tables
}

const UNINIT: &str = "`alloc_uninit(4096)` of a pool in a local, `as_uninit_mut`: its fastest way, \
                      and one that leaves the buffer unreadable for safe code.";
const VECTORS: &str = "A pool of `Vec<u8>`s that are born with 4096 bytes.";

fn everyone<U: Use>(threads: Threads) -> Vec<Entry<Row>> {
    let mut rows = vec![
        ours(names::GLOBAL, "`get(4096)`.", threads.of::<Global, U, SIZE>()),
        ours(names::STATIC, "`get(4096)`.", threads.of::<Static, U, SIZE>()),
        ours(
            names::UNKNOWN,
            "`get(n)`, and the compiler does not know that n is 4096.",
            threads.of::<Unknown, U, SIZE>(),
        ),
        ours(
            "poolable, `calibrate(true)`",
            "`get_default()` of a pool that has chosen already: 64 bytes, which are enough for \
             what everyone writes.",
            threads.of::<Calibrating, U, SIZE>(),
        ),
        ours(
            "poolable, `zeroize(true)`",
            "`get(4096)`, and all 4096 bytes are wiped on return.",
            threads.of::<Wiping, U, SIZE>(),
        ),
        ours(
            "poolable, `get_zeroed`",
            "`get_zeroed(4096)`: all of it is there and zero.",
            threads.of::<Zeroed, U, SIZE>(),
        ),
        ours(
            names::DERIVED,
            "A struct whose one field is a `Vec<u8>` with `capacity = 4096`.",
            threads.of::<Derived, U, SIZE>(),
        ),
        ours("poolable, `Pool<Vec<u8>>`", VECTORS, threads.of::<Vecs, U, SIZE>()),
        other(names::ZEROPOOL[0], UNINIT, threads.of::<ZeropoolUninit, U, SIZE>()),
    ];
    if U::SEEN == Append::SEEN {
        rows.push(other(
            names::ZEROPOOL[1],
            "`alloc_uninit(13).write_from_slice(..)`: as its documentation has it for the fastest \
             path. The buffer is one of 4096 bytes, its smallest; 13 of them can be had.",
            threads.of::<ZeropoolWritten, Append, SIZE>(),
        ));
    }
    rows.extend([
        other(
            names::ZEROPOOL[2],
            "`alloc(4096)`: all of it is there and zero.",
            threads.of::<ZeropoolZeroed, U, SIZE>(),
        ),
        other(
            "byte-pool",
            "`alloc(4096)`: all of it is there, with what others left in it.",
            threads.of::<BytePools, U, SIZE>(),
        ),
        other(
            "poolshark, `LPooled<Vec<u8>>`",
            "`take`, and `reserve(4096)`.",
            threads.of::<Poolshark, U, SIZE>(),
        ),
        other("opool", VECTORS, threads.of::<Opool, U, SIZE>()),
        other("object-pool", VECTORS, threads.of::<ObjectPool, U, SIZE>()),
        other(
            names::GLIBC,
            "`Vec::with_capacity(4096)`, and its drop.",
            threads.of::<Glibc, U, SIZE>(),
        ),
        other(
            "no pool, mimalloc",
            "The same, in a minimal vector that does not grow.",
            threads.of::<Mimalloc, U, SIZE>(),
        ),
    ]);
    if matches!(threads, Threads::One) {
        rows.push(other(
            "one `BytesMut`",
            "No pool: `reserve(4096)` has back what was split off, if that was dropped. What one \
             connection does that has a buffer of its own.",
            if U::SEEN == Append::SEEN { bytes_mut } else { bytes_mut_unused },
        ));
    }
    rows
}

fn bytes_mut(gets: u64) -> Sample {
    let mut bytes = BytesMut::with_capacity(SIZE);
    timed(gets, LINE.len() as u64, || split(&mut bytes))
}

fn bytes_mut_unused(gets: u64) -> Sample {
    let mut bytes = BytesMut::with_capacity(SIZE);
    timed(gets, 1, || reserved(&mut bytes))
}

const CACHED: &str = "Get, append 13 bytes, return, on one thread.";
const SHARED: &str = "Get, append 13 bytes, return, on one thread. poolable keeps those of more \
                      than 128 KiB where all threads find them, behind a lock: a thread that keeps \
                      them to itself would keep much. Nobody touches more than the first page.";

fn sized<const SIZE: usize>(file: &'static str, title: &'static str, about: &'static str) -> Table {
    Table {
        file,
        title,
        about,
        unit: "buffer",
        effort: SHORT,
        rows: vec![
            ours(names::GLOBAL, "`get`.", alone::<Global, SIZE>()),
            ours(names::STATIC, "`get`.", alone::<Static, SIZE>()),
            other(names::ZEROPOOL[0], "`alloc_uninit`.", alone::<ZeropoolUninit, SIZE>()),
            other(names::ZEROPOOL[2], "`alloc`.", alone::<ZeropoolZeroed, SIZE>()),
            other(names::GLIBC, "`Vec::with_capacity`.", alone::<Glibc, SIZE>()),
        ],
    }
}

fn alone<S: Source, const SIZE: usize>() -> crate::beyond::Run {
    Threads::One.of::<S, Append, SIZE>()
}
