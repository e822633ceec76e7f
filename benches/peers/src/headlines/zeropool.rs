//! zeropool: buffers of 64 KiB and of mixed sizes, by few threads and by many.

use core::hint::black_box;

use opool::PoolAllocator;
use poolable::Pool;
use poolable::buffer::BufferPool;
use zeropool::ZeroPool;

use super::lent::{as_left, touch_pages};
use super::{Case, Headline, LONG, Like, SHORT, case, close, other, ours, spawned};
use crate::beyond::work::{timed, timed_in_turn};
use crate::beyond::{Row, Run, Table};
use crate::timing::{Effort, Entry, Sample};

/// What nearly every buffer has.
const SIZE: usize = 64 << 10;
const PAGES: u64 = (SIZE / 4096) as u64;

const ZEROED: &str = "poolable, `get_zeroed`";
const LEFT: &str = "poolable, `Pool<Vec<u8>>`";
const LEFT_ABOUT: &str = "Vectors of 64 KiB, which are left as they are.";
const LIKE: &[Like] = &[
    Like { theirs: "zeropool, `alloc_uninit`", ours: LEFT },
    Like { theirs: "opool", ours: LEFT },
    Like { theirs: "object-pool", ours: LEFT },
];

pub(super) fn headline() -> Headline {
    Headline {
        package: "zeropool",
        source: "`benches/pool.rs`, and `BENCHMARKS.md`",
        about: "Its `alloc` hands out zeroes, and is held against `get_zeroed` of the one \
                `BufferPool` that a program has; opool and object-pool hand out what others left, as \
                its `alloc_uninit` does, and are held against a pool that does so. Its sweep over \
                the size of its own caches is left out, and what its statistics cost is a row: \
                poolable's are always on.",
        cases: cases(),
    }
}

fn cases() -> Vec<Case> {
    let mut cases = vec![
        written::<2>("heads-zeropool-written-2", "zeropool: 64 KiB written, 2 threads"),
        written::<4>("heads-zeropool-written-4", "zeropool: 64 KiB written, 4 threads"),
        written::<8>("heads-zeropool-written-8", "zeropool: 64 KiB written, 8 threads"),
        written::<16>("heads-zeropool-written-16", "zeropool: 64 KiB written, 16 threads"),
        sustained::<1>("heads-zeropool-sustained-1", "zeropool: sustained, 1 thread"),
        sustained::<4>("heads-zeropool-sustained-4", "zeropool: sustained, 4 threads"),
    ];
    cases.extend([hot(), mixed(), zipf()]);
    cases.extend([
        burst::<10>("heads-zeropool-burst-10", "zeropool: a burst of 10 times 64 KiB"),
        burst::<100>("heads-zeropool-burst-100", "zeropool: a burst of 100 times 64 KiB"),
        burst::<1000>("heads-zeropool-burst-1000", "zeropool: a burst of 1000 times 64 KiB"),
    ]);
    cases
}

fn theirs() -> ZeroPool {
    ZeroPool::new().min_buffer_size(0)
}

/// A vector of so many bytes, all of them there.
struct Written(usize);

impl PoolAllocator<Vec<u8>> for Written {
    fn allocate(&self) -> Vec<u8> {
        vec![0; self.0]
    }
}

/// A vector with room for as many.
struct Reserved(usize);

impl PoolAllocator<Vec<u8>> for Reserved {
    fn allocate(&self) -> Vec<u8> {
        Vec::with_capacity(self.0)
    }
}

const CACHES: &str = "threads are new, and so are the caches that they make";

fn written<const THREADS: u64>(file: &'static str, title: &'static str) -> Case {
    Case {
        like: LIKE,
        allocates: Some(CACHES),
        ..case(Table {
            file,
            title,
            about: "Threads are started, each of which gets a buffer 200 times, writes to every \
                    page of it and returns it; and are waited for. The time is that of all \
                    together, for one buffer.",
            unit: "buffer",
            effort: LONG,
            rows: written_by::<THREADS, 200>(),
        })
    }
}

/// In a test, which does not optimise, so many would take a minute.
const SUSTAINED: u64 = if cfg!(test) { 500 } else { 10_000 };

fn sustained<const THREADS: u64>(file: &'static str, title: &'static str) -> Case {
    Case {
        like: LIKE,
        allocates: Some(CACHES),
        ..case(Table {
            file,
            title,
            about: "The same 10 000 times by each thread.",
            unit: "buffer",
            effort: Effort { rounds: 5, timing: LONG.timing },
            rows: written_by::<THREADS, SUSTAINED>(),
        })
    }
}

