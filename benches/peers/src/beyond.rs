//! What no other pool holds, each beside what programs do instead.
//!
//! The other cases have one field for all of them; here each table has rows of its own.
//! What is timed stands in the file of the table, and so do the reasons for every row
//! that poolable is less than twice as fast as. They were found by counting instructions
//! and allocations, not by guessing.

mod borrowed_parse;
pub(crate) mod generic;
mod measured;
mod retain_map;
mod retain_vec;
pub(crate) mod secrets;
mod shared;
pub(crate) mod work;

use core::time::Duration;

pub(crate) use self::measured::Measured;
use crate::plot::Colour;
use crate::timing::{Effort, Entry, Sample};

/// Below this quotient a row needs a reason.
pub(crate) const WANTED: f64 = 2.0;

/// Who is timed, in one table.
#[derive(Clone, Copy)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) colour: Colour,
    /// How it is used.
    pub(crate) about: &'static str,
    /// Why poolable is less than [`WANTED`] times as fast, if that is to be expected.
    pub(crate) reason: Option<&'static str>,
}

/// One use, timed for everyone who is up to it.
pub(crate) struct Table {
    /// The name of its plot.
    pub(crate) file: &'static str,
    pub(crate) title: &'static str,
    /// What is in the time.
    pub(crate) about: &'static str,
    /// What the time is of.
    pub(crate) unit: &'static str,
    pub(crate) effort: Effort,
    /// The first one is poolable's, and what the others are held against.
    pub(crate) rows: Vec<Entry<Row>>,
}

/// For uses that take nanoseconds.
pub(crate) const SHORT: Effort = Effort { rounds: 500, timing: Duration::from_micros(250) };
/// For those that take a fraction of a microsecond.
const LONG: Effort = Effort { rounds: 200, timing: Duration::from_millis(1) };
/// For those that two threads share.
const ACROSS: Effort = Effort { rounds: 160, timing: Duration::from_millis(2) };

pub(crate) fn all() -> Vec<Table> {
    let mut tables = vec![
        generic::table(),
        borrowed_parse::with_cookies(),
        borrowed_parse::headers_only(),
        retain_vec::table(),
        retain_map::table(),
    ];
    tables.extend(shared::tables());
    tables.extend(secrets::wipe::tables());
    tables.extend(secrets::session::tables());
    tables
}

pub(crate) type Run = fn(u64) -> Sample;

/// A row of poolable's.
fn poolable(name: &'static str, about: &'static str, run: Run) -> Entry<Row> {
    entry(Row { name, colour: Colour::Poolable, about, reason: None }, run)
}

/// The least that the work can cost.
fn floor(name: &'static str, about: &'static str, reason: &'static str, run: Run) -> Entry<Row> {
    entry(Row { name, colour: Colour::Floor, about, reason: Some(reason) }, run)
}

/// Someone else, whom poolable is expected to be [`WANTED`] times as fast as.
fn other(name: &'static str, about: &'static str, run: Run) -> Entry<Row> {
    entry(Row { name, colour: Colour::Other, about, reason: None }, run)
}

/// Someone else, whom it is not expected to be so much faster than.
fn close(name: &'static str, about: &'static str, reason: &'static str, run: Run) -> Entry<Row> {
    entry(Row { name, colour: Colour::Other, about, reason: Some(reason) }, run)
}

pub(crate) fn entry(who: Row, run: Run) -> Entry<Row> {
    Entry { who, run: Ok(run) }
}

#[cfg(test)]
mod tests {
    use super::*;

    // What a row does is checked by the row itself: see `work`.
    #[test]
    fn every_row_does_its_work_and_poolable_allocates_for_none() {
        for table in all() {
            for Entry { who, run } in table.rows {
                let sample = run.expect("everyone takes part")(400);
                assert_eq!(sample.objects, 400, "{}: {}", table.title, who.name);
                if who.colour == Colour::Poolable {
                    assert_eq!(sample.allocations, 0, "{}: {}", table.title, who.name);
                }
            }
        }
    }

    #[test]
    fn every_table_starts_with_poolable_and_has_a_plot_and_names_of_its_own() {
        let tables = all();
        for (place, table) in tables.iter().enumerate() {
            assert_eq!(table.rows[0].who.colour, Colour::Poolable);
            assert!(tables[..place].iter().all(|other| other.file != table.file));
            for (place, row) in table.rows.iter().enumerate() {
                assert!(table.rows[..place].iter().all(|other| other.who.name != row.who.name));
            }
        }
    }
}
