//! The cases by which the other pools measure themselves, with poolable beside them.
//!
//! What they time was read in their repositories and is written anew here: the same objects,
//! sizes, threads and operations, with their pool used as they use it. What differs is said.
//!
//! Whoever is faster than poolable has the reason in its row. It was found by counting: with
//! callgrind, by rustc 1.95 and glibc 2.36 on x86-64, or by what is said there.

mod byte_pool;
mod deadpool;
mod dynamic_pool;
mod lent;
mod lifeguard;
mod lockfree_object_pool;
mod object_pool;
mod opool;
mod poolshark;
mod refpool;
mod ringbuf;
mod sharded_slab;
mod spawned;
mod swimmer;
mod zeropool;

use crate::beyond::{Row, Run, Table, entry};
use crate::managed::{Quotient, Timed};
use crate::plot::Colour;
use crate::timing::{Effort, Entry};
use core::time::Duration;

/// What one neighbour times.
pub(crate) struct Headline {
    /// The package, which all rows of its own are named after.
    pub(crate) package: &'static str,
    /// Where its benchmark stands, and where its figures.
    pub(crate) source: &'static str,
    /// What is not as there, and what else is to be known.
    pub(crate) about: &'static str,
    pub(crate) cases: Vec<Case>,
}

/// One of its cases.
pub(crate) struct Case {
    pub(crate) table: Table,
    /// Rows that hand out something else than the first of poolable's does, and the row of
    /// poolable's that is like them.
    pub(crate) like: &'static [Like],
    /// Why poolable allocates here, if it has to.
    pub(crate) allocates: Option<&'static str>,
}

pub(crate) struct Like {
    pub(crate) theirs: &'static str,
    pub(crate) ours: &'static str,
}

/// The same, timed.
pub(crate) struct TimedCase {
    pub(crate) timed: Timed,
    pub(crate) like: &'static [Like],
    pub(crate) allocates: Option<&'static str>,
}

pub(crate) struct TimedHeadline {
    pub(crate) package: &'static str,
    pub(crate) source: &'static str,
    pub(crate) about: &'static str,
    pub(crate) cases: Vec<TimedCase>,
}

/// Pools of the field that have no case to be run again, and why.
pub(crate) const ABSENT: [(&str, &str); 7] = [
    ("bb8", "publishes no benchmark"),
    ("bytes-pool", "publishes no benchmark"),
    (
        "crossbeam-queue",
        "times `ArrayQueue` as a channel, through which five million messages go once \
         (`crossbeam-channel/benchmarks`): nothing is returned, and so there is nothing to pool",
    ),
    ("lease", "publishes no benchmark"),
    ("r2d2", "publishes no benchmark"),
    (
        "regex-automata",
        "its figures, in `src/util/pool.rs`, are those of a search by the regex crate of 2022, \
         with pools of which some are gone; it says that they are not easy to reproduce",
    ),
    ("typed-arena and other arenas", "free everything at once, and return nothing"),
];

pub(crate) fn all() -> Vec<Headline> {
    vec![
        object_pool::headline(),
        lockfree_object_pool::headline(),
        opool::headline(),
        poolshark::headline(),
        sharded_slab::headline(),
        zeropool::headline(),
        byte_pool::headline(),
        deadpool::headline(),
        ringbuf::headline(),
        swimmer::headline(),
        lifeguard::headline(),
        dynamic_pool::headline(),
        refpool::headline(),
    ]
}

/// `time` has a table timed, and says so.
pub(crate) fn run(time: impl Fn(Table) -> Timed) -> Vec<TimedHeadline> {
    let timed =
        |Case { table, like, allocates }: Case| TimedCase { timed: time(table), like, allocates };
    let headlines = all().into_iter().map(|headline| TimedHeadline {
        package: headline.package,
        source: headline.source,
        about: headline.about,
        cases: headline.cases.into_iter().map(timed).collect(),
    });
    headlines.collect()
}

impl TimedHeadline {
    pub(crate) fn tables(&self) -> impl Iterator<Item = &Timed> {
        self.cases.iter().map(|case| &case.timed)
    }
}

