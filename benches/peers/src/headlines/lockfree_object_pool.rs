//! lockfree-object-pool: objects made, objects returned, objects got again, and objects that go
//! from thread to thread.

mod forward;
mod lender;

use core::hint::black_box;
use std::sync::Barrier;
use std::thread;
use std::time::Instant;

use self::forward::forwarded;
use self::lender::{Lender, Linear, Locked, MadePool, MadePooled, NoPool, OfType, Spinning};
use super::{Case, Headline, LONG, case, ours};
use crate::beyond::{Row, Run, Table, entry};
use crate::plot::Colour;
use crate::timing::{Effort, Entry, Sample};
use poolable_peers::allocations;

/// What every vector has room for.
const SIZE: usize = 16 << 10;
/// Threads of the cases with several.
const THREADS: usize = 5;
/// The most objects of a timing whose pool is new: 128 MiB.
const MOST: u64 = 8192;
/// For what takes long to prepare.
const FEW: Effort = Effort { rounds: 12, timing: LONG.timing };

pub(super) fn headline() -> Headline {
    Headline {
        package: "lockfree-object-pool",
        source: "`benches/bench.rs`, and the tables of its README",
        about: "Objects are `Vec<u8>`s with room for 16 KiB, which nobody writes to. None of its \
                pools has a limit, and so the pools of poolable were given none that matters \
                here: `max_idle` and `max_bytes` are set. object-pool and sharded-slab, which it \
                times as well, stand in the cases further up. Its times for several threads are \
                divided by five, whatever the count of objects; here a time is that of all threads \
                together, for one object.",
        cases: cases(),
    }
}

fn cases() -> Vec<Case> {
    const MAKES: &str = "every object of this case is new";
    const MADE: Option<&str> = Some(
        "a new object of poolable's is two blocks, the vector and a place for it, which is \
         measured and noted: 1018 instructions, beside 558 of the linear pool and 242 of the \
         vector alone. Page faults, 0.2 to 1 for each object, are the rest, and hit whoever comes \
         when the C library has just given memory back: the order of these rows changes from run \
         to run",
    );
    const RETURNED: Option<&str> = Some(
        "a return clears the vector, measures it, compares it with the limits, and moves it by \
         way of a list of the thread to one for all threads: 96 instructions and 1.7 misses of the \
         first cache for each. That of the linear pool sets a bit, with 18 and 0.4, for which its \
         get has to search: see the table of reuse. Those that have a list behind a lock push the \
         vector itself, without a look at it: 76 and 0.9",
    );
    const GROWS: &str = "the list of a new pool grows";
    let makes = |table| Case { allocates: Some(MAKES), ..case(table) };
    let grows = |table| Case { allocates: Some(GROWS), ..case(table) };
    vec![
        makes(Table {
            file: "heads-lockfree-allocation",
            title: "lockfree-object-pool: allocation",
            about: "Objects are got from a new pool and kept, on one thread: each of them is made.",
            unit: "object",
            effort: LONG,
            rows: rows(
                MADE,
                Runs {
                    of_type: allocation::<OfType>,
                    made: allocation::<MadePool>,
                    linear: allocation::<Linear>,
                    spinning: allocation::<Spinning>,
                    locked: allocation::<Locked>,
                    none: allocation::<NoPool>,
                },
            ),
        }),
        makes(Table {
            file: "heads-lockfree-allocation-five",
            title: "lockfree-object-pool: allocation by five threads",
            about: "The same on five threads at once, from one pool.",
            unit: "object",
            effort: LONG,
            rows: rows(
                MADE,
                Runs {
                    of_type: allocation_by_five::<OfType>,
                    made: allocation_by_five::<MadePool>,
                    linear: allocation_by_five::<Linear>,
                    spinning: allocation_by_five::<Spinning>,
                    locked: allocation_by_five::<Locked>,
                    none: allocation_by_five::<NoPool>,
                },
            ),
        }),
        grows(Table {
            file: "heads-lockfree-free",
            title: "lockfree-object-pool: free",
            about: "What was got from a new pool is returned, on one thread. Only that is timed.",
            unit: "object",
            effort: LONG,
            rows: rows(
                RETURNED,
                Runs {
                    of_type: free::<OfType>,
                    made: free::<MadePool>,
                    linear: free::<Linear>,
                    spinning: free::<Spinning>,
                    locked: free::<Locked>,
                    none: free::<NoPool>,
                },
            ),
        }),
        grows(Table {
            file: "heads-lockfree-free-five",
            title: "lockfree-object-pool: free by five threads",
            about: "The same on five threads at once.",
            unit: "object",
            effort: LONG,
            rows: rows(
                RETURNED,
                Runs {
                    of_type: free_by_five::<OfType>,
                    made: free_by_five::<MadePool>,
                    linear: free_by_five::<Linear>,
                    spinning: free_by_five::<Spinning>,
                    locked: free_by_five::<Locked>,
                    none: free_by_five::<NoPool>,
                },
            ),
        }),
        case(Table {
            file: "heads-lockfree-reuse",
            title: "lockfree-object-pool: reuse",
            about: "Of the 16384 objects that a pool has idle, 8192 are got and kept, on one \
                    thread. Only that is timed.",
            unit: "object",
            effort: FEW,
            rows: rows(
                None,
                Runs {
                    of_type: reuse::<OfType>,
                    made: reuse::<MadePool>,
                    linear: reuse::<Linear>,
                    spinning: reuse::<Spinning>,
                    locked: reuse::<Locked>,
                    none: reuse::<NoPool>,
                },
            ),
        }),
        forward::<1, 1>("heads-lockfree-forward-1-1", "lockfree-object-pool: forward, 1 to 1"),
        forward::<1, 5>("heads-lockfree-forward-1-5", "lockfree-object-pool: forward, 1 to 5"),
        forward::<5, 1>("heads-lockfree-forward-5-1", "lockfree-object-pool: forward, 5 to 1"),
        forward::<5, 5>("heads-lockfree-forward-5-5", "lockfree-object-pool: forward, 5 to 5"),
    ]
}

