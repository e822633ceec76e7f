//! Who is timed when, and which figure counts.
//!
//! All contenders of a case run in this one process, interleaved: every round times each
//! of them once, starting with another one each time, so that none always runs in the
//! wake of the same neighbour. The best of many short rounds counts, since noise only
//! ever adds; the median says how much there was.

use core::time::Duration;

use crate::contender::Who;

/// What one timing found.
pub(crate) struct Sample {
    /// Time per object.
    pub(crate) nanoseconds: f64,
    pub(crate) objects: u64,
    pub(crate) allocations: u64,
}

/// One contender of a case.
pub(crate) struct Entry<W = Who> {
    pub(crate) who: W,
    /// Warms up, then times about so many objects; or why it cannot.
    pub(crate) run: Result<fn(u64) -> Sample, &'static str>,
}

/// What all timings of one contender in one case found.
#[derive(Clone, Copy)]
pub(crate) struct Figures {
    /// Nanoseconds per object.
    pub(crate) best: f64,
    pub(crate) median: f64,
    /// In all timings together, without what went before each of them to warm up.
    pub(crate) allocations: u64,
    pub(crate) objects: u64,
}

impl Figures {
    pub(crate) fn allocations_per_object(&self) -> f64 {
        self.allocations as f64 / self.objects as f64
    }
}

/// How long to measure.
#[derive(Clone, Copy)]
pub(crate) struct Effort {
    /// Rounds, each of which times every contender once.
    pub(crate) rounds: usize,
    /// What one timing should take.
    pub(crate) timing: Duration,
}

impl Effort {
    /// Fit for seeing whether everything runs, and for no figure.
    pub(crate) fn quick(self) -> Self {
        Self { rounds: self.rounds.div_ceil(20).max(3), timing: self.timing / 4 }
    }
}

/// Objects in the timing that finds out how many fit into one.
const TRIAL: u64 = 2_000;

pub(crate) fn measure<W>(
    entries: &[Entry<W>],
    effort: Effort,
) -> Vec<Result<Figures, &'static str>> {
    let figures = samples(entries, effort).into_iter().zip(entries);
    figures.map(|(samples, entry)| entry.run.map(|_| summary(&samples))).collect()
}

/// What every timing found, by entries and rounds. Nothing for those who cannot.
pub(crate) fn samples<W>(entries: &[Entry<W>], effort: Effort) -> Vec<Vec<Sample>> {
    let objects: Vec<u64> = entries
        .iter()
        .map(|entry| {
            let Ok(run) = entry.run else { return 0 };
            let fit = effort.timing.as_nanos() as f64 / run(TRIAL).nanoseconds;
            (fit as u64).max(TRIAL)
        })
        .collect();
    let mut samples: Vec<Vec<Sample>> = entries.iter().map(|_| Vec::new()).collect();
    for round in 0..effort.rounds {
        for step in 0..entries.len() {
            let index = (round + step) % entries.len();
            if let Ok(run) = entries[index].run {
                samples[index].push(run(objects[index]));
            }
        }
    }
    samples
}

pub(crate) fn summary(samples: &[Sample]) -> Figures {
    let mut times: Vec<f64> = samples.iter().map(|sample| sample.nanoseconds).collect();
    times.sort_by(f64::total_cmp);
    Figures {
        best: times[0],
        median: times[times.len() / 2],
        allocations: samples.iter().map(|sample| sample.allocations).sum(),
        objects: samples.iter().map(|sample| sample.objects).sum(),
    }
}
