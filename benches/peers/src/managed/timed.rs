//! A table whose rows are held against each other round by round.

use core::iter::zip;

use super::quotient::Quotient;
use crate::beyond::{Measured, Table};
use crate::timing::samples;

pub(crate) struct Timed {
    pub(crate) measured: Measured,
    /// Nanoseconds, by rows and rounds.
    rounds: Vec<Vec<f64>>,
}

impl Timed {
    pub(crate) fn new(table: Table) -> Self {
        let samples = samples(&table.rows, table.effort);
        let times = samples.iter().map(|row| row.iter().map(|sample| sample.nanoseconds).collect());
        Self { rounds: times.collect(), measured: Measured::of(table, &samples) }
    }

    /// How many times as fast as a row another one is.
    ///
    /// # Panics
    ///
    /// If there is no row of either name.
    pub(crate) fn quotient(&self, fast: &str, slow: &str) -> Quotient {
        Quotient::new(zip(self.times(slow), self.times(fast)).map(|(slow, fast)| slow / fast))
    }

    fn times(&self, name: &str) -> &[f64] {
        let place = self.measured.rows().position(|(row, _)| row.name == name);
        &self.rounds[place.expect("a row of the table")]
    }
}
