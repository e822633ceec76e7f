//! One thread: get, fill, return.

use std::time::Instant;

use super::{IDLE, Workload};
use crate::contender::Contender;
use crate::timing::Sample;
use poolable_peers::allocations;

pub(crate) struct Hit;

impl Workload for Hit {
    fn run<C: Contender>(objects: u64) -> Sample {
        let contender = C::new(IDLE);
        let mut local = contender.local();
        local = C::hits(local, warm_up(objects));
        let allocated = allocations::count();
        let start = Instant::now();
        local = C::hits(local, objects);
        let elapsed = start.elapsed();
        drop(local);
        Sample {
            nanoseconds: elapsed.as_secs_f64() * 1e9 / objects as f64,
            objects,
            allocations: allocations::count() - allocated,
        }
    }
}

/// How many objects go before a timing of so many.
pub(crate) fn warm_up(objects: u64) -> u64 {
    objects / 8 + 100
}
