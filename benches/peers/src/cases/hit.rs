//! One thread: get, fill, return.

use std::time::Instant;

use super::{IDLE, Workload};
use crate::allocations;
use crate::contender::Contender;
use crate::object::Object;
use crate::timing::Sample;

pub(crate) struct Hit;

impl Workload for Hit {
    fn run<C: Contender>(objects: u64) -> Sample {
        let contender = C::new(IDLE);
        let mut local = contender.local();
        hits::<C>(&mut local, warm_up(objects));
        let allocated = allocations::count();
        let start = Instant::now();
        hits::<C>(&mut local, objects);
        let elapsed = start.elapsed();
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

#[inline(never)]
pub(crate) fn hits<C: Contender>(local: &mut C::Local<'_>, count: u64) {
    for _ in 0..count {
        let mut item = C::get(local);
        item.fill();
        C::put(local, item);
    }
}
