//! poolshark: vectors, maps and strings of few elements, beside new ones.

use core::hint::black_box;
use core::marker::PhantomData;
use std::collections::HashMap;
use std::sync::LazyLock;

use poolable::{Pool, Poolable};
use poolshark::global;
use poolshark::local::LPooled;

use super::{Case, Headline, SHORT, case, ours};
use crate::beyond::work::timed;
use crate::beyond::{Row, Table, entry};
use crate::plot::Colour;
use crate::timing::Sample;

pub(super) fn headline() -> Headline {
    Headline {
        package: "poolshark",
        source: "`benches/pooling.rs`, and the report that its README shows",
        about: "Three of its twelve sizes, for each of its three kinds. Its pools are used with \
                their defaults, and the shared one with room for 1024 objects of up to 1024 \
                elements.",
        cases: vec![
            of::<Numbers, 1>("heads-poolshark-vec-1", "poolshark: a vector of 1 number"),
            of::<Numbers, 10>("heads-poolshark-vec-10", "poolshark: a vector of 10 numbers"),
            of::<Numbers, 100>("heads-poolshark-vec-100", "poolshark: a vector of 100 numbers"),
            of::<Doubles, 1>("heads-poolshark-map-1", "poolshark: a map of 1 entry"),
            of::<Doubles, 10>("heads-poolshark-map-10", "poolshark: a map of 10 entries"),
            of::<Doubles, 100>("heads-poolshark-map-100", "poolshark: a map of 100 entries"),
            of::<Letters, 1>("heads-poolshark-string-1", "poolshark: a string of 1 letter"),
            of::<Letters, 10>("heads-poolshark-string-10", "poolshark: a string of 10 letters"),
            of::<Letters, 100>("heads-poolshark-string-100", "poolshark: a string of 100 letters"),
        ],
    }
}

const SEEDS: &str = "every row keeps one map, and with it the seed of its hashes, which std draws \
                     at random for each map: one is luckier than another, and stays so for the whole \
                     run. Three runs found 1.02, 1.02 and 0.84";

fn of<K: Kind, const SIZE: u64>(file: &'static str, title: &'static str) -> Case {
    let reason = if K::IS_SEEDED { Some(SEEDS) } else { None };
    let other = |name, about, run| entry(Row { name, colour: Colour::Other, about, reason }, run);
    case(Table {
        file,
        title,
        about: "Got, filled one by one, looked at and returned, on one thread.",
        unit: "object",
        effort: SHORT,
        rows: vec![
            ours(
                "poolable, `T::pooled()`",
                "A struct with one such field.",
                run::<OfType<K>, SIZE>,
            ),
            ours("poolable, `Pool<T>`", "In a static.", run::<InStatic<K>, SIZE>),
            other("poolshark, `LPooled`", "`take`.", run::<Local<K>, SIZE>),
            other("poolshark, `GPooled`", "`take`, from a static pool.", run::<Global<K>, SIZE>),
            other("no pool", "A new one, which grows.", run::<New<K>, SIZE>),
        ],
    })
}

/// What is pooled, and all that the rows need to know of it.
trait Kind: 'static {
    /// Whether the times of two of them differ.
    const IS_SEEDED: bool;

    fn fill_new(size: u64) -> u64;
    fn fill_of_type(size: u64) -> u64;
    fn fill_in_static(size: u64) -> u64;
    fn fill_local(size: u64) -> u64;
    fn fill_global(size: u64) -> u64;
}

/// Where one comes from.
trait Way: 'static {
    fn fill(size: u64) -> u64;
}

macro_rules! ways {
    ($($way:ident, $fill:ident;)+) => { $(
        struct $way<K>(PhantomData<K>);

        impl<K: Kind> Way for $way<K> {
            #[inline(always)]
            fn fill(size: u64) -> u64 {
                K::$fill(size)
            }
        }
    )+ };
}

ways! {
    New, fill_new;
    OfType, fill_of_type;
    InStatic, fill_in_static;
    Local, fill_local;
    Global, fill_global;
}

fn run<W: Way, const SIZE: u64>(objects: u64) -> Sample {
    timed(objects, SIZE, || W::fill(black_box(SIZE)))
}

/// The kinds: how a new one is made, and how one is filled, which says how many are in it.
macro_rules! kinds {
    ($($kind:ident, $holder:ident, $ty:ty, $fill:expr, $is_seeded:literal;)+) => { $(
        #[derive(Poolable)]
        struct $holder {
            held: $ty,
        }

        struct $kind;

        impl Kind for $kind {
            const IS_SEEDED: bool = $is_seeded;

            #[inline(always)]
            fn fill_new(size: u64) -> u64 {
                $fill(&mut <$ty>::new(), size)
            }

            #[inline(always)]
            fn fill_of_type(size: u64) -> u64 {
                $fill(&mut $holder::pooled().held, size)
            }

            #[inline(always)]
            fn fill_in_static(size: u64) -> u64 {
                static POOL: Pool<$ty> = Pool::new(<$ty>::new);
                $fill(&mut POOL.get(), size)
            }

            #[inline(always)]
            fn fill_local(size: u64) -> u64 {
                $fill(&mut LPooled::<$ty>::take(), size)
            }

            #[inline(always)]
            fn fill_global(size: u64) -> u64 {
                static POOL: LazyLock<global::Pool<$ty>> =
                    LazyLock::new(|| global::Pool::new(1024, 1024));
                $fill(&mut POOL.take(), size)
            }
        }
    )+ };
}

kinds! {
    Numbers, HoldsNumbers, Vec<u64>, push_numbers, false;
    Doubles, HoldsDoubles, HashMap<u64, u64>, insert_doubles, true;
    Letters, HoldsLetters, String, push_letters, false;
}

#[inline(always)]
fn push_numbers(numbers: &mut Vec<u64>, size: u64) -> u64 {
    for number in 0..size {
        numbers.push(black_box(number));
    }
    black_box(&*numbers).len() as u64
}

#[inline(always)]
fn insert_doubles(doubles: &mut HashMap<u64, u64>, size: u64) -> u64 {
    for number in 0..size {
        doubles.insert(black_box(number), black_box(number * 2));
    }
    black_box(&*doubles).len() as u64
}

#[inline(always)]
fn push_letters(letters: &mut String, size: u64) -> u64 {
    for _ in 0..size {
        letters.push_str(black_box("x"));
    }
    black_box(&*letters).len() as u64
}