fn written_by<const THREADS: u64, const EACH: u64>() -> Vec<Entry<Row>> {
    let object_pool: Run = |buffers| {
        let pool = object_pool::Pool::new(THREADS as usize * 4, || vec![0u8; SIZE]);
        spawned::timed(buffers, THREADS, EACH, PAGES, || {
            touch_pages(&mut pool.pull(|| vec![0; SIZE]))
        })
    };
    let opool: Run = |buffers| {
        let pool = opool::Pool::new(THREADS as usize * 4, Written(SIZE));
        spawned::timed(buffers, THREADS, EACH, PAGES, || touch_pages(&mut pool.get()))
    };
    vec![
        ours(ZEROED, "`BufferPool::global()`.", |buffers| {
            spawned::timed(buffers, THREADS, EACH, PAGES, || {
                touch_pages(&mut BufferPool::global().get_zeroed(SIZE))
            })
        }),
        ours(LEFT, LEFT_ABOUT, |buffers| {
            let pool = as_left(SIZE);
            spawned::timed(buffers, THREADS, EACH, PAGES, || touch_pages(&mut pool.get()))
        }),
        other("zeropool, `alloc`", "`min_buffer_size(0)`.", |buffers| {
            let pool = theirs();
            spawned::timed(buffers, THREADS, EACH, PAGES, || touch_pages(&mut pool.alloc(SIZE)))
        }),
        other("zeropool, `alloc_uninit`", "Through `as_uninit_mut`.", |buffers| {
            let pool = theirs();
            spawned::timed(buffers, THREADS, EACH, PAGES, || touch_uninit(&pool))
        }),
        other("opool", "A queue with room for four for each thread.", opool),
        other("object-pool", "Four for each thread.", object_pool),
        other("no pool", "`vec![0; 65536]`.", |buffers| {
            spawned::timed(buffers, THREADS, EACH, PAGES, || touch_pages(&mut vec![0; SIZE]))
        }),
    ]
}

#[inline(always)]
fn touch_uninit(pool: &ZeroPool) -> u64 {
    let mut buffer = pool.alloc_uninit(SIZE);
    let mut pages = 0;
    for page in buffer.as_uninit_mut().chunks_mut(4096) {
        page[0].write(0xab);
        pages += 1;
    }
    black_box(&mut buffer);
    pages
}

const HOT_LIKE: &[Like] = &[
    Like { theirs: "zeropool, `alloc`", ours: ZEROED },
    Like { theirs: "zeropool, `track_stats`", ours: ZEROED },
];

fn hot() -> Case {
    Case {
        like: HOT_LIKE,
        ..case(Table {
            file: "heads-zeropool-hot",
            title: "zeropool: 64 KiB, nothing written",
            about: "Get and return, on one thread.",
            unit: "buffer",
            effort: SHORT,
            rows: vec![
                ours("poolable, `get`", "`BufferPool::global()`: an empty buffer.", |buffers| {
                    timed(buffers, 1, || {
                        black_box(&BufferPool::global().get(black_box(SIZE)));
                        1
                    })
                }),
                ours(LEFT, LEFT_ABOUT, |buffers| {
                    let pool = as_left(SIZE);
                    timed(buffers, 1, || {
                        black_box(&pool.get());
                        1
                    })
                }),
                ours(ZEROED, "`BufferPool::global()`.", |buffers| {
                    timed(buffers, 1, || {
                        black_box(&BufferPool::global().get_zeroed(black_box(SIZE)));
                        1
                    })
                }),
                other("zeropool, `alloc`", "By default.", |buffers| {
                    hot_zeropool(buffers, ZeroPool::new())
                }),
                other("zeropool, `track_stats`", "`alloc`, and counted.", |buffers| {
                    hot_zeropool(buffers, ZeroPool::new().track_stats(true))
                }),
                other("zeropool, `alloc_uninit`", "By default.", |buffers| {
                    let pool = ZeroPool::new();
                    timed(buffers, 1, || {
                        black_box(&pool.alloc_uninit(black_box(SIZE)));
                        1
                    })
                }),
                other("opool", "`Pool::new(64, ..)`.", |buffers| {
                    let pool = opool::Pool::new(64, Reserved(SIZE));
                    timed(buffers, 1, || {
                        black_box(&*pool.get());
                        1
                    })
                }),
                other("object-pool", "A pool of 16.", |buffers| {
                    let pool = object_pool::Pool::new(16, || vec![0u8; SIZE]);
                    timed(buffers, 1, || {
                        black_box(&*pool.pull(|| Vec::with_capacity(SIZE)));
                        1
                    })
                }),
                other("bytes", "`BytesMut::with_capacity`.", |buffers| {
                    timed(buffers, 1, || {
                        black_box(&bytes::BytesMut::with_capacity(SIZE));
                        1
                    })
                }),
                other("no pool", "`Vec::with_capacity`.", |buffers| {
                    timed(buffers, 1, || {
                        black_box(&Vec::<u8>::with_capacity(SIZE));
                        1
                    })
                }),
            ],
        })
    }
}