fn forward<const FROM: usize, const TO: usize>(file: &'static str, title: &'static str) -> Case {
    Case {
        allocates: Some(
            "the queue has no limit, and as many objects are made as are in it at one time",
        ),
        ..case(Table {
            file,
            title,
            about: "So many threads get objects and push them into a queue, which is a `VecDeque` \
                    behind a lock and has no limit; so many others pop and return them. The time is \
                    from the first push to the last return, for one object. Whoever is slower to \
                    push than the others are to pop has an empty queue to wait at.",
            unit: "object",
            effort: LONG,
            rows: rows(
                None,
                Runs {
                    of_type: forwarded::<OfType, FROM, TO>,
                    made: forwarded::<MadePooled, FROM, TO>,
                    linear: forwarded::<Linear, FROM, TO>,
                    spinning: forwarded::<Spinning, FROM, TO>,
                    locked: forwarded::<Locked, FROM, TO>,
                    none: forwarded::<NoPool, FROM, TO>,
                },
            ),
        })
    }
}

struct Runs {
    of_type: Run,
    made: Run,
    linear: Run,
    spinning: Run,
    locked: Run,
    none: Run,
}

/// `reason`: why theirs may be faster.
fn rows(reason: Option<&'static str>, runs: Runs) -> Vec<Entry<Row>> {
    let other = |name, about, run| entry(Row { name, colour: Colour::Other, about, reason }, run);
    vec![
        ours("poolable, `T::pooled()`", "The pool of the type, emptied before.", runs.of_type),
        ours("poolable, `Pool<Vec<u8>>`", "Made anew for each timing.", runs.made),
        other("lockfree-object-pool, linear", "`LinearObjectPool`.", runs.linear),
        other("lockfree-object-pool, spin lock", "`SpinLockObjectPool`.", runs.spinning),
        other("lockfree-object-pool, mutex", "`MutexObjectPool`.", runs.locked),
        other("lockfree-object-pool, none", "`NoneObjectPool`: it makes and frees.", runs.none),
    ]
}

