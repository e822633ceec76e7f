//! object-pool: pull, and detach with attach, beside what `Vec` allocates.

use core::hint::black_box;
use std::sync::Arc;

use object_pool::{Pool, experimental};
use poolable::{Poolable, PooledRef};

use super::{Case, Headline, SHORT, case, close, other, ours};
use crate::beyond::Table;
use crate::beyond::work::timed;
use crate::timing::Sample;

pub(super) fn headline() -> Headline {
    Headline {
        package: "object-pool",
        source: "`benches/bench.rs`, and the figures of `BENCHMARK.md` that its README shows",
        about: "What it pulls is `()`; in the figures it was a `Vec<u8>` of each size, which two \
                tables here have. What it is held against there is a `Vec` that is allocated and \
                freed, never touched.",
        cases: vec![
            pull(),
            detach(),
            sized::<4096>("heads-object-pool-4k", "object-pool: pull a vector of 4 KiB"),
            sized::<{ 16 << 20 }>("heads-object-pool-16m", "object-pool: pull a vector of 16 MiB"),
        ],
    }
}

fn pull() -> Case {
    case(Table {
        file: "heads-object-pool-pull",
        title: "object-pool: pull",
        about: "The one object of a pool, a `()`, is got and returned, on one thread.",
        unit: "object",
        effort: SHORT,
        rows: vec![
            ours("poolable, `T::pooled()`", "A struct without fields.", pooled),
            ours("poolable, `Pool<()>`", "`try_get`.", made),
            ours("poolable, `Arc<Pool<()>>`", "`get_owned`.", owned),
            other("object-pool, `try_pull`", "A pool of one.", pulled),
            other("object-pool, `try_pull_owned`", "The same in an `Arc`.", pulled_owned),
            other("object-pool, experimental", "`pull`, a bit set in place of a lock.", by_bits),
            other("no pool, 4 KiB", "`Vec::with_capacity`, and its drop.", allocated::<4096>),
            other("no pool, 1 MiB", "The same.", allocated::<{ 1 << 20 }>),
            other("no pool, 1 GiB", "The same.", allocated::<{ 1 << 30 }>),
        ],
    })
}

#[derive(Poolable)]
struct Nothing;

fn pooled(gets: u64) -> Sample {
    timed(gets, 1, || {
        drop(black_box(Nothing::pooled()));
        1
    })
}

fn made(gets: u64) -> Sample {
    let pool = poolable::Pool::<()>::builder().build();
    drop(pool.get());
    timed(gets, 1, || black_box(pool.try_get()).is_some().into())
}

fn owned(gets: u64) -> Sample {
    let pool = Arc::new(poolable::Pool::<()>::builder().build());
    timed(gets, 1, || {
        drop(black_box(pool.get_owned()));
        1
    })
}

fn pulled(gets: u64) -> Sample {
    let pool = Pool::new(1, || ());
    timed(gets, 1, || black_box(pool.try_pull()).is_some().into())
}

fn pulled_owned(gets: u64) -> Sample {
    let pool = Arc::new(Pool::new(1, || ()));
    timed(gets, 1, || black_box(pool.try_pull_owned()).is_some().into())
}

fn by_bits(gets: u64) -> Sample {
    let pool: experimental::Pool<()> = [()].into_iter().collect();
    timed(gets, 1, || black_box(pool.pull()).is_some().into())
}

fn allocated<const SIZE: usize>(gets: u64) -> Sample {
    timed(gets, 1, || (black_box(Vec::<u8>::with_capacity(SIZE)).capacity() == SIZE).into())
}

fn detach() -> Case {
    const REASON: &str = "a detached value is the user's, and the memory that it had in the pool \
                          is freed: a detach is a `free`, an attach a `malloc`, 188 instructions \
                          in all. object-pool moves its values in and out of a `Vec`: 27. Whoever \
                          only lends a value out keeps the guard, which may go anywhere";
    Case {
        allocates: Some("an attached value gets a place of its own"),
        ..case(Table {
            file: "heads-object-pool-detach",
            title: "object-pool: detach and attach",
            about: "The one object of a pool, a `()`, is got, detached, and attached again.",
            unit: "object",
            effort: SHORT,
            rows: vec![
                ours("poolable, `T::pooled()`", "`Pooled::into_inner`, `attach`.", detached),
                ours("poolable, `Pool<()>`", "`PooledRef::into_inner`, `attach`.", detached_made),
                close("object-pool, `detach`", "And `attach`.", REASON, pulled_and_detached),
            ],
        })
    }
}

fn detached(gets: u64) -> Sample {
    timed(gets, 1, || {
        let nothing = poolable::Pooled::into_inner(Nothing::pooled());
        drop(poolable::Pooled::attach(black_box(nothing)));
        1
    })
}

fn detached_made(gets: u64) -> Sample {
    let pool = poolable::Pool::<()>::builder().build();
    drop(pool.get());
    timed(gets, 1, || {
        let value = pool.try_get().map(PooledRef::into_inner);
        let is_some = value.is_some();
        drop(value.map(|value| pool.attach(value)));
        is_some.into()
    })
}

fn pulled_and_detached(gets: u64) -> Sample {
    let pool = Pool::new(1, || ());
    timed(gets, 1, || {
        let Some(item) = pool.try_pull() else { return 0 };
        let (pool, value) = item.detach();
        pool.attach(value);
        1
    })
}

const LOCKED: &str = "objects of more than 128 KiB are kept where all threads find them, behind a \
                      lock, with what they hold measured and counted, and the orders of other \
                      threads looked at: a thread that kept them to itself would keep much. A get \
                      and a return are 716 instructions, with two locks; those of object-pool 64, \
                      with two locks";
const MALLOC: &str = "glibc has learnt by the first `free` that blocks of this size come back, and \
                      hands out the same one again, untouched, up to 32 MiB: 329 instructions to \
                      716. Above that it asks the kernel, as the row of 1 GiB in the first table \
                      shows";

fn sized<const SIZE: usize>(file: &'static str, title: &'static str) -> Case {
    let pull = pulled_vector::<SIZE>;
    case(Table {
        file,
        title,
        about: "The one object of a pool, a `Vec<u8>`, is got and returned, on one thread. poolable \
                empties it, the other does not.",
        unit: "object",
        effort: SHORT,
        rows: vec![
            ours("poolable, `Pool<Vec<u8>>`", "By the default limits.", vector::<SIZE>),
            if SIZE > 128 << 10 {
                close("object-pool, `try_pull`", "A pool of one.", LOCKED, pull)
            } else {
                other("object-pool, `try_pull`", "A pool of one.", pull)
            },
            if SIZE > 128 << 10 {
                close("no pool", ALLOCATED, MALLOC, allocated::<SIZE>)
            } else {
                other("no pool", ALLOCATED, allocated::<SIZE>)
            },
        ],
    })
}

const ALLOCATED: &str = "`Vec::with_capacity`, and its drop.";

fn vector<const SIZE: usize>(gets: u64) -> Sample {
    let pool = poolable::Pool::new(|| Vec::<u8>::with_capacity(SIZE));
    drop(pool.get());
    timed(gets, 1, || black_box(pool.try_get()).is_some_and(|it| it.capacity() == SIZE).into())
}

fn pulled_vector<const SIZE: usize>(gets: u64) -> Sample {
    let pool = Pool::new(1, || Vec::<u8>::with_capacity(SIZE));
    timed(gets, 1, || black_box(pool.try_pull()).is_some_and(|it| it.capacity() == SIZE).into())
}
