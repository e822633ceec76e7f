//! sharded-slab: numbers that are inserted and removed, beside a slab behind a lock.

use core::hint::black_box;
use std::sync::{Barrier, RwLock};
use std::thread;
use std::time::Instant;

use poolable::{Pool, Poolable};
use sharded_slab::Slab;

use super::{Case, Headline, LONG, SHORT, case, close, other, ours};
use crate::beyond::Table;
use crate::beyond::work::timed_in_turn;
use crate::timing::Sample;
use poolable_peers::allocations;

pub(super) fn headline() -> Headline {
    Headline {
        package: "sharded-slab",
        source: "`benches/bench.rs`, and the two graphs of its README",
        about: "Numbers are inserted, which gives a key for each; then all of them are removed, by \
                their keys. A pool has no keys: an object is got, the number is written into it, \
                and the guard stands for the key. Two of its seven counts are here. The list of \
                keys is kept, where its benchmark makes one each time: that would be the one \
                allocation of everybody.",
        cases: vec![
            alone::<100>("heads-sharded-slab-100", "sharded-slab: 100 numbers"),
            alone::<5000>("heads-sharded-slab-5000", "sharded-slab: 5000 numbers"),
            by_four::<100>(
                "heads-sharded-slab-four-100",
                "sharded-slab: 100 numbers, four threads",
            ),
            by_four::<5000>(
                "heads-sharded-slab-four-5000",
                "sharded-slab: 5000 numbers, four threads",
            ),
        ],
    }
}

const SLAB: &str = "a slab of its thread alone: no lock, no counter, no guard that goes where it \
                    likes, and its numbers lie side by side: 47 instructions for an insert and a \
                    remove, beside 183";

const RWLOCK: &str = "the slab's 47 instructions, and two locks that are free most of the time: on \
                      processors where such a lock takes 2 or 3 ns, as on that of this section, \
                      this is less than 183 instructions. Threads that meet pay more";

fn alone<const COUNT: u64>(file: &'static str, title: &'static str) -> Case {
    case(Table {
        file,
        title,
        about: "Insert all, remove all, on one thread.",
        unit: "number",
        effort: SHORT,
        rows: vec![
            ours("poolable, `T::pooled()`", "With `max_idle = 8192`.", of_type::<COUNT>),
            ours("poolable, `Pool<usize>`", "The same.", made::<COUNT>),
            other("sharded-slab", "`Slab::insert`, `remove`.", sharded::<COUNT>),
            close("slab", "Its own, without a lock.", SLAB, slab::<COUNT>),
            close("slab in a `RwLock`", "Locked for each of them.", RWLOCK, locked::<COUNT>),
        ],
    })
}

#[derive(Poolable)]
#[pool(max_idle = 8192)]
struct Number {
    number: usize,
}

fn pool() -> Pool<usize> {
    Pool::builder().max_idle(8192).build()
}

/// Inserts all numbers, removes all, and says how many there were.
#[inline(always)]
fn turn<K>(
    keys: &mut Vec<K>,
    count: u64,
    mut insert: impl FnMut(usize) -> K,
    mut remove: impl FnMut(K) -> bool,
) -> u64 {
    for number in 0..count as usize {
        keys.push(insert(black_box(number)));
    }
    let mut removed = 0;
    for key in keys.drain(..) {
        removed += u64::from(remove(key));
    }
    removed
}

#[inline(always)]
fn of_type_turn(keys: &mut Vec<poolable::Pooled<Number>>, count: u64) -> u64 {
    let insert = |number| {
        let mut guard = Number::pooled();
        guard.number = number;
        guard
    };
    turn(keys, count, insert, |guard| black_box(guard.number) < count as usize)
}

fn of_type<const COUNT: u64>(numbers: u64) -> Sample {
    let mut keys = Vec::new();
    timed_in_turn(numbers, COUNT, COUNT, || of_type_turn(&mut keys, COUNT))
}

#[inline(always)]
fn made_turn<'a>(
    pool: &'a Pool<usize>,
    keys: &mut Vec<poolable::PooledRef<'a, usize>>,
    count: u64,
) -> u64 {
    let insert = |number| {
        let mut guard = pool.get();
        *guard = number;
        guard
    };
    turn(keys, count, insert, |guard| black_box(*guard) < count as usize)
}

fn made<const COUNT: u64>(numbers: u64) -> Sample {
    let (pool, mut keys) = (pool(), Vec::new());
    timed_in_turn(numbers, COUNT, COUNT, || made_turn(&pool, &mut keys, COUNT))
}

#[inline(always)]
fn sharded_turn(slab: &Slab<usize>, keys: &mut Vec<usize>, count: u64) -> u64 {
    let insert = |number| slab.insert(number).expect("the slab has room");
    turn(keys, count, insert, |key| slab.remove(key))
}

fn sharded<const COUNT: u64>(numbers: u64) -> Sample {
    let (slab, mut keys) = (Slab::new(), Vec::new());
    timed_in_turn(numbers, COUNT, COUNT, || sharded_turn(&slab, &mut keys, COUNT))
}

