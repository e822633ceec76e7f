//! The timings.
//!
//! Every round times a fresh use and a pooled one, in turn first, and only their quotient is
//! compared between rounds: load that comes and goes hits both.
//!
//! # Rejected
//!
//! - The best of the rounds, as benchmarks of one's own have it: an allocator has good and bad
//!   phases, and a program meets all of them.
//! - Timing a reset as part of a use, less a use without one: the difference of two long times.
//!   A row of used values is reset at once instead.

use core::hint::black_box;
use core::time::Duration;
use std::panic::resume_unwind;
use std::thread;
use std::time::Instant;

use super::counting::{self, Counts};
use super::figures::{Allocations, Contest, Figures, Spread};
use super::gate::{Gate, Passed};
use crate::guard::Pooled;
use crate::poolable::Poolable;
use crate::reset::Reset;
use crate::stats::Stats;

/// Rounds of a contest. More would each be too short for the clock.
const MOST_ROUNDS: u32 = 201;
/// Rounds that there are however long they take.
const LEAST_ROUNDS: u32 = 5;
/// Values whose sizes are looked at.
const SIZES: usize = 512;
/// Of these, as many however long they take.
const LEAST_SIZES: usize = 12;
/// The longest budget.
const HOUR: Duration = Duration::from_secs(3600);
/// Values that are created, or reset, between two looks at the clock.
const ROW: usize = 64;
/// What such a row may hold: most of it stays in a core's cache, as what is used does.
const ROW_BYTES: usize = 256 << 10;

/// All figures of a type.
pub(super) fn measure<T, F>(fill: &F, threads: usize, budget: Duration) -> Figures
where
    T: Poolable<Static = T> + 'static,
    F: FnMut(&mut T) + Clone + Send,
{
    let part = |percent: u32| budget.min(HOUR) * percent / 100;
    let counts = counting::is_installed();
    let (kept, fresh) = sizes(fill.clone(), until(part(4)));
    let before = T::pool().stats();
    let (alone, uses) = alone(fill, part(if threads > 1 { 45 } else { 85 }));
    let missed = missed(&before, &T::pool().stats());
    let pooled = pooled_allocations(fill.clone(), until(part(3)));
    let row = row(size_of::<T>() + kept.iter().max().unwrap_or(&0), alone.fresh, part(6));
    let (create, reset) = create_and_reset(fill.clone(), row, until(part(6)));
    let rounds =
        if threads > 1 { together(fill, threads, uses, until(part(40))) } else { Vec::new() };
    let together = (!rounds.is_empty()).then(|| Contest::of(&rounds));
    let raw = T::pool().raw();
    let oversize = kept.iter().filter(|&&bytes| raw.is_oversize(bytes)).count();
    Figures {
        alone,
        together,
        threads,
        create,
        reset,
        allocations: counts.then_some(Allocations {
            fresh: fresh.0,
            fresh_bytes: fresh.1,
            pooled: pooled.0,
            pooled_bytes: pooled.1,
        }),
        inline_bytes: size_of::<T>(),
        oversize: oversize as f64 / kept.len() as f64,
        kept: Spread::of(kept),
        missed,
    }
}

/// The share of the gets between two looks at the statistics that created an object.
fn missed(before: &Stats, after: &Stats) -> f64 {
    let [hits, misses] =
        [after.hits - before.hits, after.misses - before.misses].map(|count| count as f64);
    misses / (hits + misses).max(1.0)
}

fn until(time: Duration) -> Instant {
    Instant::now() + time
}

/// What uses leave in a fresh value, and what they allocate: blocks and bytes of each.
fn sizes<T: Reset>(mut fill: impl FnMut(&mut T), deadline: Instant) -> (Vec<usize>, (f64, f64)) {
    let mut kept = Vec::with_capacity(SIZES);
    let mut total = (0, 0);
    while kept.len() < LEAST_SIZES || kept.len() < SIZES && Instant::now() < deadline {
        let before = Counts::here();
        let mut value = T::blank();
        fill(&mut value);
        black_box(&mut value);
        let Counts { blocks, bytes } = Counts::here().since(before);
        total = (total.0 + blocks, total.1 + bytes);
        value.reset();
        kept.push(value.retained_bytes());
    }
    let each = |sum: u64| sum as f64 / kept.len() as f64;
    let allocations = (each(total.0), each(total.1));
    (kept, allocations)
}

/// What a use of an object allocates that was used before: blocks and bytes.
fn pooled_allocations<T>(mut fill: impl FnMut(&mut T), deadline: Instant) -> (f64, f64)
where
    T: Poolable<Static = T> + 'static,
{
    let before = Counts::here();
    let mut uses = 0;
    while uses == 0 || uses < SIZES && Instant::now() < deadline {
        pooled_use(&mut fill);
        uses += 1;
    }
    let Counts { blocks, bytes } = Counts::here().since(before);
    (blocks as f64 / uses as f64, bytes as f64 / uses as f64)
}