impl TimedCase {
    /// The row of poolable's that another one is held against.
    pub(crate) fn ours(&self, theirs: &str) -> &'static str {
        beside(self.like, self.timed.measured.table.rows[0].who.name, theirs)
    }

    /// Everyone who is not poolable, with how many times as fast as they poolable is.
    pub(crate) fn quotients(&self) -> impl Iterator<Item = (Row, Quotient)> {
        let others = self.timed.measured.rows().filter(|(row, _)| row.colour != Colour::Poolable);
        others.map(|(row, _)| (row, self.timed.quotient(self.ours(row.name), row.name)))
    }
}

fn beside(like: &[Like], first: &'static str, theirs: &str) -> &'static str {
    like.iter().find(|like| like.theirs == theirs).map_or(first, |like| like.ours)
}

/// For what takes nanoseconds.
const SHORT: Effort = Effort { rounds: 150, timing: Duration::from_micros(250) };
/// For what is made, or starts threads, in each timing.
const LONG: Effort = Effort { rounds: 20, timing: Duration::from_millis(2) };

/// A row of poolable's.
fn ours(name: &'static str, about: &'static str, run: Run) -> Entry<Row> {
    entry(Row { name, colour: Colour::Poolable, about, reason: None }, run)
}

/// Someone else, whom poolable is expected to be at least as fast as.
fn other(name: &'static str, about: &'static str, run: Run) -> Entry<Row> {
    entry(Row { name, colour: Colour::Other, about, reason: None }, run)
}

/// Someone else, whom it is not expected to be faster than.
fn close(name: &'static str, about: &'static str, reason: &'static str, run: Run) -> Entry<Row> {
    entry(Row { name, colour: Colour::Other, about, reason: Some(reason) }, run)
}

/// A case where every row hands out the same, and poolable allocates for none.
fn case(table: Table) -> Case {
    Case { table, like: &[], allocates: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    // What a row does is checked by the row itself: it adds up what its uses said.
    #[test]
    fn every_row_does_its_work_and_poolable_allocates_for_none() {
        for headline in all() {
            for Case { table, allocates, .. } in headline.cases {
                for Entry { who, run } in table.rows {
                    // Turns are whole ones.
                    let sample = run.expect("everyone takes part")(1_400);
                    assert!(sample.objects >= 1_000, "{}: {}", table.title, who.name);
                    if who.colour == Colour::Poolable && allocates.is_none() {
                        assert_eq!(sample.allocations, 0, "{}: {}", table.title, who.name);
                    }
                }
            }
        }
    }

    #[test]
    fn every_table_starts_with_poolable_and_has_a_plot_and_names_of_its_own() {
        let cases: Vec<Case> = all().into_iter().flat_map(|headline| headline.cases).collect();
        for (place, Case { table, like, .. }) in cases.iter().enumerate() {
            assert_eq!(table.rows[0].who.colour, Colour::Poolable);
            assert!(cases[..place].iter().all(|other| other.table.file != table.file));
            for (place, row) in table.rows.iter().enumerate() {
                assert!(table.rows[..place].iter().all(|other| other.who.name != row.who.name));
            }
            for Like { ours, .. } in *like {
                let mut rows = table.rows.iter().map(|row| row.who);
                let is_ours = |row: Row| row.name == *ours && row.colour == Colour::Poolable;
                assert!(rows.any(is_ours), "{}: {ours}", table.title);
            }
        }
    }

    #[test]
    fn whoever_is_held_against_another_row_than_the_first_takes_part() {
        for Headline { package, cases, .. } in all() {
            let rows = || cases.iter().flat_map(|case| &case.table.rows);
            for like in cases.iter().flat_map(|case| case.like) {
                assert!(
                    rows().any(|row| row.who.name == like.theirs),
                    "{package}: {}",
                    like.theirs
                );
            }
        }
    }

    #[test]
    fn whoever_measures_itself_is_in_every_table_of_its_own_and_has_a_version() {
        for Headline { package, cases, .. } in all() {
            assert!(crate::contender::version(package).is_some(), "{package}");
            for Case { table, .. } in cases {
                let mut rows = table.rows.iter();
                assert!(rows.any(|row| row.who.name.starts_with(package)), "{}", table.title);
            }
        }
    }
}
