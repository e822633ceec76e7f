//! Rings of bytes: a chunk in, a chunk out.

use core::hint::black_box;
use core::time::Duration;
use std::collections::VecDeque;
use std::io::{Read, Write};

use poolable::buffer::RingBuffer;
use ringbuf::LocalRb;
use ringbuf::storage::Heap;

use super::{other, ours};
use crate::beyond::work::timed;
use crate::beyond::{Row, Table};
use crate::timing::{Effort, Entry, Sample};

/// What the rows are found by.
pub(crate) mod names {
    pub(crate) const RING: &str = "poolable, `RingBuffer::bounded`";
    pub(crate) const OTHERS: [&str; 3] = [
        "`VecDeque<u8>`, `extend` and `drain`",
        "`VecDeque<u8>`, `extend` and `Read`",
        "ringbuf `LocalRb`",
    ];
}

/// All of them are judged.
pub(crate) const JUDGED: [&str; 2] = ["buffers-ring-64", "buffers-ring-4k"];

pub(super) fn tables() -> Vec<Table> {
    vec![
        table::<64>(JUDGED[0], "A ring of bytes: 64 at once"),
        table::<4096>(JUDGED[1], "A ring of bytes: 4 KiB at once"),
    ]
}

fn table<const CHUNK: usize>(file: &'static str, title: &'static str) -> Table {
    Table {
        file,
        title,
        about: "A chunk is written, and as much is read into a buffer. The ring has room for \
                twelve chunks and a third, and always holds two and a half: it begins anew in the \
                middle of chunks, and wherever it may.",
        unit: "chunk",
        effort: Effort { rounds: 500, timing: Duration::from_micros(250) },
        rows: rows::<CHUNK>(),
    }
}

fn rows<const CHUNK: usize>() -> Vec<Entry<Row>> {
    vec![
        ours(names::RING, "`Write` and `Read`.", time::<Bounded, CHUNK>),
        ours(
            "poolable, `RingBuffer::new`",
            "The one that overwrites what is oldest, if it has to: it has not.",
            time::<Overwriting, CHUNK>,
        ),
        other(
            names::OTHERS[0],
            "`extend` with a slice, `drain` into the places of the buffer.",
            time::<Drained, CHUNK>,
        ),
        other(names::OTHERS[1], "`extend` with a slice, and std's `Read`.", time::<Deque, CHUNK>),
        other(names::OTHERS[2], "`push_slice` and `pop_slice`.", time::<Local, CHUNK>),
    ]
}

trait Ring {
    fn new(capacity: usize) -> Self;
    fn write(&mut self, chunk: &[u8]) -> usize;
    fn read(&mut self, chunk: &mut [u8]) -> usize;
}

fn time<R: Ring, const CHUNK: usize>(chunks: u64) -> Sample {
    let mut ring = R::new(CHUNK * 37 / 3);
    let from = [7; CHUNK];
    let mut to = [0; CHUNK];
    ring.write(&from);
    ring.write(&from);
    ring.write(&from[..CHUNK / 2]);
    timed(chunks, 2 * CHUNK as u64, || {
        let written = ring.write(black_box(&from));
        let read = ring.read(black_box(&mut to));
        (written + read) as u64
    })
}

struct Bounded(RingBuffer);

impl Ring for Bounded {
    fn new(capacity: usize) -> Self {
        Self(RingBuffer::bounded(capacity))
    }

    #[inline(always)]
    fn write(&mut self, chunk: &[u8]) -> usize {
        self.0.write(chunk).expect("a ring does not fail")
    }

    #[inline(always)]
    fn read(&mut self, chunk: &mut [u8]) -> usize {
        self.0.read(chunk).expect("a ring does not fail")
    }
}

struct Overwriting(RingBuffer);

impl Ring for Overwriting {
    fn new(capacity: usize) -> Self {
        Self(RingBuffer::new(capacity))
    }

    #[inline(always)]
    fn write(&mut self, chunk: &[u8]) -> usize {
        self.0.write(chunk).expect("a ring does not fail")
    }

    #[inline(always)]
    fn read(&mut self, chunk: &mut [u8]) -> usize {
        self.0.read(chunk).expect("a ring does not fail")
    }
}

struct Drained(VecDeque<u8>);

impl Ring for Drained {
    fn new(capacity: usize) -> Self {
        Self(VecDeque::with_capacity(capacity))
    }

    #[inline(always)]
    fn write(&mut self, chunk: &[u8]) -> usize {
        self.0.extend(chunk);
        chunk.len()
    }

    #[inline(always)]
    fn read(&mut self, chunk: &mut [u8]) -> usize {
        let count = chunk.len().min(self.0.len());
        for (to, from) in chunk.iter_mut().zip(self.0.drain(..count)) {
            *to = from;
        }
        count
    }
}

struct Deque(VecDeque<u8>);

impl Ring for Deque {
    fn new(capacity: usize) -> Self {
        Self(VecDeque::with_capacity(capacity))
    }

    #[inline(always)]
    fn write(&mut self, chunk: &[u8]) -> usize {
        self.0.extend(chunk);
        chunk.len()
    }

    /// All of it: at the end of what lies in one piece a single `read` stops.
    #[inline(always)]
    fn read(&mut self, chunk: &mut [u8]) -> usize {
        self.0.read_exact(chunk).map_or(0, |()| chunk.len())
    }
}

struct Local(LocalRb<Heap<u8>>);

impl Ring for Local {
    fn new(capacity: usize) -> Self {
        Self(LocalRb::new(capacity))
    }

    #[inline(always)]
    fn write(&mut self, chunk: &[u8]) -> usize {
        self.0.push_slice(chunk)
    }

    #[inline(always)]
    fn read(&mut self, chunk: &mut [u8]) -> usize {
        self.0.pop_slice(chunk)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn carries<R: Ring>() {
        let mut ring = R::new(37);
        let mut read = Vec::new();
        let mut chunk = [0; 6];
        for number in 0..100u8 {
            assert_eq!(ring.write(&[number; 6]), 6);
            if number > 3 {
                assert_eq!(ring.read(&mut chunk), 6);
                read.extend_from_slice(&chunk);
            }
        }
        let expected: Vec<u8> = (0..96).flat_map(|number| [number; 6]).collect();
        assert_eq!(read, expected);
    }

    #[test]
    fn every_ring_gives_what_was_written_in_its_order() {
        carries::<Bounded>();
        carries::<Overwriting>();
        carries::<Drained>();
        carries::<Deque>();
        carries::<Local>();
    }
}
