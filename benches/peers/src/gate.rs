//! Where threads wait for each other without sleeping, so that they leave together.

use core::hint::spin_loop;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Tries before a waiting thread lets another one have the core.
const SPINS: u32 = 1_000;

pub(crate) struct Gate {
    threads: usize,
    arrived: AtomicUsize,
}

impl Gate {
    pub(crate) fn new(threads: usize) -> Self {
        Self { threads, arrived: AtomicUsize::new(0) }
    }

    /// Returns once every thread is here. To be passed once by each.
    pub(crate) fn pass(&self) {
        // AcqRel, and the Acquire below: what threads did before the gate is over for all.
        self.arrived.fetch_add(1, Ordering::AcqRel);
        wait_until(|| self.arrived.load(Ordering::Acquire) == self.threads);
    }
}

/// Tries until something holds.
pub(crate) fn wait_until(mut holds: impl FnMut() -> bool) {
    let mut spins = 0;
    while !holds() {
        spins += 1;
        if spins < SPINS {
            spin_loop();
        } else {
            thread::yield_now();
        }
    }
}
