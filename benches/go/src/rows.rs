//! The operations of this side: each a user's code, and a loop around it.

pub(crate) mod analysis;
pub(crate) mod buffers;
pub(crate) mod get;
pub(crate) mod handler;
pub(crate) mod json;

use core::hint::black_box;

/// Reads what was written, so that it was not written for nothing: behind the black box the
/// compiler no longer knows what that was.
#[inline(always)]
fn look(content: &[u8]) -> usize {
    black_box(content.as_ptr());
    content.len() + usize::from(content[content.len() - 1])
}

/// What both sides must write.
#[cfg(test)]
fn golden(name: &str) -> String {
    let file = format!("{}/testdata/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(file).expect("it is in the repository")
}

/// Whether a pooled operation allocates, in two timings of a few operations.
#[cfg(test)]
fn allocates(run: fn(u64) -> crate::timing::Sample) -> bool {
    (0..2).any(|_| run(500).blocks > 0.0)
}
