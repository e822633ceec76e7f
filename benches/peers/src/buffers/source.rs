//! Ways to come by a buffer, and what is done with one.

use core::hint::black_box;
use core::mem::MaybeUninit;

use crate::beyond::Run;
use crate::beyond::work::{timed, timed_on_two_threads};
use crate::contenders::mimalloc::MiVec;
use crate::timing::Sample;

pub(super) const LINE: &[u8; 13] = b"GET / HTTP/1\n";

/// Where buffers come from. It is made anew for each timing.
pub(super) trait Source: Sync {
    fn new() -> Self;

    /// Gets a buffer of that many bytes, has it used, and returns it.
    fn use_one<const SIZE: usize, U: Use>(&self) -> u64;
}

/// What a user does with a buffer between get and return.
pub(super) trait Use {
    /// What every use says.
    const SEEN: u64;

    fn on(bytes: &mut impl Bytes) -> u64;
}

/// As much of a buffer as the uses need.
pub(super) trait Bytes {
    /// Writes behind what is there, or to the front of what is as long as was asked for. Returns
    /// how many bytes are written then.
    fn append(&mut self, line: &[u8; 13]) -> usize;

    fn start(&self) -> *const u8;
}

/// Appends 13 bytes.
pub(super) struct Append;

impl Use for Append {
    const SEEN: u64 = LINE.len() as u64;

    #[inline(always)]
    fn on(bytes: &mut impl Bytes) -> u64 {
        let written = bytes.append(black_box(LINE));
        black_box(bytes.start());
        written as u64
    }
}

/// Looks where the buffer is, without which the compiler would leave out malloc and free.
pub(super) struct Nothing;

impl Use for Nothing {
    const SEEN: u64 = 1;

    #[inline(always)]
    fn on(bytes: &mut impl Bytes) -> u64 {
        black_box(bytes.start());
        1
    }
}

impl Bytes for Vec<u8> {
    #[inline(always)]
    fn append(&mut self, line: &[u8; 13]) -> usize {
        self.extend_from_slice(line);
        self.len()
    }

    #[inline(always)]
    fn start(&self) -> *const u8 {
        self.as_ptr()
    }
}

impl Bytes for MiVec<u8> {
    #[inline(always)]
    fn append(&mut self, line: &[u8; 13]) -> usize {
        self.extend_from_slice(line);
        line.len()
    }

    #[inline(always)]
    fn start(&self) -> *const u8 {
        self.as_ptr()
    }
}

impl Bytes for &mut [u8] {
    #[inline(always)]
    fn append(&mut self, line: &[u8; 13]) -> usize {
        self[..line.len()].copy_from_slice(line);
        line.len()
    }

    #[inline(always)]
    fn start(&self) -> *const u8 {
        self.as_ptr()
    }
}

impl Bytes for &mut [MaybeUninit<u8>] {
    #[inline(always)]
    fn append(&mut self, line: &[u8; 13]) -> usize {
        self[..line.len()].write_copy_of_slice(line).len()
    }

    #[inline(always)]
    fn start(&self) -> *const u8 {
        self.as_ptr().cast()
    }
}

/// How many threads use a source at once.
#[derive(Clone, Copy)]
pub(super) enum Threads {
    One,
    Two,
}

impl Threads {
    pub(super) fn of<S: Source, U: Use, const SIZE: usize>(self) -> Run {
        match self {
            Self::One => alone::<S, U, SIZE>,
            Self::Two => on_two::<S, U, SIZE>,
        }
    }
}

fn alone<S: Source, U: Use, const SIZE: usize>(gets: u64) -> Sample {
    let source = S::new();
    timed(gets, U::SEEN, || source.use_one::<SIZE, U>())
}

fn on_two<S: Source, U: Use, const SIZE: usize>(gets: u64) -> Sample {
    let source = S::new();
    timed_on_two_threads(gets, U::SEEN, || source.use_one::<SIZE, U>())
}