fn hot_zeropool(buffers: u64, pool: ZeroPool) -> Sample {
    timed(buffers, 1, || {
        black_box(&pool.alloc(black_box(SIZE)));
        1
    })
}

const MIXED: [usize; 7] = [1 << 10, 4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20, 4 << 20];
const POOLS: &str = "A pool for each size.";
const LARGE: &str = "three of the seven sizes are of more than 128 KiB, and kept where all threads \
                     find them, behind a lock, with what they hold measured and counted: 716 \
                     instructions for a get and a return, beside 64 of object-pool and 108 of opool, \
                     which count objects";
const ZEROES: &str = "both write zeroes over 5.5 MiB in one turn, more than the caches hold, and do \
                      little else: within a run the range hangs on where the buffers lie";

fn mixed() -> Case {
    Case {
        like: LIKE,
        ..case(Table {
            file: "heads-zeropool-mixed",
            title: "zeropool: seven sizes in turn",
            about: "From 1 KiB to 4 MiB: get, write one byte, return, on one thread. The time is \
                    the mean of the seven.",
            unit: "buffer",
            effort: Effort { rounds: 60, timing: LONG.timing },
            rows: vec![
                ours(ZEROED, "A `BufferPool` of these `sizes`.", |buffers| {
                    let pool = BufferPool::builder().sizes(MIXED).build();
                    in_turn(buffers, |size, _| first(&mut pool.get_zeroed(size)))
                }),
                ours(LEFT, "A pool for each size; the vectors are left as they are.", |buffers| {
                    let pools = MIXED.map(as_left);
                    in_turn(buffers, |_, place| first(&mut pools[place].get()))
                }),
                close("zeropool", "One pool, `alloc`.", ZEROES, |buffers| {
                    let pool = theirs();
                    in_turn(buffers, |size, _| first(&mut pool.alloc(size)))
                }),
                close("opool", POOLS, LARGE, |buffers| {
                    let pools = MIXED.map(|size| opool::Pool::new(16, Written(size)));
                    in_turn(buffers, |_, place| first(&mut pools[place].get()))
                }),
                close("object-pool", POOLS, LARGE, |buffers| {
                    let pools = MIXED.map(|size| object_pool::Pool::new(16, || vec![0u8; size]));
                    in_turn(buffers, |size, place| first(&mut pools[place].pull(|| vec![0; size])))
                }),
                other("no pool", "`vec![0; size]`.", |buffers| {
                    in_turn(buffers, |size, _| first(&mut vec![0; size]))
                }),
            ],
        })
    }
}

#[inline(always)]
fn first(bytes: &mut [u8]) -> u64 {
    bytes[0] = 0xab;
    black_box(bytes);
    1
}

fn in_turn(buffers: u64, mut one: impl FnMut(usize, usize) -> u64) -> Sample {
    let count = MIXED.len() as u64;
    timed_in_turn(buffers, count, count, || {
        black_box(MIXED).into_iter().enumerate().map(|(place, size)| one(size, place)).sum()
    })
}

/// Sizes, and how many of each there are in one turn.
const ZIPF: [(usize, u64); 5] =
    [(1 << 10, 50), (4 << 10, 25), (16 << 10, 15), (64 << 10, 7), (256 << 10, 3)];

fn zipf() -> Case {
    Case {
        like: &[
            Like { theirs: "zeropool, `alloc`", ours: ZEROED },
            Like { theirs: "object-pool", ours: LEFT },
        ],
        ..case(Table {
            file: "heads-zeropool-zipf",
            title: "zeropool: many small ones, few large ones",
            about: "50 of 1 KiB, 25 of 4, 15 of 16, 7 of 64 and 3 of 256 KiB: get and return, on \
                    one thread. The time is the mean of the hundred.",
            unit: "buffer",
            effort: SHORT,
            rows: vec![
                ours("poolable, `get`", "`BufferPool::global()`: empty buffers.", |buffers| {
                    weighted(buffers, |size, _| {
                        black_box(&BufferPool::global().get(size));
                        1
                    })
                }),
                ours(ZEROED, "`BufferPool::global()`.", |buffers| {
                    weighted(buffers, |size, _| {
                        black_box(&BufferPool::global().get_zeroed(size));
                        1
                    })
                }),
                ours(LEFT, "A pool for each size; the vectors are left as they are.", |buffers| {
                    let pools = ZIPF.map(|(size, _)| as_left(size));
                    weighted(buffers, |_, place| {
                        black_box(&pools[place].get());
                        1
                    })
                }),
                other("zeropool, `alloc`", "One pool.", |buffers| {
                    let pool = theirs();
                    weighted(buffers, |size, _| {
                        black_box(&pool.alloc(size));
                        1
                    })
                }),
                other("object-pool", POOLS, |buffers| {
                    let pools =
                        ZIPF.map(|(size, _)| object_pool::Pool::new(16, || vec![0u8; size]));
                    weighted(buffers, |size, place| {
                        black_box(&*pools[place].pull(|| Vec::with_capacity(size)));
                        1
                    })
                }),
                other("no pool", "`Vec::with_capacity`.", |buffers| {
                    weighted(buffers, |size, _| {
                        black_box(&Vec::<u8>::with_capacity(size));
                        1
                    })
                }),
            ],
        })
    }
}

