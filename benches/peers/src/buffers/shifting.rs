//! What a pool learns from a load that changes.

use poolable::buffer::{BufferPool, PooledBuf};

use poolable_peers::allocations;

/// Buffers that are out at once.
const TOGETHER: u64 = 32;
/// Buffers in each phase.
const BUFFERS: u64 = 200_000;
/// What is written now and then.
const OUTLIER: usize = 1 << 20;
/// How often: less than once in a hundred times, which is what the threshold leaves out. With
/// that share exactly, it would be a matter of luck.
const RARE: u64 = 125;

/// What the load is, one phase after the other, by what most buffers hold.
const PHASES: [(&str, usize); 3] =
    [("around 500 B", 500), ("around 20 KiB", 20 << 10), ("around 500 B again", 500)];

/// Who gets buffers how.
struct Way {
    name: &'static str,
    is_calibrated: bool,
    get: fn(&BufferPool) -> PooledBuf,
}

const WAYS: [Way; 3] = [
    Way {
        name: "`calibrate(true)`, `get_default()`",
        is_calibrated: true,
        get: BufferPool::get_default,
    },
    Way { name: "without, `get_default()`", is_calibrated: false, get: BufferPool::get_default },
    Way { name: "without, `get(64)`", is_calibrated: false, get: |pool| pool.get(64) },
];

/// What one pool was like when a phase was over.
pub(crate) struct Phase {
    pub(crate) way: &'static str,
    pub(crate) is_calibrated: bool,
    pub(crate) load: &'static str,
    pub(crate) default_size: usize,
    pub(crate) drop_threshold: usize,
    pub(crate) buffers: u64,
    pub(crate) allocations: u64,
    /// What idle buffers had room for, in bytes.
    pub(crate) idle: u64,
}

pub(super) fn run(is_quick: bool) -> Vec<Phase> {
    let buffers = if is_quick { BUFFERS / 4 } else { BUFFERS };
    WAYS.iter().flat_map(|way| phases(way, buffers)).collect()
}

fn phases(way: &Way, buffers: u64) -> Vec<Phase> {
    let pool = BufferPool::builder().calibrate(way.is_calibrated).build();
    let bytes = vec![1; OUTLIER];
    let mut lengths = Lengths(1);
    let mut out = Vec::with_capacity(TOGETHER as usize);
    let phases = PHASES.map(|(load, around)| {
        let before = allocations::count();
        for turn in 0..buffers / TOGETHER {
            for place in 0..TOGETHER {
                let mut buffer = (way.get)(&pool);
                let is_outlier = (turn * TOGETHER + place) % RARE == RARE - 1;
                let length = if is_outlier { OUTLIER } else { lengths.next(around) };
                buffer.extend_from_slice(&bytes[..length]);
                out.push(buffer);
            }
            out.clear();
        }
        let allocations = allocations::count() - before;
        // What the thread keeps is counted when it has shown it.
        pool.flush_thread_cache();
        Phase {
            way: way.name,
            is_calibrated: way.is_calibrated,
            load,
            default_size: pool.default_size(),
            drop_threshold: pool.drop_threshold(),
            buffers: buffers / TOGETHER * TOGETHER,
            allocations,
            idle: pool.stats().total().bytes_idle,
        }
    });
    phases.into()
}

/// Lengths around a mean, the same in each run.
struct Lengths(u32);

impl Lengths {
    /// From three quarters of the mean up to five.
    fn next(&mut self, mean: usize) -> usize {
        // A linear congruence, with the factors of Numerical Recipes; the upper half of it.
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        mean * 3 / 4 + (self.0 >> 16) as usize % (mean / 2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pool_that_calibrates_follows_up_and_down_and_leaves_outliers_to_malloc() {
        let phases = run(true);
        let learnt: Vec<_> = phases.iter().filter(|phase| phase.is_calibrated).collect();
        assert_eq!(learnt.len(), PHASES.len());
        let sizes: Vec<usize> = learnt.iter().map(|phase| phase.default_size).collect();
        assert_eq!(sizes, [1 << 10, 64 << 10, 1 << 10]);
        assert!(learnt.iter().all(|phase| phase.drop_threshold < OUTLIER));
    }

    #[test]
    fn lengths_are_around_their_mean() {
        let mut lengths = Lengths(1);
        assert!((0..10_000).all(|_| (375..625).contains(&lengths.next(500))));
    }
}