fn slab<const COUNT: u64>(numbers: u64) -> Sample {
    let (slab, mut keys) = (core::cell::RefCell::new(slab::Slab::new()), Vec::new());
    timed_in_turn(numbers, COUNT, COUNT, || {
        let mut slab = slab.borrow_mut();
        for number in 0..COUNT as usize {
            keys.push(slab.insert(black_box(number)));
        }
        let mut removed = 0;
        for key in keys.drain(..) {
            removed += u64::from(slab.remove(key) < COUNT as usize);
        }
        removed
    })
}

const SOUND: &str = "nobody panics under the lock";

#[inline(always)]
fn locked_turn(slab: &RwLock<slab::Slab<usize>>, keys: &mut Vec<usize>, count: u64) -> u64 {
    let insert = |number| slab.write().expect(SOUND).insert(number);
    let remove = |key| slab.write().expect(SOUND).remove(key) < count as usize;
    turn(keys, count, insert, remove)
}

fn locked<const COUNT: u64>(numbers: u64) -> Sample {
    let (slab, mut keys) = (RwLock::new(slab::Slab::new()), Vec::new());
    timed_in_turn(numbers, COUNT, COUNT, || locked_turn(&slab, &mut keys, COUNT))
}

const MADE: &str = "four threads have up to 20 000 objects out at once, and the pool keeps 8192: about \
                    one in 20 is freed and made anew, how many hangs on how the threads share the \
                    cores. Runs found 0.85 and 1.11";

fn by_four<const COUNT: u64>(file: &'static str, title: &'static str) -> Case {
    Case {
        allocates: Some("threads are new, and so are the caches that they make"),
        ..case(Table {
            file,
            title,
            about: "Insert all, remove all, on each of four new threads at once, with a slab that \
                    is new as well. The pool of a type lives as long as the program, and is not. \
                    The time is from the moment when all four are ready until all are done, for \
                    one number of one thread.",
            unit: "number",
            effort: LONG,
            rows: vec![
                ours("poolable, `T::pooled()`", "With `max_idle = 8192`.", |numbers| {
                    four(numbers, COUNT, || (), |(), keys, count| of_type_turn(keys, count))
                }),
                ours("poolable, `Pool<usize>`", "New: it makes every object.", |numbers| {
                    four_made::<COUNT>(numbers)
                }),
                close("sharded-slab", "New.", MADE, |numbers| {
                    four(numbers, COUNT, Slab::new, |slab, keys, count| {
                        sharded_turn(slab, keys, count)
                    })
                }),
                close("slab in a `RwLock`", "New, locked for each number.", RWLOCK, |numbers| {
                    four(numbers, COUNT, || RwLock::new(slab::Slab::new()), locked_turn)
                }),
            ],
        })
    }
}

fn four<S: Sync, K>(
    numbers: u64,
    count: u64,
    new: impl Fn() -> S,
    turn: impl Fn(&S, &mut Vec<K>, u64) -> u64 + Sync,
) -> Sample {
    repeated(numbers, count, || {
        let shared = new();
        at_once(|ready| {
            let mut keys = Vec::with_capacity(count as usize);
            ready(&mut || turn(&shared, &mut keys, count))
        })
    })
}

fn four_made<const COUNT: u64>(numbers: u64) -> Sample {
    repeated(numbers, COUNT, || {
        let pool = pool();
        at_once(|ready| {
            let mut keys = Vec::with_capacity(COUNT as usize);
            ready(&mut || made_turn(&pool, &mut keys, COUNT))
        })
    })
}

const THREADS: usize = 4;
/// When all were ready, when all were done, how many numbers were removed, and what was allocated.
type Turn = (Instant, Instant, u64, u64);

/// Has `thread` run by each of four threads, which says when it is ready, and with what.
fn at_once(thread: impl Fn(&dyn Fn(&mut dyn FnMut() -> u64) -> Turn) -> Turn + Sync) -> Turn {
    let barrier = Barrier::new(THREADS);
    let ready = |work: &mut dyn FnMut() -> u64| {
        let before = allocations::count();
        barrier.wait();
        let start = Instant::now();
        let removed = work();
        (start, Instant::now(), removed, allocations::count() - before)
    };
    let turns: Vec<Turn> = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(|| thread(&ready))).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    });
    turns
        .into_iter()
        .reduce(|a, b| (a.0.min(b.0), a.1.max(b.1), a.2 + b.2, a.3 + b.3))
        .expect("four threads")
}

fn repeated(numbers: u64, count: u64, one: impl Fn() -> Turn) -> Sample {
    let turns = numbers.div_ceil(count * THREADS as u64);
    // The first one creates.
    one();
    let (mut nanoseconds, mut allocations) = (0.0, 0);
    for _ in 0..turns {
        let (start, end, removed, allocated) = one();
        assert_eq!(removed, count * THREADS as u64, "the work was not done");
        nanoseconds += (end - start).as_secs_f64() * 1e9;
        allocations += allocated;
    }
    let objects = turns * count * THREADS as u64;
    Sample { nanoseconds: nanoseconds / objects as f64, objects, allocations }
}
