//! The clock around the loops of this side.

use core::ops::Range;
use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::sync::Barrier;
use std::thread;
use std::time::Instant;

use poolable_go::allocations::{self, Counts};

/// What one timing found, on either side.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Sample {
    pub(crate) operations: u64,
    /// Per operation.
    pub(crate) nanoseconds: f64,
    /// Of all operations together, where that is known, or of each times their number.
    pub(crate) blocks: f64,
    pub(crate) bytes: f64,
    pub(crate) frees: f64,
    /// Of Go alone.
    pub(crate) collections: f64,
    pub(crate) pause: f64,
}

/// What one thread did between two looks at its counts.
struct Part {
    start: Instant,
    end: Instant,
    before: Counts,
    after: Counts,
}

impl Sample {
    fn new(operations: u64, parts: &[Part]) -> Self {
        let start = parts.iter().map(|part| part.start).min().expect("someone ran");
        let end = parts.iter().map(|part| part.end).max().expect("someone ran");
        let sum = |count: fn(&Counts) -> u64| {
            let counts = parts.iter().map(|part| count(&part.after) - count(&part.before));
            counts.sum::<u64>() as f64
        };
        Self {
            operations,
            nanoseconds: (end - start).as_secs_f64() * 1e9 / operations as f64,
            blocks: sum(|counts| counts.blocks),
            bytes: sum(|counts| counts.bytes),
            frees: sum(|counts| counts.frees),
            collections: 0.0,
            pause: 0.0,
        }
    }
}

/// What an operation yields that did all of its work, and nothing else.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Yield {
    pub(crate) each: u64,
    /// How many times its index comes on top.
    pub(crate) indices: u64,
}

impl Yield {
    /// The same every time.
    pub(crate) fn each(each: usize) -> Self {
        Self { each: each as u64, indices: 0 }
    }

    /// Of all of these together.
    pub(crate) fn of(self, indices: Range<u64>) -> u64 {
        let count = indices.end - indices.start;
        // Of two neighbours one is even, and so is one of the sum and the count.
        let sum = (indices.start + indices.end).saturating_sub(1) * count / 2;
        self.each * count + self.indices * sum
    }
}

/// Times so many operations on this thread. Pools are filled by one before that, the last one: what
/// grows with the index has grown then.
#[inline(always)]
pub(crate) fn alone(operations: u64, wanted: Yield, mut once: impl FnMut(u64) -> usize) -> Sample {
    let mut timed = None;
    // By one loop: where an operation stands at two places, neither of them gets it inlined.
    for count in [1, operations] {
        let mut seen = 0;
        let indices = operations - count..operations;
        let before = allocations::counts();
        let start = Instant::now();
        for index in indices.clone() {
            seen += once(index);
        }
        let end = Instant::now();
        timed = Some(Part { start, end, before, after: allocations::counts() });
        assert_eq!(seen as u64, wanted.of(indices), "of {wanted:?}, by {count} operations");
    }
    Sample::new(operations, timed.as_slice())
}

/// As many threads as there are cores, like Go's goroutines in `RunParallel`.
pub(crate) fn threads() -> u64 {
    thread::available_parallelism().map_or(1, |cores| cores.get() as u64)
}

/// Times so many operations of all threads together, from the start of the first to the end of
/// the last. Whoever is faster does more, a hundredth of a share at a time.
#[inline(always)]
pub(crate) fn together(operations: u64, wanted: Yield, once: impl Fn() -> usize + Sync) -> Sample {
    let threads = threads();
    let grain = (operations / threads / 100).max(1);
    let next = AtomicU64::new(0);
    let gate = Barrier::new(threads as usize);
    let run = || {
        // Each has its object when the clock runs.
        let mut seen = once();
        gate.wait();
        let before = allocations::counts();
        let start = Instant::now();
        let mut done = 0;
        loop {
            // Relaxed: it is a number and nothing else.
            let from = next.fetch_add(grain, Ordering::Relaxed);
            if from >= operations {
                break;
            }
            let count = grain.min(operations - from);
            for _ in 0..count {
                seen += once();
            }
            done += count;
        }
        let end = Instant::now();
        let after = allocations::counts();
        // Nobody frees what another one still shares while that one is counted.
        gate.wait();
        // Nor does anybody wait for one that has panicked.
        assert_eq!(seen as u64, wanted.of(0..done + 1), "of {wanted:?}, by {done} operations");
        Part { start, end, before, after }
    };
    let parts = thread::scope(|scope| {
        let handles: Vec<_> = (0..threads).map(|_| scope.spawn(run)).collect();
        let parts = handles.into_iter().map(|handle| handle.join().expect("nobody panics"));
        parts.collect::<Vec<Part>>()
    });
    Sample::new(operations, &parts)
}

/// Operations in the timing that finds out how many fit into one.
const TRIAL: u64 = 2_000;

/// How many operations take about so long.
pub(crate) fn fitting(run: fn(u64) -> Sample, time: Duration) -> u64 {
    let fit = time.as_nanos() as f64 / run(TRIAL).nanoseconds;
    // Again, with enough of them for the clock not to matter.
    let fit = time.as_nanos() as f64 / run((fit as u64 / 10).max(TRIAL)).nanoseconds;
    (fit as u64).max(TRIAL)
}

#[cfg(test)]
mod tests {
    use core::hint::black_box;

    use super::*;

    #[test]
    fn what_all_threads_allocate_is_counted_together() {
        let sample = together(1001, Yield::each(10), || black_box(vec![1u8; 10]).len());
        assert_eq!(sample.operations, 1001);
        assert_eq!((sample.blocks, sample.bytes, sample.frees), (1001.0, 10_010.0, 1001.0));
    }

    #[test]
    fn what_operations_yield_is_the_sum_over_their_indices() {
        for indices in [0..0, 0..1, 0..7, 6..7, 3..8] {
            let found = Yield { each: 5, indices: 2 }.of(indices.clone());
            assert_eq!(found, indices.map(|index| 5 + 2 * index).sum::<u64>());
        }
    }

    #[test]
    #[should_panic(expected = "by 100 operations")]
    fn an_operation_that_yields_something_else_is_found_out() {
        alone(100, Yield::each(1), |index| if index == 50 { 2 } else { 1 });
    }

    #[test]
    #[should_panic(expected = "nobody panics")]
    fn so_is_one_among_many_threads() {
        let once = AtomicU64::new(0);
        // Relaxed: it is a number and nothing else.
        together(1000, Yield::each(1), || {
            if once.fetch_add(1, Ordering::Relaxed) == 500 { 2 } else { 1 }
        });
    }

    #[test]
    fn the_operation_before_the_clock_is_not_counted() {
        let mut kept: Vec<u8> = Vec::new();
        let sample = alone(100, Yield::each(100), |_| {
            kept.clear();
            kept.resize(100, 1);
            kept.len()
        });
        assert_eq!((sample.blocks, sample.operations), (0.0, 100));
    }
}
