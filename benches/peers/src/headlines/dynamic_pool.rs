//! dynamic-pool: a person with a short name, beside one that is made and dropped.

use core::hint::black_box;

use dynamic_pool::{DynamicPool, DynamicReset};
use poolable::Poolable;

use super::{Headline, SHORT, case, other, ours};
use crate::beyond::Table;
use crate::beyond::work::timed;
use crate::timing::Sample;

pub(super) fn headline() -> Headline {
    Headline {
        package: "dynamic-pool",
        source: "`benches/bench.rs` of its repository; it publishes no figures",
        about: "A struct of a `String` and a `u8` is got, filled and returned. Its benchmark \
                resets each of them by hand, and then the pool does so once more; here, too.",
        cases: vec![case(Table {
            file: "heads-dynamic-pool",
            title: "dynamic-pool: a person",
            about: "Get, write a name of three letters and an age, return, on one thread.",
            unit: "person",
            effort: SHORT,
            rows: vec![
                ours("poolable, `T::pooled()`", "The reset is derived.", pooled),
                ours("poolable, `Pool<T>`", "`get`, by default.", made),
                other("dynamic-pool", "`DynamicPool::new(1000, 10000, ..)`, `take`.", taken),
                other("no pool", "A new one, dropped.", fresh),
            ],
        })],
    }
}

#[derive(Default, Poolable)]
struct Person {
    name: String,
    age: u8,
}

impl DynamicReset for Person {
    fn reset(&mut self) {
        self.name.clear();
        self.age = 0;
    }
}

/// What all of them say.
const SAID: u64 = 13;

#[inline(always)]
fn fill(person: &mut Person) -> u64 {
    person.age = black_box(10);
    person.name.push_str(black_box("ban"));
    black_box(&person);
    u64::from(person.age) + person.name.len() as u64
}

fn pooled(gets: u64) -> Sample {
    timed(gets, SAID, || fill(&mut Person::pooled()))
}

fn made(gets: u64) -> Sample {
    let pool = poolable::Pool::<Person>::builder().build();
    timed(gets, SAID, || fill(&mut pool.get()))
}

fn taken(gets: u64) -> Sample {
    let pool = DynamicPool::new(1000, 10000, Person::default);
    timed(gets, SAID, || {
        let mut person = pool.take();
        let said = fill(&mut person);
        DynamicReset::reset(&mut *person);
        said
    })
}

fn fresh(gets: u64) -> Sample {
    timed(gets, SAID, || fill(&mut Person::default()))
}
