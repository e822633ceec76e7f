//! One cell, in a process of its own.

use core::hint::black_box;
use core::mem::MaybeUninit;
use std::io;

use crate::ways::Ended;
use crate::{fill, scan, secret, spy};

/// As deep do ways run below whoever waits for the scan, so that what they leave on the
/// stack is not overwritten by the wait.
const DEPTH: usize = 16 << 10;

/// Runs a way below a gap in the stack.
#[inline(never)]
pub(crate) fn run_below<R>(run: fn() -> R) -> R {
    let gap = MaybeUninit::<[u8; DEPTH]>::uninit();
    black_box(&gap);
    let ended = run();
    black_box(&gap);
    ended
}

/// What was seen after a way.
pub(crate) struct Seen {
    /// How many words there are.
    pub(crate) words: usize,
    /// Whether the way was the one that it is called.
    pub(crate) is_taken: bool,
    /// Where some of the words are.
    pub(crate) places: Vec<String>,
}

/// Runs a way, looks, and tells what it saw.
pub(crate) fn see(run: fn() -> Ended, is_control: bool, spies: bool) -> io::Result<Seen> {
    if is_control {
        secret::become_control();
    }
    if spies {
        spy::watch();
        let Ended { taken, settle } = run_below(run);
        let is_taken = taken();
        settle();
        return Ok(Seen { words: spy::words(), is_taken, places: Vec::new() });
    }
    scan::start()?;
    let ended = run_below(run);
    fill::clear_registers();
    let found = scan::look()?;
    Ok(Seen {
        words: found.words,
        is_taken: (ended.taken)(),
        places: found.places().map(ToString::to_string).collect(),
    })
}