#[inline(always)]
fn fresh_use<T: Reset>(fill: &mut impl FnMut(&mut T)) {
    let mut value = T::blank();
    fill(&mut value);
    black_box(&mut value);
}

#[inline(always)]
fn pooled_use<T: Poolable>(fill: &mut impl FnMut(&mut T)) {
    let mut value: Pooled<T> = T::pooled();
    fill(&mut value);
    black_box(&mut *value);
}

/// Nanoseconds of each of so many uses.
#[inline(never)]
fn time_fresh<T: Reset>(uses: u32, fill: &mut impl FnMut(&mut T)) -> f64 {
    let start = Instant::now();
    for _ in 0..uses {
        fresh_use(fill);
    }
    start.elapsed().as_nanos() as f64 / f64::from(uses)
}

/// Nanoseconds of each of so many uses.
#[inline(never)]
fn time_pooled<T: Poolable>(uses: u32, fill: &mut impl FnMut(&mut T)) -> f64 {
    let start = Instant::now();
    for _ in 0..uses {
        pooled_use(fill);
    }
    start.elapsed().as_nanos() as f64 / f64::from(uses)
}

/// A round: both of them, whichever is first.
fn round<T: Poolable>(
    number: u32,
    uses: u32,
    fresh: &mut impl FnMut(&mut T),
    pooled: &mut impl FnMut(&mut T),
) -> (f64, f64) {
    if number % 2 == 0 {
        let fresh = time_fresh(uses, fresh);
        (fresh, time_pooled(uses, pooled))
    } else {
        let pooled = time_pooled(uses, pooled);
        (time_fresh(uses, fresh), pooled)
    }
}

/// The contest on this thread, and how many uses each had in a round.
fn alone<T, F>(fill: &F, time: Duration) -> (Contest, u32)
where
    T: Poolable<Static = T> + 'static,
    F: FnMut(&mut T) + Clone,
{
    let (mut fresh, mut pooled) = (fill.clone(), fill.clone());
    let deadline = until(time);
    // The time of a round, and the growth of what is pooled, before anything counts.
    let wanted = time / MOST_ROUNDS;
    let mut uses = 1;
    pooled_use(&mut pooled);
    fresh_use(&mut fresh);
    let mut trial = |uses| {
        let start = Instant::now();
        round(0, uses, &mut fresh, &mut pooled);
        start.elapsed()
    };
    loop {
        let mut taken = trial(uses);
        if taken >= wanted / 2 {
            // Unless it is another program that took the time.
            taken = taken.min(trial(uses)).min(trial(uses));
        }
        if taken >= wanted / 2 || uses >= 1 << 30 {
            let fit = f64::from(uses) * wanted.as_secs_f64() / taken.as_secs_f64().max(1e-9);
            uses = (fit as u32).max(1);
            break;
        }
        uses *= 2;
    }
    let mut rounds = Vec::with_capacity(MOST_ROUNDS as usize);
    for number in 0..MOST_ROUNDS {
        if number >= LEAST_ROUNDS && Instant::now() >= deadline {
            break;
        }
        rounds.push(round(number, uses, &mut fresh, &mut pooled));
    }
    (Contest::of(&rounds), uses)
}

/// The rounds of a contest on several threads at once: the mean of the threads in each. None if there
/// cannot be so many threads.
fn together<T, F>(fill: &F, threads: usize, uses: u32, deadline: Instant) -> Vec<(f64, f64)>
where
    T: Poolable<Static = T> + 'static,
    F: FnMut(&mut T) + Clone + Send,
{
    let gate = Gate::new(threads, deadline);
    let contend = |mut fresh: F, mut pooled: F| {
        let _visit = gate.visit();
        fresh_use(&mut fresh);
        pooled_use(&mut pooled);
        let mut rounds = Vec::with_capacity(MOST_ROUNDS as usize);
        for number in 0..MOST_ROUNDS {
            match gate.pass() {
                Passed::Broken => break,
                Passed::Late if number >= LEAST_ROUNDS => break,
                Passed::Late | Passed::InTime => {}
            }
            rounds.push(round(number, uses, &mut fresh, &mut pooled));
        }
        rounds
    };
    let contend = &contend;
    // Before there is a thread that would wait for one which a panic kept from coming.
    let fills: Vec<_> = (0..threads).map(|_| (fill.clone(), fill.clone())).collect();
    // What the main thread has, or more where values are large.
    let stack_size = (8 << 20) + 4 * size_of::<T>();
    let outcomes: Vec<_> = thread::scope(|scope| {
        let mut spawned = Vec::with_capacity(threads);
        for (fresh, pooled) in fills {
            let thread = thread::Builder::new().stack_size(stack_size);
            match thread.spawn_scoped(scope, move || contend(fresh, pooled)) {
                Ok(handle) => spawned.push(handle),
                // The system has no more threads: there is no contest.
                Err(_) => gate.break_down(),
            }
        }
        spawned.into_iter().map(|thread| thread.join()).collect()
    });
    let mut of_threads = Vec::with_capacity(threads);
    for outcome in outcomes {
        of_threads.push(outcome.unwrap_or_else(|panic| resume_unwind(panic)));
    }
    let rounds = of_threads.iter().map(Vec::len).min().unwrap_or(0);
    let mean = |round: usize, of: fn(&(f64, f64)) -> f64| {
        let sum: f64 = of_threads.iter().map(|rounds| of(&rounds[round])).sum();
        sum / of_threads.len() as f64
    };
    (0..rounds).map(|round| (mean(round, |pair| pair.0), mean(round, |pair| pair.1))).collect()
}

