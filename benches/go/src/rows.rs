//! The operations of this side: each a user's code, and a loop around it.

pub(crate) mod analysis;
pub(crate) mod buffers;
pub(crate) mod get;
pub(crate) mod handler;
pub(crate) mod json;

use core::hint::black_box;

use crate::timing::Yield;

/// Reads what was written, so that it was not written for nothing: behind the black box the
/// compiler no longer knows what that was. Beside the clock it is no more than the clock can bear;
/// tests read every byte.
#[inline(always)]
fn look(content: &[u8]) -> usize {
    black_box(content.as_ptr());
    if cfg!(debug_assertions) {
        content.iter().fold(content.len(), |sum, &byte| (31 * sum + usize::from(byte)) & 0xff_ffff)
    } else {
        content.len() + usize::from(content[content.len() - 1])
    }
}

// What both sides must write, each a line.
const LINE_37: &str = include_str!("../testdata/text37.txt");
const LINE_13: &str = include_str!("../testdata/text13.txt");
const LINE_20: &str = include_str!("../testdata/text20.txt");
const PAYLOAD: &str = include_str!("../testdata/payload.json");
const REPLY: &str = include_str!("../testdata/reply.json");

/// What an operation yields that looked at this.
fn looked_at(content: &str) -> Yield {
    Yield::each(look(content.as_bytes()))
}

/// Whether a pooled operation allocates, in two timings of a few operations.
#[cfg(test)]
fn allocates(run: fn(u64) -> crate::timing::Sample) -> bool {
    (0..2).any(|_| run(500).blocks > 0.0)
}
