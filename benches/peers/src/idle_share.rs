//! How much of a burst a pool still keeps when it is over.

use poolable::{Pool, maintain};

use crate::cases::burst;
use crate::object::{Buffer4K, Object};

/// Objects in the burst.
const COUNT: usize = 10_000;
/// Windows that are watched.
pub(crate) const WINDOWS: usize = 6;

/// The share of the burst that is idle after each window, from 0 to 1.
pub(crate) struct IdleShare {
    /// In a pool that had never been used before the burst.
    pub(crate) first: [f64; WINDOWS],
    /// In one that had been through a burst before and been trimmed since.
    pub(crate) later: [f64; WINDOWS],
}

pub(crate) fn measure() -> IdleShare {
    let pool: Pool<Buffer4K> = Pool::builder().create(Buffer4K::new).max_idle(burst::IDLE).build();
    let windows_after_a_burst = || {
        let out: Vec<_> = (0..COUNT).map(|_| pool.get()).collect();
        drop(out);
        core::array::from_fn(|_| {
            maintain();
            pool.stats().idle as f64 / COUNT as f64
        })
    };
    IdleShare { first: windows_after_a_burst(), later: windows_after_a_burst() }
}
