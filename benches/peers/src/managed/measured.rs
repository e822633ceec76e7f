//! Crowds, measured: interleaved, as everything else is, and every other round in the opposite
//! order, so that nobody always comes behind the same neighbour.

use super::Row;
use super::crowd::{Crowd, Sample};
use super::quotient::Quotient;
use super::waits::Waits;
use crate::plot;

/// What all timings of one row found.
pub(crate) struct Figures {
    /// Gets per second, by rounds.
    rounds: Vec<f64>,
    /// Gets per second of the best round and of the middle one.
    pub(crate) best: f64,
    pub(crate) median: f64,
    /// The gets of whoever had the fewest, over an equal share, in the middle round.
    pub(crate) least_share: f64,
    /// Of all rounds.
    pub(crate) waits: Waits,
}

pub(crate) struct MeasuredCrowd {
    pub(crate) crowd: Crowd,
    /// In the order of the entries.
    figures: Vec<Figures>,
}

impl MeasuredCrowd {
    pub(crate) fn new(crowd: Crowd) -> Self {
        let entries = &crowd.entries;
        let mut samples: Vec<Vec<Sample>> = entries.iter().map(|_| Vec::new()).collect();
        for round in 0..crowd.rounds {
            for step in 0..entries.len() {
                let step = if round % 2 == 0 { step } else { entries.len() - 1 - step };
                let index = (round + step) % entries.len();
                samples[index].push((entries[index].run)(crowd.load));
            }
        }
        Self { figures: samples.iter().map(|samples| summary(samples)).collect(), crowd }
    }

    /// Everyone, the most gets in the middle round first.
    pub(crate) fn rows(&self) -> Vec<(Row, &Figures)> {
        let rows = self.crowd.entries.iter().map(|entry| entry.who);
        let mut rows: Vec<_> = rows.zip(&self.figures).collect();
        rows.sort_by(|a, b| b.1.median.total_cmp(&a.1.median));
        rows
    }

    /// # Panics
    ///
    /// If there is no row of that name.
    pub(crate) fn figures(&self, name: &str) -> &Figures {
        self.rows().into_iter().find(|row| row.0.name == name).expect("a row of the crowd").1
    }

    /// How many times as many gets one makes as the other.
    ///
    /// # Panics
    ///
    /// If there is no row of either name.
    pub(crate) fn quotient(&self, name: &str, other: &str) -> Quotient {
        let rounds = |name| self.figures(name).rounds.iter();
        Quotient::new(rounds(name).zip(rounds(other)).map(|(gets, others)| gets / others))
    }

    /// The time from one get of the crowd to the next.
    pub(crate) fn plot(&self) -> String {
        let rows = self.rows().into_iter().map(|(row, figures)| plot::Row {
            name: row.name,
            colour: row.colour,
            time: 1e9 / figures.median,
        });
        plot::draw(self.crowd.title, "get of all getters together", &rows.collect::<Vec<_>>())
    }
}

fn summary(samples: &[Sample]) -> Figures {
    let sorted = |of: fn(&Sample) -> f64| {
        let mut all: Vec<f64> = samples.iter().map(of).collect();
        all.sort_by(f64::total_cmp);
        all
    };
    let gets = sorted(|sample| sample.gets_per_second);
    let shares = sorted(|sample| sample.least_share);
    let mut waits = Waits::new();
    for sample in samples {
        waits.merge(&sample.waits);
    }
    Figures {
        rounds: samples.iter().map(|sample| sample.gets_per_second).collect(),
        best: gets[gets.len() - 1],
        median: gets[gets.len() / 2],
        least_share: shares[shares.len() / 2],
        waits,
    }
}
