//! swimmer: a vector of 1 KiB, beside lifeguard and beside `Vec`.

use core::hint::black_box;

use lifeguard::{StartingSize, Supplier};
use poolable::Poolable;

use super::{Headline, SHORT, case, other, ours};
use crate::beyond::Table;
use crate::beyond::work::timed;
use crate::timing::Sample;

const SIZE: usize = 1024;

pub(super) fn headline() -> Headline {
    Headline {
        package: "swimmer",
        source: "`benches/pool.rs`; it publishes no figures",
        about: "A `Vec<u8>` with room for 1024 bytes is got and returned.",
        cases: vec![case(Table {
            file: "heads-swimmer",
            title: "swimmer: a vector of 1 KiB",
            about: "Get and return, on one thread; both pools of theirs begin with 1024 vectors.",
            unit: "vector",
            effort: SHORT,
            rows: vec![
                ours("poolable, `T::pooled()`", "A vector with `capacity = 1024`.", pooled),
                ours("poolable, `Pool<Vec<u8>>`", "`get`.", made),
                other("swimmer", "A pool for each thread.", swum),
                other("lifeguard", "For one thread only.", guarded),
                other("no pool", "`Vec::with_capacity`, and its drop.", allocated),
            ],
        })],
    }
}

#[derive(Poolable)]
struct Kilobyte {
    #[pool(capacity = SIZE)]
    bytes: Vec<u8>,
}

#[inline(always)]
fn seen(bytes: &Vec<u8>) -> u64 {
    u64::from(black_box(bytes).capacity() == SIZE)
}

fn pooled(gets: u64) -> Sample {
    timed(gets, 1, || seen(&black_box(Kilobyte::pooled()).bytes))
}

fn made(gets: u64) -> Sample {
    let pool = poolable::Pool::new(|| Vec::with_capacity(SIZE));
    timed(gets, 1, || {
        let bytes = black_box(pool.get());
        seen(&bytes)
    })
}

fn swum(gets: u64) -> Sample {
    let pool = swimmer::builder()
        .with_starting_size(1024)
        .with_supplier(|| Vec::<u8>::with_capacity(SIZE))
        .build();
    timed(gets, 1, || {
        let bytes = black_box(pool.get());
        seen(&bytes)
    })
}

fn guarded(gets: u64) -> Sample {
    let pool: lifeguard::Pool<Vec<u8>> = lifeguard::pool()
        .with(Supplier(|| Vec::with_capacity(SIZE)))
        .with(StartingSize(1024))
        .build();
    timed(gets, 1, || {
        let bytes = black_box(pool.new());
        seen(&bytes)
    })
}

fn allocated(gets: u64) -> Sample {
    timed(gets, 1, || seen(&black_box(Vec::with_capacity(SIZE))))
}
