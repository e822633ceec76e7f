//! Pools of buffers in sizes.
//!
//! With `--cfg poolable_passthrough` or `--cfg poolable_chaos` a pool keeps less than it
//! promises otherwise, and there is no allocator that counts. Then those topics are
//! compiled in which it need not be told what was kept.

#[cfg(not(any(poolable_passthrough, poolable_chaos)))]
mod calibration;
#[cfg(all(feature = "bytes", not(any(poolable_passthrough, poolable_chaos))))]
mod freeze;
mod guards;
mod ladder;
#[cfg(not(any(poolable_passthrough, poolable_chaos)))]
mod limits;
mod threads;
#[cfg(not(any(poolable_passthrough, poolable_chaos)))]
mod way_home;
#[cfg(not(any(poolable_passthrough, poolable_chaos)))]
mod zeroize;

use poolable::Stats;
use poolable::buffer::{BufferPool, BufferStats};

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;

/// The sizes of `BufferPool::new`.
const LADDER: [usize; 8] = [64, 256, KIB, 4 * KIB, 16 * KIB, 64 * KIB, 256 * KIB, MIB];

/// What the class of that size counts.
#[track_caller]
fn class(pool: &BufferPool, size: usize) -> Stats {
    let stats = pool.stats();
    let found = stats.classes.iter().find(|class| class.size == size);
    found.unwrap_or_else(|| panic!("no class of {size} bytes: {stats:?}")).stats
}

/// The law of conservation, for each class and so for the pool.
#[track_caller]
fn assert_conserved(stats: &BufferStats) {
    stats.classes.iter().map(|class| class.stats).chain([stats.total()]).for_each(|stats| {
        assert_eq!(
            stats.created + stats.attached,
            stats.idle + stats.in_use + stats.detached + stats.discarded.total(),
            "{stats:?}"
        );
    });
}

/// A generator for mixes of sizes: as [`crate::conservation::Random`], which is not compiled
/// with the switches.
struct Random(u64);

impl Random {
    fn number(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.number() % limit as u64) as usize
    }

    /// Below `1 << bits`, each power of two as likely as the others.
    fn log_uniform(&mut self, bits: usize) -> usize {
        let most = 2 << self.below(bits);
        self.below(most)
    }
}
