//! Several threads, each of which gets, fills and returns.

use std::thread;
use std::time::Instant;

use super::hit::warm_up;
use super::{IDLE, Workload};
use crate::contender::Contender;
use crate::gate::Gate;
use crate::timing::Sample;
use poolable_peers::allocations;

pub(crate) struct Together<const THREADS: usize>;

impl<const THREADS: usize> Workload for Together<THREADS> {
    fn run<C: Contender>(objects: u64) -> Sample {
        let contender = C::new(IDLE);
        let gate = Gate::new(THREADS);
        let work = || {
            let mut local = contender.local();
            local = C::hits(local, warm_up(objects));
            let allocated = allocations::count();
            gate.pass();
            let start = Instant::now();
            drop(C::hits(local, objects));
            (start, Instant::now(), allocations::count() - allocated)
        };
        let ends: Vec<(Instant, Instant, u64)> = thread::scope(|scope| {
            let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(work)).collect();
            threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
        });
        let start = ends.iter().map(|end| end.0).min().expect("a thread");
        let end = ends.iter().map(|end| end.1).max().expect("a thread");
        let all = objects * THREADS as u64;
        let cores = thread::available_parallelism().map_or(1, usize::from).min(THREADS);
        Sample {
            nanoseconds: (end - start).as_secs_f64() * 1e9 * cores as f64 / all as f64,
            objects: all,
            allocations: ends.iter().map(|end| end.2).sum(),
        }
    }
}
