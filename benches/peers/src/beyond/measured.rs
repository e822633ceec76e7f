//! One table, measured.

use super::{Row, Table, WANTED};
use crate::plot::{self, Colour};
use crate::timing::{Figures, Sample, measure, summary};

pub(crate) struct Measured {
    pub(crate) table: Table,
    /// In the order of the table's rows.
    figures: Vec<Figures>,
}

impl Measured {
    pub(crate) fn new(table: Table) -> Self {
        let figures = measure(&table.rows, table.effort);
        let figures = figures.into_iter().map(|found| found.expect("everyone takes part"));
        Self { figures: figures.collect(), table }
    }

    /// What a table is that was timed already, by rows and rounds.
    pub(crate) fn of(table: Table, samples: &[Vec<Sample>]) -> Self {
        Self { figures: samples.iter().map(|samples| summary(samples)).collect(), table }
    }

    /// Everyone, in the order of the table.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (Row, Figures)> {
        let rows = self.table.rows.iter().map(|entry| entry.who);
        rows.zip(self.figures.iter().copied())
    }

    /// The same, the fastest first.
    pub(crate) fn by_time(&self) -> Vec<(Row, Figures)> {
        let mut rows: Vec<_> = self.rows().collect();
        rows.sort_by(|a, b| a.1.best.total_cmp(&b.1.best));
        rows
    }

    /// The time that everyone is held against.
    pub(crate) fn ours(&self) -> f64 {
        self.figures[0].best
    }

    /// # Panics
    ///
    /// If there is no row of that name.
    pub(crate) fn time(&self, name: &str) -> f64 {
        self.rows().find(|row| row.0.name == name).expect("a row of the table").1.best
    }

    /// Those that poolable is less than [`WANTED`] times as fast as, with that quotient.
    pub(crate) fn close(&self) -> impl Iterator<Item = (Row, f64)> {
        let others = self.rows().filter(|(row, _)| row.colour != Colour::Poolable);
        let quotients = others.map(|(row, figures)| (row, figures.best / self.ours()));
        quotients.filter(|(_, quotient)| *quotient < WANTED)
    }

    pub(crate) fn plot(&self) -> String {
        let rows = self.by_time().into_iter().map(|(row, figures)| plot::Row {
            name: row.name,
            colour: row.colour,
            time: figures.best,
        });
        plot::draw(self.table.title, self.table.unit, &rows.collect::<Vec<_>>())
    }
}

#[cfg(test)]
impl Measured {
    /// As if the rows had taken so long.
    pub(crate) fn made_up(table: Table, times: &[f64]) -> Self {
        let figures =
            times.iter().map(|&best| Figures { best, median: best, allocations: 0, objects: 1 });
        Self { figures: figures.collect(), table }
    }
}
