//! Plays scripts with a ring, and compares it with a queue that has no places.
//!
//! The fuzzer and the tests of the public behaviour share it. Nothing in a script panics:
//! the fuzzer would take it for a find.

use core::fmt::Debug;
use core::{mem, str};
use std::collections::VecDeque;
use std::io::{BufRead, ErrorKind, Read, Write};

use poolable::buffer::RingBuffer;
use poolable::{Capacity, Reset, Wipe};

/// How a ring is made.
#[derive(Clone, Copy, Debug)]
pub enum Birth {
    /// Overwriting.
    New(usize),
    /// Refusing what does not fit.
    Bounded(usize),
    /// As a pool makes it that is told nothing.
    Blank,
    /// As a pool makes it that is told a capacity.
    Governed(usize),
}

/// A call, with the number of bytes that it is about.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    /// `write`
    Write(usize),
    /// `write_all`
    WriteAll(usize),
    /// `extend`, by no more than a bounded ring takes without a panic
    Extend(usize),
    /// `read`
    Read(usize),
    /// `read_exact`
    ReadExact(usize),
    /// `read_to_end`
    ReadToEnd,
    /// `read_to_string`
    ReadToString,
    /// `read_until`, up to such a byte
    ReadUntil(usize),
    /// `consume`, of no more than there is
    Consume(usize),
    /// `make_contiguous`, and a change of all bytes
    Invert,
    /// `clear`
    Clear,
    /// `Reset::reset`
    Reset,
    /// `Wipe::wipe`
    Wipe,
    /// The clone takes its place.
    Clone,
    /// `mem::take`, and it is dropped
    Take,
    /// `Capacity::grow_to`
    Grow(usize),
    /// `Capacity::shrink_to`
    Shrink(usize),
}

/// The kinds of steps.
const STEPS: u8 = 17;

/// A ring, and what it should be.
#[derive(Clone, Debug)]
pub struct Pair {
    ring: RingBuffer,
    queue: VecDeque<u8>,
    capacity: usize,
    is_bounded: bool,
    lost: u64,
    /// How many bytes have been made up.
    written: usize,
}

impl Pair {
    /// Makes both.
    pub fn new(birth: Birth) -> Self {
        let (ring, capacity) = match birth {
            Birth::New(capacity) => (RingBuffer::new(capacity), capacity),
            Birth::Bounded(capacity) => (RingBuffer::bounded(capacity), capacity),
            Birth::Blank => (RingBuffer::blank(), 4096),
            Birth::Governed(capacity) => {
                (<RingBuffer as Capacity>::with_capacity(capacity), capacity.max(1))
            }
        };
        let is_bounded = matches!(birth, Birth::Bounded(_));
        Self { ring, queue: VecDeque::new(), capacity, is_bounded, lost: 0, written: 0 }
    }

    /// How much the ring holds.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// Takes a step with both, and compares what it returns and what they then show.
    ///
    /// # Errors
    ///
    /// If they differ.
    pub fn take(&mut self, step: Step) -> Result<(), String> {
        match step {
            Step::Write(count) => {
                let bytes = self.make_up(count);
                let accepted = self.accept(&bytes);
                same("written", self.ring.write(&bytes).ok(), Some(accepted))?;
            }
            Step::WriteAll(count) => {
                let bytes = self.make_up(count);
                let all = self.accept(&bytes) == count;
                let failed = self.ring.write_all(&bytes).err().map(|error| error.kind());
                same("failed", failed, (!all).then_some(ErrorKind::WriteZero))?;
            }
            Step::Extend(count) => {
                let room = if self.is_bounded { self.capacity - self.queue.len() } else { count };
                let bytes = self.make_up(count.min(room));
                self.accept(&bytes);
                self.ring.extend(&bytes);
            }
            Step::Read(count) => {
                let mut place = vec![0; count];
                let count = count.min(self.queue.len());
                same("read", self.ring.read(&mut place).ok(), Some(count))?;
                place.truncate(count);
                same("bytes", place, self.queue.drain(..count).collect())?;
            }
            Step::ReadExact(count) => {
                let mut place = vec![0; count];
                let failed = self.ring.read_exact(&mut place).err().map(|error| error.kind());
                if count > self.queue.len() {
                    same("failed", failed, Some(ErrorKind::UnexpectedEof))?;
                } else {
                    same("failed", failed, None)?;
                    same("bytes", place, self.queue.drain(..count).collect())?;
                }
            }
            Step::ReadToEnd => {
                let mut place = b"<".to_vec();
                same("read", self.ring.read_to_end(&mut place).ok(), Some(self.queue.len()))?;
                let all = self.queue.drain(..);
                same("bytes", place, [b'<'].into_iter().chain(all).collect())?;
            }
            Step::ReadToString => {
                let mut place = String::from("<");
                let read = self.ring.read_to_string(&mut place).ok();
                let text = str::from_utf8(self.queue.make_contiguous()).ok();
                same("read", read, text.map(str::len))?;
                same("text", &*place, &format!("<{}", text.unwrap_or_default()))?;
                if read.is_some() {
                    self.queue.clear();
                }
            }
            Step::ReadUntil(end) => {
                let end = made_up(end);
                let mut place = Vec::new();
                let read = self.ring.read_until(end, &mut place).ok();
                let position = self.queue.iter().position(|byte| *byte == end);
                let count = position.map_or(self.queue.len(), |position| position + 1);
                same("read", read, Some(count))?;
                same("bytes", place, self.queue.drain(..count).collect())?;
            }
            Step::Consume(count) => {
                let count = count.min(self.queue.len());
                self.ring.consume(count);
                self.queue.drain(..count);
            }
            Step::Invert => {
                let bytes = self.ring.make_contiguous();
                same("contiguous", &*bytes, self.queue.make_contiguous())?;
                bytes.iter_mut().for_each(|byte| *byte = !*byte);
                self.queue.iter_mut().for_each(|byte| *byte = !*byte);
                same("second", self.ring.as_slices().1, &[])?;
            }
            Step::Clear => {
                self.ring.clear();
                self.queue.clear();
            }
            Step::Reset => {
                let retained = self.ring.retained_bytes();
                self.ring.reset();
                self.queue.clear();
                self.lost = 0;
                same("retained", self.ring.retained_bytes(), retained)?;
            }
            Step::Wipe => {
                self.ring.wipe();
                self.queue.clear();
                self.lost = 0;
            }
            Step::Clone => {
                let clone = self.ring.clone();
                same("equal", clone == self.ring, true)?;
                self.ring = clone;
            }
            Step::Take => {
                drop(mem::take(&mut self.ring));
                let written = self.written;
                *self =
                    Self { ring: mem::take(&mut self.ring), written, ..Self::new(Birth::Blank) };
            }
            Step::Grow(capacity) => {
                self.ring.grow_to(capacity);
                self.capacity = self.capacity.max(capacity);
                same("retained", self.ring.retained_bytes(), self.capacity)?;
            }
            Step::Shrink(capacity) => {
                Capacity::shrink_to(&mut self.ring, capacity);
                self.capacity = self.capacity.min(capacity.max(self.queue.len()).max(1));
            }
        }
        self.compare()
    }