/// How many values of so many bytes, and of so many nanoseconds, are in a row of those that are created
/// and reset at once.
fn row(bytes: usize, nanoseconds: f64, time: Duration) -> usize {
    let in_time = time.as_nanos() as f64 / nanoseconds / f64::from(2 * LEAST_ROUNDS);
    (ROW_BYTES / bytes.max(1)).min(in_time as usize).clamp(1, ROW)
}

/// Nanoseconds of a creation, and of the reset of a value at its second use: the best of some rows,
/// since these are held against fixed figures and against each other, and noise only adds.
fn create_and_reset<T: Reset>(
    mut fill: impl FnMut(&mut T),
    row: usize,
    deadline: Instant,
) -> (f64, f64) {
    let mut best = (f64::INFINITY, f64::INFINITY);
    let mut number = 0;
    while number < LEAST_ROUNDS || number < MOST_ROUNDS && Instant::now() < deadline {
        let mut values: Vec<T> = Vec::with_capacity(row);
        let start = Instant::now();
        for _ in 0..row {
            values.push(T::blank());
        }
        black_box(&mut values);
        let created = start.elapsed();
        for value in &mut values {
            fill(value);
            value.reset();
            fill(value);
        }
        black_box(&mut values);
        let start = Instant::now();
        for value in &mut values {
            value.reset();
        }
        black_box(&mut values);
        let each = |time: Duration| time.as_nanos() as f64 / row as f64;
        let reset = start.elapsed();
        best = (best.0.min(each(created)), best.1.min(each(reset)));
        number += 1;
    }
    best
}

#[cfg(test)]
mod tests {
    use core::cell::Cell;

    use super::*;

    #[test]
    fn sizes_are_those_of_fresh_values_after_their_reset() {
        let mut length = 0;
        let (kept, _) = sizes::<Vec<u8>>(
            |bytes| {
                length += 1;
                bytes.reserve_exact(length % 3 * 10);
            },
            until(Duration::from_secs(3600)),
        );
        assert_eq!(kept.len(), SIZES);
        assert_eq!(kept[..4], [10, 20, 0, 10]);
    }

    #[test]
    fn some_values_are_looked_at_however_little_time_there_is() {
        let (kept, _) = sizes::<Vec<u8>>(|bytes| bytes.reserve_exact(5), Instant::now());
        assert_eq!(kept, [5; LEAST_SIZES]);
    }

    #[test]
    fn rows_are_bounded_in_number_bytes_and_time() {
        let second = Duration::from_secs(1);
        assert_eq!(row(16, 1.0, second), ROW);
        assert_eq!(row(0, 1.0, second), ROW);
        assert_eq!(row(ROW_BYTES / 4, 1.0, second), 4);
        assert_eq!(row(16, 1e9 / 40.0, second), 4);
        assert_eq!(row(usize::MAX, 1e12, second), 1);
    }

    #[test]
    fn creation_and_reset_are_timed_apart() {
        thread_local! {
            static CREATED: Cell<u64> = const { Cell::new(0) };
            static RESET: Cell<u64> = const { Cell::new(0) };
        }
        struct Slow;
        impl Reset for Slow {
            fn blank() -> Self {
                CREATED.set(CREATED.get() + 1);
                Self
            }
            fn reset(&mut self) {
                RESET.set(RESET.get() + 1);
                let start = Instant::now();
                while start.elapsed() < Duration::from_micros(20) {}
            }
        }
        let (create, reset) = create_and_reset::<Slow>(|_| {}, 8, Instant::now());
        assert!(reset >= 20_000.0 && create < reset, "{create} and {reset}");
        let rows = u64::from(LEAST_ROUNDS) * 8;
        assert_eq!((CREATED.get(), RESET.get()), (rows, 2 * rows));
    }
}
