//! ringbuf: slices through a ring, and a slice that is skipped.

use core::hint::black_box;
use std::io::{BufRead, Read, Write};

use poolable::buffer::RingBuffer;
use ringbuf::traits::{Consumer, Producer, Split};
use ringbuf::{HeapRb, LocalRb, storage::Heap};

use super::{Case, Headline, SHORT, case, close, other, ours};
use crate::beyond::Table;
use crate::beyond::work::timed;
use crate::timing::Sample;

/// Bytes in each of its elements.
const WIDTH: usize = size_of::<u64>();
const ROOM: usize = 1024;

pub(super) fn headline() -> Headline {
    Headline {
        package: "ringbuf",
        source: "`src/benchmarks`; it publishes no figures",
        about: "Its rings are of any type, `RingBuffer` is of bytes: where it moves numbers of eight \
                bytes, as many bytes are moved here. What moves one element at a time, has \
                elements come from an iterator, or only moves its marks cannot be done with a ring \
                of bytes alone, and is left out. Its rings for two threads are used by one, as \
                there; the ring for one thread stands beside them.",
        cases: vec![
            slices::<10>("heads-ringbuf-10", "ringbuf: slices of 10 numbers"),
            slices::<100>("heads-ringbuf-100", "ringbuf: slices of 100 numbers"),
            slices::<1000>("heads-ringbuf-1000", "ringbuf: slices of 1000 numbers"),
            skipped(),
        ],
    }
}

fn slices<const COUNT: usize>(file: &'static str, title: &'static str) -> Case {
    case(Table {
        file,
        title,
        about: "A slice is pushed and as much is popped, through a ring with room for 1024 numbers \
                of eight bytes, which is half full; with slices of 1000 it holds twelve.",
        unit: "slice",
        effort: SHORT,
        rows: vec![
            ours("poolable, `RingBuffer`", "`bounded(8192)`, `Write`, `Read`.", bytes::<COUNT>),
            close("ringbuf, `HeapRb`", SPLIT, COPIES, heap::<COUNT>),
            close("ringbuf, `LocalRb`", "The same without `split`.", COPIES, local::<COUNT>),
        ],
    })
}

const SPLIT: &str = "`push_slice`, `pop_slice`, after `split`.";
const COPIES: &str = "all that is large in it is two calls of `memcpy` in the C library, by everyone, \
                      and its time hangs on where the bytes lie: with slices of 100 two runs found \
                      1.14 and 0.96, with 309 instructions of poolable's beside 371 of `HeapRb`'s";

const fn held(count: usize) -> usize {
    if count > ROOM / 2 { 12 } else { ROOM / 2 }
}

fn bytes<const COUNT: usize>(slices: u64) -> Sample {
    let mut ring = RingBuffer::bounded(ROOM * WIDTH);
    let _ = ring.write(&vec![1; held(COUNT) * WIDTH]);
    let mut data = vec![1u8; COUNT * WIDTH];
    timed(slices, 2 * COUNT as u64, || {
        let pushed = ring.write(black_box(&data)).unwrap_or(0);
        let popped = ring.read(black_box(&mut data)).unwrap_or(0);
        ((pushed + popped) / WIDTH) as u64
    })
}

fn heap<const COUNT: usize>(slices: u64) -> Sample {
    let (mut producer, mut consumer) = HeapRb::<u64>::new(ROOM).split();
    producer.push_slice(&vec![1; held(COUNT)]);
    let mut data = vec![1; COUNT];
    timed(slices, 2 * COUNT as u64, || {
        let pushed = producer.push_slice(black_box(&data));
        (pushed + consumer.pop_slice(black_box(&mut data))) as u64
    })
}

fn local<const COUNT: usize>(slices: u64) -> Sample {
    let mut ring = LocalRb::<Heap<u64>>::new(ROOM);
    ring.push_slice(&vec![1; held(COUNT)]);
    let mut data = vec![1; COUNT];
    timed(slices, 2 * COUNT as u64, || {
        let pushed = ring.push_slice(black_box(&data));
        (pushed + ring.pop_slice(black_box(&mut data))) as u64
    })
}

const BYTES: usize = 64 << 10;
const HALF: usize = BYTES / 2;

fn skipped() -> Case {
    case(Table {
        file: "heads-ringbuf-skip",
        title: "ringbuf: bytes that are skipped",
        about: "32 KiB are pushed into a ring of 64 KiB which is half full, and as many skipped.",
        unit: "slice",
        effort: SHORT,
        rows: vec![
            ours("poolable, `RingBuffer`", "`bounded(65536)`, `Write`, `consume`.", |slices| {
                let mut ring = RingBuffer::bounded(BYTES);
                let data = vec![1u8; HALF];
                let _ = ring.write(&data);
                timed(slices, HALF as u64, || {
                    let pushed = ring.write(black_box(&data)).unwrap_or(0);
                    ring.consume(black_box(HALF));
                    pushed as u64
                })
            }),
            other("ringbuf, `HeapRb`", "`push_slice`, `skip`, after `split`.", |slices| {
                let (mut producer, mut consumer) = HeapRb::<u8>::new(BYTES).split();
                let data = vec![1; HALF];
                producer.push_slice(&data);
                timed(slices, HALF as u64, || {
                    let pushed = producer.push_slice(black_box(&data));
                    black_box(consumer.skip(black_box(HALF)));
                    pushed as u64
                })
            }),
            other("ringbuf, `LocalRb`", "The same without `split`.", |slices| {
                let mut ring = LocalRb::<Heap<u8>>::new(BYTES);
                let data = vec![1; HALF];
                ring.push_slice(&data);
                timed(slices, HALF as u64, || {
                    let pushed = ring.push_slice(black_box(&data));
                    black_box(ring.skip(black_box(HALF)));
                    pushed as u64
                })
            }),
        ],
    })
}
