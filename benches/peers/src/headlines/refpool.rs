//! refpool: counted references to a number and to a large array, beside `Rc`.

use core::hint::black_box;
use std::rc::Rc;
use std::time::Instant;

use poolable::{Poolable, Pooled};
use refpool::{Pool, PoolDefault, PoolDefaultImpl, PoolRef};

use super::{Case, Headline, SHORT, case, close, other, ours};
use crate::beyond::Table;
use crate::beyond::work::timed;
use crate::timing::{Effort, Sample};
use core::time::Duration;
use poolable_peers::allocations;

/// Objects in every pool.
const OBJECTS: usize = 1024;

pub(super) fn headline() -> Headline {
    Headline {
        package: "refpool",
        source: "`benches/pool.rs`; it publishes no figures",
        about: "Objects are a `usize` and an array of 1024 of them, all zero, which is written \
                anew for each. Its references are counted and for one thread: they are held \
                against guards of a `local` type, which stands first, and against `Shared`, which \
                is counted too. The smallest of its eight counts is here, 1024. It is timed with \
                what it calls a full pool.",
        cases: vec![
            realloc::<Number>("heads-refpool-number", "refpool: a number after the other"),
            realloc::<Lump>("heads-refpool-array", "refpool: an array after the other"),
            alloc::<Number>("heads-refpool-number-kept", "refpool: numbers that are kept"),
            alloc::<Lump>("heads-refpool-array-kept", "refpool: arrays that are kept"),
        ],
    }
}

/// What is pooled, in each of the ways.
trait Kind: 'static {
    type Plain: Default + 'static;
    type Local: Poolable + 'static;
    type Anywhere: Poolable + 'static;

    fn local() -> Pooled<Self::Local>;
    fn anywhere() -> Pooled<Self::Anywhere>;
}

#[derive(Poolable)]
#[pool(local, cache = 1024)]
struct LocalNumber {
    _number: usize,
}

#[derive(Poolable)]
struct SharedNumber {
    _number: usize,
}

struct Number;

impl Kind for Number {
    type Plain = usize;
    type Local = LocalNumber;
    type Anywhere = SharedNumber;

    #[inline(always)]
    fn local() -> Pooled<LocalNumber> {
        LocalNumber::pooled()
    }

    #[inline(always)]
    fn anywhere() -> Pooled<SharedNumber> {
        SharedNumber::pooled()
    }
}

const LENGTH: usize = 1024;

struct Array(#[expect(dead_code, reason = "nobody reads it")] [usize; LENGTH]);

impl Default for Array {
    fn default() -> Self {
        Self([0; LENGTH])
    }
}

#[derive(Poolable)]
#[pool(local, cache = 1024)]
struct LocalLump {
    _numbers: [usize; LENGTH],
}

#[derive(Poolable)]
struct SharedLump {
    _numbers: [usize; LENGTH],
}

struct Lump;

impl Kind for Lump {
    type Plain = Array;
    type Local = LocalLump;
    type Anywhere = SharedLump;

    #[inline(always)]
    fn local() -> Pooled<LocalLump> {
        LocalLump::pooled()
    }

    #[inline(always)]
    fn anywhere() -> Pooled<SharedLump> {
        SharedLump::pooled()
    }
}

impl PoolDefaultImpl for Array {}

const LOCAL: &str = "poolable, `local`";
const ANYWHERE: &str = "poolable, `T::pooled()`";
const COUNTED: &str = "poolable, `Shared`";

const ZEROED: &str = "an array is written over with zeroes once by either, and little else is done. \
                      What is left is where the objects lie: poolable's own rows differ as much";

fn realloc<K: Kind>(file: &'static str, title: &'static str) -> Case
where
    K::Plain: PoolDefault,
{
    case(Table {
        file,
        title,
        about: "Got, all zero, and dropped, on one thread.",
        unit: "object",
        effort: SHORT,
        rows: vec![
            ours(LOCAL, "A guard of a pool for each thread.", |objects| again(objects, K::local)),
            ours(ANYWHERE, "A guard that may go anywhere.", |objects| again(objects, K::anywhere)),
            ours(COUNTED, "`Pooled::share`: may be cloned.", |objects| {
                again(objects, || Pooled::share(K::anywhere()))
            }),
            close("refpool", "`PoolRef::default`.", ZEROED, |objects| {
                let pool = Pool::<K::Plain>::new(OBJECTS);
                again(objects, || PoolRef::default(&pool))
            }),
            other("no pool", "`Rc::default`.", |objects| again(objects, Rc::<K::Plain>::default)),
        ],
    })
}

fn again<P>(objects: u64, get: impl Fn() -> P) -> Sample {
    timed(objects, 1, || {
        drop(black_box(get()));
        1
    })
}

const POPPED: &str = "a get is 43 instructions of either, and get and drop together are 61 of \
                      poolable's and 65 of refpool's: what is left is where the objects lie. The \
                      first run found 0.74, the second 0.93";

fn alloc<K: Kind>(file: &'static str, title: &'static str) -> Case
where
    K::Plain: PoolDefault,
{
    case(Table {
        file,
        title,
        about: "1024 are got from a pool with as many idle, on one thread. Only that is timed: \
                refpool and `Rc` write the zeroes in it, poolable has written them when its \
                objects were returned. The tables of one after the other have both in the time.",
        unit: "object",
        effort: Effort { rounds: 60, timing: Duration::from_micros(500) },
        rows: vec![
            ours(LOCAL, "A guard of a pool for each thread.", |objects| kept(objects, K::local)),
            ours(ANYWHERE, "A guard that may go anywhere.", |objects| kept(objects, K::anywhere)),
            ours(COUNTED, "`Pooled::share`: may be cloned.", |objects| {
                kept(objects, || Pooled::share(K::anywhere()))
            }),
            close("refpool", "`PoolRef::default`.", POPPED, |objects| {
                let pool = Pool::<K::Plain>::new(OBJECTS).filled();
                kept(objects, || PoolRef::default(&pool))
            }),
            other("no pool", "`Rc::default`.", |objects| kept(objects, Rc::<K::Plain>::default)),
        ],
    })
}

fn kept<P>(objects: u64, get: impl Fn() -> P) -> Sample {
    let mut kept: Vec<P> = (0..OBJECTS).map(|_| get()).collect();
    let turns = objects.div_ceil(OBJECTS as u64);
    let (mut nanoseconds, mut allocations) = (0.0, 0);
    for _ in 0..turns {
        kept.clear();
        let allocated = allocations::count();
        let start = Instant::now();
        for _ in 0..OBJECTS {
            kept.push(get());
        }
        nanoseconds += start.elapsed().as_secs_f64() * 1e9;
        allocations += allocations::count() - allocated;
        assert_eq!(black_box(&mut kept).len(), OBJECTS);
    }
    let objects = turns * OBJECTS as u64;
    Sample { nanoseconds: nanoseconds / objects as f64, objects, allocations }
}