fn allocation<L: Lender>(objects: u64) -> Sample {
    let objects = objects.min(MOST);
    let lender = L::new();
    let mut items = Vec::with_capacity(objects as usize);
    let allocated = allocations::count();
    let start = Instant::now();
    for _ in 0..objects {
        items.push(black_box(lender.get()));
    }
    let elapsed = start.elapsed();
    let allocations = allocations::count() - allocated;
    assert_eq!(items.len() as u64, objects);
    Sample { nanoseconds: elapsed.as_secs_f64() * 1e9 / objects as f64, objects, allocations }
}

fn free<L: Lender>(objects: u64) -> Sample {
    let objects = objects.min(MOST);
    let lender = L::new();
    // Those who prepare their lists at the first return have done so.
    drop(lender.get());
    let mut items: Vec<_> = (0..objects).map(|_| lender.get()).collect();
    let allocated = allocations::count();
    let start = Instant::now();
    items.clear();
    let elapsed = start.elapsed();
    let allocations = allocations::count() - allocated;
    Sample { nanoseconds: elapsed.as_secs_f64() * 1e9 / objects as f64, objects, allocations }
}

fn reuse<L: Lender>(objects: u64) -> Sample {
    // In a test the search of the linear pool would take minutes.
    const IDLE: usize = if cfg!(test) { 1 << 11 } else { 1 << 14 };
    const TAKEN: u64 = IDLE as u64 / 2;
    let lender = L::new();
    drop((0..IDLE).map(|_| lender.get()).collect::<Vec<_>>());
    let mut items = Vec::with_capacity(IDLE);
    let (mut nanoseconds, mut allocations) = (0.0, 0);
    let turns = objects.div_ceil(TAKEN);
    for _ in 0..turns {
        let allocated = allocations::count();
        let start = Instant::now();
        for _ in 0..TAKEN {
            items.push(black_box(lender.get()));
        }
        nanoseconds += start.elapsed().as_secs_f64() * 1e9;
        allocations += allocations::count() - allocated;
        items.clear();
    }
    let objects = turns * TAKEN;
    Sample { nanoseconds: nanoseconds / objects as f64, objects, allocations }
}

fn allocation_by_five<L: Lender>(objects: u64) -> Sample {
    let lender = L::new();
    by_five(objects, |each, barrier| {
        let mut items = Vec::with_capacity(each);
        let part = on_the_clock(barrier, || {
            for _ in 0..each {
                items.push(black_box(lender.get()));
            }
        });
        // What one has returned another would get.
        barrier.wait();
        assert_eq!(items.len(), each);
        part
    })
}

fn free_by_five<L: Lender>(objects: u64) -> Sample {
    let lender = L::new();
    by_five(objects, |each, barrier| {
        drop(lender.get());
        let mut items: Vec<_> = (0..each).map(|_| lender.get()).collect();
        on_the_clock(barrier, || items.clear())
    })
}

type Part = (Instant, Instant, u64);

fn on_the_clock(barrier: &Barrier, work: impl FnOnce()) -> Part {
    let allocated = allocations::count();
    barrier.wait();
    let start = Instant::now();
    work();
    (start, Instant::now(), allocations::count() - allocated)
}

/// From the first beginning to the last end.
fn by_five(objects: u64, part: impl Fn(usize, &Barrier) -> Part + Sync) -> Sample {
    let each = objects.min(MOST).div_ceil(THREADS as u64);
    let barrier = Barrier::new(THREADS);
    let parts: Vec<Part> = thread::scope(|scope| {
        let threads: Vec<_> =
            (0..THREADS).map(|_| scope.spawn(|| part(each as usize, &barrier))).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    });
    let start = parts.iter().map(|part| part.0).min().expect("a thread");
    let end = parts.iter().map(|part| part.1).max().expect("a thread");
    let objects = each * THREADS as u64;
    Sample {
        nanoseconds: (end - start).as_secs_f64() * 1e9 / objects as f64,
        objects,
        allocations: parts.iter().map(|part| part.2).sum(),
    }
}
