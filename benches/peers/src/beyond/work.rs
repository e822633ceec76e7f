//! The clock, for work on one thread.

use core::hint::black_box;
use std::time::Instant;

use crate::cases::hit::warm_up;
use crate::timing::Sample;
use poolable_peers::allocations;

/// Times `work`, which is done once for each object.
///
/// `work` returns a number that it gets from what it did, the same each time.
#[inline(always)]
pub(super) fn timed(objects: u64, expected: u64, work: impl FnMut() -> u64) -> Sample {
    timed_in_turn(objects, 1, expected, work)
}

/// Times `work`, each of which is of `count` objects.
#[inline(always)]
pub(super) fn timed_in_turn(
    objects: u64,
    count: u64,
    expected: u64,
    mut work: impl FnMut() -> u64,
) -> Sample {
    let turns = (objects / count).max(1);
    // Twice at least: the first creates, and the second finds lists that have grown.
    let before = (warm_up(objects) / count).max(2);
    assert_eq!(repeated(before, &mut work), before * expected);
    let allocated = allocations::count();
    let start = Instant::now();
    let sum = repeated(turns, &mut work);
    let elapsed = start.elapsed();
    let allocations = allocations::count() - allocated;
    assert_eq!(sum, turns * expected, "the work was not done");
    let objects = turns * count;
    Sample { nanoseconds: elapsed.as_secs_f64() * 1e9 / objects as f64, objects, allocations }
}

/// One loop for the warm-up and for the clock.
#[inline(never)]
fn repeated(turns: u64, work: &mut impl FnMut() -> u64) -> u64 {
    (0..turns).map(|_| black_box(work())).sum()
}
