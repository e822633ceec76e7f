//! The order of things, and what all rounds saw.

use core::time::Duration;

use crate::cases::{CASES, Case, Side};
use crate::go::{Go, Long};
use crate::memory;
use crate::quotient::Quotient;
use crate::rows::analysis::Memory;
use crate::timing::{Sample, fitting};

/// How much is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Effort {
    pub(crate) rounds: usize,
    /// What one timing takes.
    pub(crate) timing: Duration,
    /// Where a case has a number of operations of its own, one of so many is done.
    pub(crate) share: u64,
}

impl Effort {
    pub(crate) const FULL: Self = Self { rounds: 21, timing: Duration::from_millis(100), share: 1 };
    pub(crate) const QUICK: Self = Self { rounds: 3, timing: Duration::from_millis(10), share: 20 };

    /// Whether times that were taken so mean something.
    pub(crate) fn judges_times(self) -> bool {
        self == Self::FULL
    }
}

/// What was found of a case: by forms and rounds.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(crate) case: &'static Case,
    pub(crate) samples: Vec<Vec<Sample>>,
    /// By forms, if the case tells what it leaves behind.
    pub(crate) memory: Vec<Memory>,
}

impl Measured {
    pub(crate) fn best(&self, form: usize) -> f64 {
        self.samples[form].iter().map(|sample| sample.nanoseconds).fold(f64::INFINITY, f64::min)
    }

    pub(crate) fn median(&self, form: usize, figure: impl Fn(&Sample) -> f64) -> f64 {
        median(self.samples[form].iter().map(figure))
    }

    /// Of all rounds together.
    pub(crate) fn blocks(&self, form: usize) -> f64 {
        self.samples[form].iter().map(|sample| sample.blocks).sum()
    }

    /// How many times as long one form takes as another, round by round.
    pub(crate) fn quotient(&self, form: usize, of: usize) -> Quotient {
        let pairs = self.samples[form].iter().zip(&self.samples[of]);
        Quotient::new(pairs.map(|(one, other)| one.nanoseconds / other.nanoseconds))
    }

    /// The same of that one of Go's forms that count which was the fastest in the round, and our
    /// pooled one.
    pub(crate) fn against_fastest(&self) -> Quotient {
        let ours = &self.samples[self.case.ours()];
        Quotient::new(
            ours.iter().enumerate().map(|(round, ours)| self.fastest(round) / ours.nanoseconds),
        )
    }

    /// The time of Go's fastest in a round, of the forms that count.
    fn fastest(&self, round: usize) -> f64 {
        let forms = self.case.forms.iter().zip(&self.samples);
        let pooled = forms.filter(|(form, _)| form.counts && !form.is_ours());
        pooled.map(|(_, samples)| samples[round].nanoseconds).fold(f64::INFINITY, f64::min)
    }

    /// The median of that.
    pub(crate) fn fastest_median(&self) -> f64 {
        median((0..self.samples[self.case.ours()].len()).map(|round| self.fastest(round)))
    }
}

/// Everything, case after case.
///
/// # Errors
///
/// If a benchmark of Go's fails.
pub(crate) fn measure(go: &Go, effort: Effort) -> Result<Vec<Measured>, String> {
    let measured = CASES.iter().map(|case| {
        let measured = measure_case(go, case, effort)?;
        let quotient = measured.against_fastest();
        println!("{:<38} Go's fastest that counts / ours: {}", case.title, quotient.text());
        Ok(measured)
    });
    measured.collect()
}

fn measure_case(go: &Go, case: &'static Case, effort: Effort) -> Result<Measured, String> {
    let fixed = case.operations.map(|operations| operations / effort.share);
    let operations: Vec<u64> = case
        .forms
        .iter()
        .map(|form| match (fixed, form.side) {
            (Some(fixed), _) => fixed,
            (None, Side::Ours(run)) => fitting(run, effort.timing),
            // It finds out by itself.
            (None, Side::Go(_)) => 0,
        })
        .collect();
    let mut samples: Vec<Vec<Sample>> = case.forms.iter().map(|_| Vec::new()).collect();
    for round in 0..effort.rounds {
        for index in order(round, case.forms.len()) {
            samples[index].push(match case.forms[index].side {
                Side::Ours(run) => run(operations[index]),
                Side::Go(benchmark) => {
                    let long = fixed.map_or(Long::Time(effort.timing), Long::Operations);
                    go.run(benchmark, long)?.sample()?
                }
            });
        }
    }
    let memory = fixed.map(|operations| memory::measure(go, operations)).transpose()?;
    Ok(Measured { case, samples, memory: memory.unwrap_or_default() })
}

/// There and back, so that of two neighbours each comes first in every other round.
fn order(round: usize, count: usize) -> impl Iterator<Item = usize> {
    (0..count).map(move |step| if round % 2 == 0 { step } else { count - 1 - step })
}

/// The one in the middle, or between the two that are.
///
/// # Panics
///
/// If there is none.
fn median(figures: impl Iterator<Item = f64>) -> f64 {
    let mut all: Vec<f64> = figures.collect();
    all.sort_by(f64::total_cmp);
    f64::midpoint(all[(all.len() - 1) / 2], all[all.len() / 2])
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A case with these times, by rounds, of its forms.
    pub(crate) fn made_up(case: &'static Case, rounds: &[&[f64]]) -> Measured {
        let sample = |nanoseconds| Sample { operations: 1000, nanoseconds, ..Sample::default() };
        let forms = 0..case.forms.len();
        let samples = forms.map(|form| rounds.iter().map(|round| sample(round[form])).collect());
        Measured { case, samples: samples.collect(), memory: Vec::new() }
    }

    pub(crate) const BUFFER: usize = 1;

    #[test]
    fn our_pooled_form_is_held_against_the_one_that_was_faster_in_the_round() {
        let case = &CASES[BUFFER];
        let measured = made_up(
            case,
            &[
                // The last one does not count.
                &[9.0, 50.0, 50.0, 5.0, 20.0, 30.0, 90.0, 1.0],
                &[9.0, 50.0, 50.0, 10.0, 60.0, 50.0, 90.0, 1.0],
                &[9.0, 50.0, 50.0, 5.0, 30.0, 40.0, 90.0, 1.0],
            ],
        );
        assert_eq!(measured.against_fastest().median, 5.0);
        assert_eq!(measured.fastest_median(), 30.0);
        assert_eq!(measured.quotient(1, 0).median, 50.0 / 9.0);
        assert_eq!(
            (measured.best(4), measured.median(4, |sample| sample.nanoseconds)),
            (20.0, 30.0)
        );
    }

    #[test]
    fn neighbours_take_turns_in_coming_first() {
        assert_eq!(order(0, 3).collect::<Vec<_>>(), [0, 1, 2]);
        assert_eq!(order(1, 3).collect::<Vec<_>>(), [2, 1, 0]);
    }
}