    /// The next bytes to be written.
    fn make_up(&mut self, count: usize) -> Vec<u8> {
        self.written += count;
        (self.written - count..self.written).map(made_up).collect()
    }

    /// Has the queue accept bytes as the ring should, and returns how many.
    fn accept(&mut self, bytes: &[u8]) -> usize {
        let mut accepted = 0;
        for byte in bytes {
            if self.queue.len() == self.capacity {
                if self.is_bounded {
                    break;
                }
                self.queue.pop_front();
                self.lost += 1;
            }
            self.queue.push_back(*byte);
            accepted += 1;
        }
        accepted
    }

    /// Compares what both show.
    fn compare(&mut self) -> Result<(), String> {
        let len = self.queue.len();
        let ring = &mut self.ring;
        same("capacity", ring.capacity(), self.capacity)?;
        same("is_bounded", ring.is_bounded(), self.is_bounded)?;
        same("len", ring.len(), len)?;
        same("is_empty", ring.is_empty(), len == 0)?;
        same("is_full", ring.is_full(), len == self.capacity)?;
        same("free", ring.free(), self.capacity - len)?;
        same("overwritten", ring.overwritten(), self.lost)?;
        let (front, back) = ring.as_slices();
        same("content", &[front, back].concat(), &Vec::from(self.queue.clone()))?;
        same("first slice is empty", front.is_empty(), len == 0)?;
        same("equal", *ring == *self.queue.make_contiguous(), true)?;
        let front = front.to_vec();
        same("fill_buf", ring.fill_buf().ok(), Some(&*front))?;
        let retained = ring.retained_bytes();
        same("has memory", retained == self.capacity || retained == 0 && len == 0, true)
    }
}

/// The byte of a number: not in step with any ring.
fn made_up(number: usize) -> u8 {
    (number % 251) as u8
}

fn same<T: PartialEq + Debug>(what: &str, is: T, should_be: T) -> Result<(), String> {
    if is == should_be {
        return Ok(());
    }
    Err(format!("{what}: {is:?}, and should be {should_be:?}"))
}

/// Decodes a script. Any bytes are one.
pub fn decode(bytes: &[u8]) -> (Birth, Vec<Step>) {
    let mut bytes = bytes.iter().copied();
    let mut next = || bytes.next();
    let kind = next().unwrap_or_default();
    let size = usize::from(next().unwrap_or_default());
    // Mostly a small one: it wraps around sooner.
    let capacity = if kind & 0x80 == 0 { size % 17 + 1 } else { size * 5 + 1 };
    let birth = match kind % 8 {
        0..=2 => Birth::New(capacity),
        3..=5 => Birth::Bounded(capacity),
        6 => Birth::Governed(capacity - 1),
        _ => Birth::Blank,
    };
    let mut steps = Vec::new();
    while let (Some(kind), Some(count)) = (next(), next()) {
        // About as much as there is room for, or anything.
        let count = usize::from(count);
        let count = if kind & 0x80 == 0 { count % (2 * capacity + 3) } else { count * 7 };
        steps.push(match (kind & 0x7F) % STEPS {
            0 => Step::Write(count),
            1 => Step::WriteAll(count),
            2 => Step::Extend(count),
            3 => Step::Read(count),
            4 => Step::ReadExact(count),
            5 => Step::ReadToEnd,
            6 => Step::ReadToString,
            7 => Step::ReadUntil(count),
            8 => Step::Consume(count),
            9 => Step::Invert,
            10 => Step::Clear,
            11 => Step::Reset,
            12 => Step::Wipe,
            13 => Step::Clone,
            14 => Step::Take,
            15 => Step::Grow(count),
            _ => Step::Shrink(count),
        });
    }
    (birth, steps)
}

/// Plays the script that the bytes are.
///
/// # Errors
///
/// The first difference between ring and queue, behind the steps that led to it.
pub fn play(bytes: &[u8]) -> Result<(), String> {
    let (birth, steps) = decode(bytes);
    let mut pair = Pair::new(birth);
    for (index, step) in steps.iter().enumerate() {
        pair.take(*step)
            .map_err(|difference| format!("{birth:?} {:?}\n{difference}", &steps[..=index]))?;
    }
    Ok(())
}