fn weighted(buffers: u64, mut one: impl FnMut(usize, usize) -> u64) -> Sample {
    timed_in_turn(buffers, 100, 100, || {
        let mut got = 0;
        for (place, (size, count)) in black_box(ZIPF).into_iter().enumerate() {
            for _ in 0..count {
                got += one(size, place);
            }
        }
        got
    })
}

fn burst<const COUNT: u64>(file: &'static str, title: &'static str) -> Case {
    Case {
        like: LIKE,
        ..case(Table {
            file,
            title,
            about: "All are got, a byte is written to each, and all are returned, on one thread. \
                    The list that they are kept in stays, where the benchmark makes one each time: \
                    that would be one more allocation of everybody.",
            unit: "buffer",
            effort: Effort { rounds: 40, timing: LONG.timing },
            rows: burst_rows::<COUNT>(),
        })
    }
}

const EXCHANGED: &str = "a thread keeps 1 MiB, 16 of these vectors; the others come and go by way of \
                         the list for all threads, a lock for every eight, with what they hold \
                         measured and counted: 260 instructions for a get and a return in bursts \
                         of 100, and 135 in those of 10. Of opool's queue they are 120, and of object-pool's list \
                         71, with two locks: both have room for just as many as are needed";
const FRESH: &str = "both write all of the 62 MiB of a burst of 1000, which no cache holds, and nearly \
                     all of the time is that. `vec!` has 11 page faults for each of them besides, \
                     poolable none; what the memory makes of it has not been found out";

fn burst_rows<const COUNT: u64>() -> Vec<Entry<Row>> {
    vec![
        ours(ZEROED, "A `BufferPool` of this size alone, with `max_bytes` for all.", |buffers| {
            let builder = BufferPool::builder().sizes([SIZE]);
            let pool = builder.max_bytes(2 * COUNT as usize * SIZE).build();
            let mut kept = Vec::new();
            bursts::<COUNT, _>(buffers, &mut kept, || {
                let mut buffer = pool.get_zeroed(SIZE);
                buffer[0] = 0xff;
                buffer
            })
        }),
        ours(LEFT, LEFT_ABOUT, |buffers| {
            let pool: Pool<Vec<u8>> = as_left(SIZE);
            let mut kept = Vec::new();
            bursts::<COUNT, _>(buffers, &mut kept, || {
                let mut buffer = pool.get();
                buffer[0] = 0xff;
                buffer
            })
        }),
        other("zeropool, `alloc`", "`min_buffer_size(0)`.", |buffers| {
            let pool = theirs();
            let mut kept = Vec::new();
            bursts::<COUNT, _>(buffers, &mut kept, || {
                let mut buffer = pool.alloc(SIZE);
                buffer[0] = 0xff;
                buffer
            })
        }),
        close("opool", "With room for all.", EXCHANGED, |buffers| {
            let pool = opool::Pool::new(COUNT as usize + 8, Written(SIZE));
            let mut kept = Vec::new();
            bursts::<COUNT, _>(buffers, &mut kept, || {
                let mut buffer = pool.get();
                buffer[0] = 0xff;
                buffer
            })
        }),
        close("object-pool", "Born with all.", EXCHANGED, |buffers| {
            let pool = object_pool::Pool::new(COUNT as usize + 8, || vec![0u8; SIZE]);
            let mut kept = Vec::new();
            bursts::<COUNT, _>(buffers, &mut kept, || {
                let mut buffer = pool.pull(|| vec![0; SIZE]);
                buffer[0] = 0xff;
                buffer
            })
        }),
        close("no pool", "`vec![0; 65536]`.", FRESH, |buffers| {
            let mut kept = Vec::new();
            bursts::<COUNT, _>(buffers, &mut kept, || {
                let mut buffer = vec![0u8; SIZE];
                buffer[0] = 0xff;
                buffer
            })
        }),
    ]
}

fn bursts<const COUNT: u64, B>(
    buffers: u64,
    kept: &mut Vec<B>,
    mut get: impl FnMut() -> B,
) -> Sample {
    timed_in_turn(buffers, COUNT, COUNT, || {
        kept.extend((0..COUNT).map(|_| get()));
        let count = black_box(&mut *kept).len() as u64;
        kept.clear();
        count
    })
}
