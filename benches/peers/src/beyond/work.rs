//! The clock, for work on one thread, or on two that have nothing to do with each other.

use core::hint::black_box;
use std::thread;
use std::time::Instant;

use crate::cases::a_to_b::{Half, timed as on_the_clock};
use crate::cases::hit::warm_up;
use crate::gate::Gate;
use crate::timing::Sample;
use poolable_peers::allocations;

/// Times `work`, which is done once for each object.
///
/// `work` returns a number that it gets from what it did, the same each time.
#[inline(always)]
pub(crate) fn timed(objects: u64, expected: u64, work: impl FnMut() -> u64) -> Sample {
    timed_in_turn(objects, 1, expected, work)
}

/// Times `work`, each of which is of `count` objects.
#[inline(always)]
pub(crate) fn timed_in_turn(
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

/// Times `work` on two threads at once, each of which does half of it. The time is that of
/// both together, for as many objects as one of them makes.
#[inline(always)]
pub(crate) fn timed_on_two_threads(
    objects: u64,
    expected: u64,
    work: impl FnMut() -> u64 + Clone + Send,
) -> Sample {
    const THREADS: usize = 2;
    let each = objects.div_ceil(THREADS as u64);
    let gate = Gate::new(THREADS);
    let one = |mut work| {
        let before = warm_up(each).max(2);
        assert_eq!(repeated(before, &mut work), before * expected);
        let mut sum = 0;
        let half = on_the_clock(&gate, || sum = repeated(each, &mut work));
        assert_eq!(sum, each * expected, "the work was not done");
        half
    };
    let halves: Vec<Half> = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|_| {
                let work = work.clone();
                scope.spawn(|| one(work))
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    });
    let start = halves.iter().map(|half| half.0).min().expect("a thread");
    let end = halves.iter().map(|half| half.1).max().expect("a thread");
    let all = each * THREADS as u64;
    let cores = thread::available_parallelism().map_or(1, usize::from).min(THREADS);
    Sample {
        nanoseconds: (end - start).as_secs_f64() * 1e9 * cores as f64 / all as f64,
        objects: all,
        allocations: halves.iter().map(|half| half.2).sum(),
    }
}

/// One loop for the warm-up and for the clock.
#[inline(never)]
fn repeated(turns: u64, work: &mut impl FnMut() -> u64) -> u64 {
    (0..turns).map(|_| black_box(work())).sum()
}
