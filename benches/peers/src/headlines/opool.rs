//! opool: vectors of 1 GiB that nobody touches, beside the system's malloc.

use core::hint::black_box;

use opool::{LocalPool, Pool, PoolAllocator};
use poolable::Poolable;
use rayon::prelude::*;

use super::{Case, Headline, LONG, Like, SHORT, case, close, other, ours};
use crate::beyond::Table;
use crate::beyond::work::{timed, timed_in_turn};
use crate::timing::{Effort, Sample};

/// What every vector has room for.
const SIZE: usize = 1 << 30;
/// Objects that the workers of rayon share in one turn.
const SHARED: u64 = 8192;

pub(super) fn headline() -> Headline {
    Headline {
        package: "opool",
        source: "`benches/bench.rs`; it publishes no figures",
        about: "A `Vec<u8>` with room for 1 GiB is got, asked for its capacity, and returned; \
                everyone clears it. poolable's limits are set so that they let such a vector in.",
        cases: vec![alone(), multi()],
    }
}

struct Allocator;

impl PoolAllocator<Vec<u8>> for Allocator {
    #[inline(always)]
    fn allocate(&self) -> Vec<u8> {
        Vec::with_capacity(SIZE)
    }

    #[inline(always)]
    fn reset(&self, bytes: &mut Vec<u8>) {
        bytes.clear();
    }

    #[inline(always)]
    fn is_valid(&self, bytes: &Vec<u8>) -> bool {
        bytes.capacity() == SIZE
    }
}

#[derive(Poolable)]
#[pool(max_bytes = usize::MAX)]
struct Gigabyte {
    #[pool(capacity = SIZE)]
    bytes: Vec<u8>,
}

#[derive(Poolable)]
#[pool(local, max_bytes = usize::MAX)]
struct LocalGigabyte {
    #[pool(capacity = SIZE)]
    bytes: Vec<u8>,
}

#[inline(always)]
fn seen(bytes: &Vec<u8>) -> u64 {
    u64::from(black_box(bytes).capacity() == SIZE)
}

const LOCKED: &str = "objects of more than 128 KiB are kept where all threads find them, behind a \
                      lock, with what they hold measured and counted, and the orders of other \
                      threads looked at: a thread that kept them to itself would keep much. A get \
                      and a return are 716 instructions, with two locks; those of opool, whose \
                      queue has none and counts objects, 108. Where each thread has a pool of its \
                      own, `local`, nothing is in the way";

fn alone() -> Case {
    Case {
        like: &[Like { theirs: "opool, `LocalPool`", ours: "poolable, `local`" }],
        ..case(Table {
            file: "heads-opool",
            title: "opool: a vector of 1 GiB",
            about: "Get, look at the capacity, return, on one thread.",
            unit: "object",
            effort: SHORT,
            rows: vec![
                ours("poolable, `T::pooled()`", "`max_bytes` without a limit.", pooled),
                ours("poolable, `local`", "The same, a pool for each thread.", local),
                close("opool, `Pool`", "`Pool::new(1024, ..)`.", LOCKED, shared),
                other("opool, `LocalPool`", "`LocalPool::new(1024, ..)`.", opool_local),
                other("no pool", "`Vec::with_capacity`, and its drop.", allocated),
            ],
        })
    }
}

fn pooled(gets: u64) -> Sample {
    timed(gets, 1, || seen(&black_box(Gigabyte::pooled()).bytes))
}

fn local(gets: u64) -> Sample {
    timed(gets, 1, || seen(&black_box(LocalGigabyte::pooled()).bytes))
}

fn shared(gets: u64) -> Sample {
    let pool = Pool::new(1024, Allocator);
    timed(gets, 1, || {
        let bytes = black_box(pool.get());
        seen(&bytes)
    })
}

fn opool_local(gets: u64) -> Sample {
    let pool = LocalPool::new(1024, Allocator);
    timed(gets, 1, || {
        let bytes = black_box(pool.get());
        seen(&bytes)
    })
}

fn allocated(gets: u64) -> Sample {
    timed(gets, 1, || seen(&black_box(Vec::with_capacity(SIZE))))
}

fn multi() -> Case {
    Case {
        // Of `rayon-core`'s, which hands questions from outside on by crossbeam-deque's `Injector`.
        allocates: Some("rayon's queue takes a block for every 63 times that it is asked"),
        ..case(Table {
            file: "heads-opool-multi",
            title: "opool: vectors of 1 GiB, by rayon",
            about: "The same 8192 times by the workers of rayon, one for each core. The time is that \
                of all together, for one object. Allocations are those of the thread that asks \
                rayon.",
            unit: "object",
            effort: Effort { rounds: 6, timing: LONG.timing },
            rows: vec![
                ours("poolable, `T::pooled()`", "`max_bytes` without a limit.", |gets| {
                    by_rayon(gets, || seen(&black_box(Gigabyte::pooled()).bytes))
                }),
                close("opool, `Pool`", "`Pool::new(1024, ..)`.", LOCKED, |gets| {
                    let pool = Pool::new(1024, Allocator);
                    by_rayon(gets, || {
                        let bytes = black_box(pool.get());
                        seen(&bytes)
                    })
                }),
                other("no pool", "`Vec::with_capacity`, and its drop.", |gets| {
                    by_rayon(gets, || seen(&black_box(Vec::with_capacity(SIZE))))
                }),
            ],
        })
    }
}

fn by_rayon(gets: u64, one: impl Fn() -> u64 + Sync) -> Sample {
    timed_in_turn(gets, SHARED, SHARED, || (0..SHARED).into_par_iter().map(|_| one()).sum())
}
