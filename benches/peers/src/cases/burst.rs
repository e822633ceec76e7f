//! Many objects are out at once, and all come back.

use std::time::Instant;

use super::Workload;
use crate::contender::Contender;
use crate::object::Object;
use crate::timing::Sample;
use poolable_peers::allocations;

/// How many idle objects a pool built for bursts may keep.
pub(crate) const IDLE: usize = 16_384;

pub(crate) struct Burst<const COUNT: usize>;

impl<const COUNT: usize> Workload for Burst<COUNT> {
    fn run<C: Contender>(objects: u64) -> Sample {
        let contender = C::new(IDLE);
        let mut local = contender.local();
        let mut out = Vec::with_capacity(COUNT);
        // The first creates the objects; the second finds lists that have grown.
        for _ in 0..2 {
            burst::<C>(&mut local, &mut out, COUNT);
        }
        let bursts = (objects / COUNT as u64).max(1);
        let allocated = allocations::count();
        let start = Instant::now();
        for _ in 0..bursts {
            burst::<C>(&mut local, &mut out, COUNT);
        }
        let elapsed = start.elapsed();
        let objects = bursts * COUNT as u64;
        Sample {
            nanoseconds: elapsed.as_secs_f64() * 1e9 / objects as f64,
            objects,
            allocations: allocations::count() - allocated,
        }
    }
}

#[inline(never)]
fn burst<'a, C: Contender>(local: &mut C::Local<'a>, out: &mut Vec<C::Item<'a>>, count: usize) {
    for _ in 0..count {
        let mut item = C::get(local);
        item.fill();
        out.push(item);
    }
    for item in out.drain(..) {
        C::put(local, item);
    }
}
