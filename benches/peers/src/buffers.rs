//! Pooled buffers, rings and copying, each beside what programs have without poolable.

mod copying;
mod frozen;
pub(crate) mod hit;
mod mixed;
pub(crate) mod ring;
mod shifting;
mod source;
mod sources;

pub(crate) use self::frozen::Frozen;
pub(crate) use self::mixed::load::THREADS;
pub(crate) use self::mixed::{Memory, POOLABLE};
pub(crate) use self::shifting::Phase;

use crate::beyond::{Row, Run, Table, entry};
use crate::managed::Timed;
use crate::plot::Colour;
use crate::timing::Entry;

/// Everything that was found out about them.
pub(crate) struct Results {
    pub(crate) hits: Vec<Timed>,
    pub(crate) freeze: Timed,
    pub(crate) frozen: Vec<Frozen>,
    pub(crate) mixed: Timed,
    /// Or why it is not known.
    pub(crate) memory: Result<Vec<Memory>, String>,
    pub(crate) rings: Vec<Timed>,
    pub(crate) copies: Vec<Timed>,
    pub(crate) phases: Vec<Phase>,
}

impl Results {
    /// `time` has a table timed, and says so.
    pub(crate) fn new(is_quick: bool, time: impl Fn(Table) -> Timed) -> Self {
        Self {
            hits: hit::tables().into_iter().map(&time).collect(),
            freeze: time(frozen::table()),
            frozen: frozen::look_at_all(),
            mixed: time(mixed::table()),
            memory: mixed::memory(is_quick),
            rings: ring::tables().into_iter().map(&time).collect(),
            copies: copying::tables().into_iter().map(&time).collect(),
            phases: shifting::run(is_quick),
        }
    }

    /// What was timed.
    pub(crate) fn tables(&self) -> impl Iterator<Item = &Timed> {
        let hits = self.hits.iter().chain([&self.freeze, &self.mixed]);
        hits.chain(&self.rings).chain(&self.copies)
    }

    /// # Panics
    ///
    /// If no table has that name.
    pub(crate) fn table(&self, file: &str) -> &Timed {
        let mut tables = self.tables();
        tables.find(|timed| timed.measured.table.file == file).expect("every table ran")
    }
}

/// A row of poolable's.
fn ours(name: &'static str, about: &'static str, run: Run) -> Entry<Row> {
    entry(Row { name, colour: Colour::Poolable, about, reason: None }, run)
}

/// Someone else.
fn other(name: &'static str, about: &'static str, run: Run) -> Entry<Row> {
    entry(Row { name, colour: Colour::Other, about, reason: None }, run)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tables() -> Vec<Table> {
        let mut tables = hit::tables();
        tables.extend([frozen::table(), mixed::table()]);
        tables.extend(ring::tables());
        tables.extend(copying::tables());
        tables
    }

    // What a row does is checked by the row itself: it adds up what its uses said.
    #[test]
    fn every_row_does_its_work() {
        for table in tables() {
            for Entry { who, run } in table.rows {
                // A multiple of what most copies are of, in KiB.
                let sample = run.expect("everyone takes part")(1024);
                assert!(sample.objects >= 1024, "{}: {}", table.title, who.name);
            }
        }
    }

    #[test]
    fn poolable_allocates_for_no_buffer_that_comes_back_and_malloc_for_each() {
        for table in hit::tables() {
            for Entry { who, run } in table.rows {
                let sample = run.expect("everyone takes part")(2_000);
                if who.colour == Colour::Poolable {
                    assert_eq!(sample.allocations, 0, "{}: {}", table.title, who.name);
                } else if who.name.starts_with("no pool") {
                    assert_eq!(sample.allocations, sample.objects, "{}: {}", table.title, who.name);
                }
            }
        }
    }

    #[test]
    fn every_table_starts_with_poolable_and_has_a_plot_and_names_of_its_own() {
        let tables = tables();
        for (place, table) in tables.iter().enumerate() {
            assert_eq!(table.rows[0].who.colour, Colour::Poolable);
            assert!(tables[..place].iter().all(|other| other.file != table.file));
            for (place, row) in table.rows.iter().enumerate() {
                assert!(table.rows[..place].iter().all(|other| other.who.name != row.who.name));
            }
        }
    }

    #[test]
    fn freezing_allocates_once_and_copies_nothing_and_copies_are_seen() {
        let frozen = frozen::look_at_all();
        for seen in frozen.iter().filter(|seen| seen.is_poolable) {
            assert_eq!((seen.fewest, seen.most, seen.copied), (1, 1, 0), "{}", seen.name);
        }
        assert!(frozen.iter().any(|seen| seen.copied > 0));
    }

    #[test]
    fn what_is_judged_is_there() {
        let tables = tables();
        let is_there = |file: &str, name: &str| {
            let table = tables.iter().find(|table| table.file == file).expect("the table");
            assert!(table.rows.iter().any(|row| row.who.name == name), "{file}: {name}");
        };
        for file in hit::JUDGED {
            is_there(file, hit::names::GLOBAL);
            is_there(file, hit::names::STATIC);
            is_there(file, hit::names::DERIVED);
            is_there(file, hit::names::GLIBC);
            is_there(file, hit::names::ZEROPOOL[0]);
        }
        for file in ring::JUDGED {
            is_there(file, ring::names::RING);
            for name in ring::names::OTHERS {
                is_there(file, name);
            }
        }
    }
}
