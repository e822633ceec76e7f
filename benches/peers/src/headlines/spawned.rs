//! The clock, where starting the threads and waiting for them is in the time.

use std::thread;
use std::time::Instant;

use crate::timing::Sample;
use poolable_peers::allocations;

/// Has `work` done `each` times by each of so many new threads, and all of it anew until there
/// are enough objects. The time is that of all together, for one object; what the threads
/// allocate before and after their work is not counted.
pub(super) fn timed(
    objects: u64,
    threads: u64,
    each: u64,
    expected: u64,
    work: impl Fn() -> u64 + Sync,
) -> Sample {
    let one = || {
        let before = allocations::count();
        let sum: u64 = (0..each).map(|_| work()).sum();
        assert_eq!(sum, each * expected, "the work was not done");
        allocations::count() - before
    };
    let all = || -> u64 {
        thread::scope(|scope| {
            let threads: Vec<_> = (0..threads).map(|_| scope.spawn(one)).collect();
            threads.into_iter().map(|thread| thread.join().expect("no panic")).sum()
        })
    };
    let turns = objects.div_ceil(threads * each);
    // The first ones create.
    for _ in 0..2 {
        all();
    }
    let start = Instant::now();
    let allocations = (0..turns).map(|_| all()).sum();
    let elapsed = start.elapsed();
    let objects = turns * threads * each;
    Sample { nanoseconds: elapsed.as_secs_f64() * 1e9 / objects as f64, objects, allocations }
}
