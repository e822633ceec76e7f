//! What all rounds saw.

use poolable_load::Variant;

use crate::quotient::Quotient;
use crate::wrk::Seen;

/// One who takes part.
#[derive(Debug)]
pub(crate) struct Contender {
    pub(crate) name: &'static str,
    pub(crate) program: &'static str,
    pub(crate) variant: Variant,
    pub(crate) about: &'static str,
}

/// Where the pooled one stands among them; all others are held against it.
pub(crate) const POOLED: usize = 0;

pub(crate) const CONTENDERS: [Contender; 3] = [
    Contender {
        name: "pooled",
        program: "poolable-load-system",
        variant: Variant::Pooled,
        about: "The service as it is, with the system's malloc.",
    },
    Contender {
        name: "unpooled",
        program: "poolable-load-system",
        variant: Variant::Unpooled,
        about: "The same program with `serde_json` alone: a new order and a new receipt for each \
                request, of `Vec`, `String` and `Option`.",
    },
    Contender {
        name: "unpooled, mimalloc",
        program: "poolable-load-mimalloc",
        variant: Variant::Unpooled,
        about: "The same, with mimalloc as the program's allocator.",
    },
];

/// What one round saw of one of them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figures {
    pub(crate) seen: Seen,
    /// In KiB.
    pub(crate) peak: u64,
}

/// In the order of [`CONTENDERS`], whatever the order was in which they came.
pub(crate) type Round = [Figures; CONTENDERS.len()];

/// Allocations per request, each of another program than the timed ones.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Allocations {
    pub(crate) pooled: f64,
    pub(crate) unpooled: f64,
    pub(crate) axum: f64,
    pub(crate) floor: f64,
}

#[derive(Debug)]
pub(crate) struct Results {
    pub(crate) allocations: Allocations,
    pub(crate) rounds: Vec<Round>,
}

impl Results {
    /// The median of what all rounds saw of one.
    pub(crate) fn median(&self, contender: usize, figure: impl Fn(&Figures) -> f64) -> f64 {
        median(self.rounds.iter().map(|round| figure(&round[contender])))
    }

    /// Requests per second: the pooled one's over those of the other that made more in the same
    /// round.
    pub(crate) fn throughput(&self) -> Quotient {
        self.quotient(|figures| figures.seen.requests_per_second, f64::max)
    }

    /// The same of the 99th percentile, over the other's that was lower.
    pub(crate) fn p99(&self) -> Quotient {
        self.quotient(|figures| figures.seen.p99, f64::min)
    }

    fn quotient(
        &self,
        figure: impl Fn(&Figures) -> f64,
        better: impl Fn(f64, f64) -> f64,
    ) -> Quotient {
        Quotient::new(self.rounds.iter().map(|round| {
            let others = round.iter().enumerate().filter(|(index, _)| *index != POOLED);
            let best = others.map(|(_, figures)| figure(figures)).reduce(&better);
            figure(&round[POOLED]) / best.expect("there are others")
        }))
    }
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

    /// Rounds with these requests per second and these 99th percentiles.
    pub(crate) fn made_up(rounds: &[[(f64, f64); 3]], allocations: Allocations) -> Results {
        let figures = |(requests_per_second, p99): (f64, f64)| Figures {
            seen: Seen { requests_per_second, p50: p99 / 2.0, p99, p999: p99 * 2.0 },
            peak: 7168,
        };
        Results { allocations, rounds: rounds.iter().map(|round| round.map(figures)).collect() }
    }

    pub(crate) const FEW: Allocations =
        Allocations { pooled: 8.0, unpooled: 60.0, axum: 90.0, floor: 7.0 };

    #[test]
    fn median_is_the_one_in_the_middle_or_between_two() {
        assert_eq!(median([3.0, 1.0, 2.0].into_iter()), 2.0);
        assert_eq!(median([4.0, 1.0, 2.0, 3.0].into_iter()), 2.5);
        assert_eq!(median([7.0].into_iter()), 7.0);
    }

    #[test]
    fn quotients_are_taken_within_a_round_over_the_better_other() {
        // Between the rounds the machine became twice as slow for everyone.
        let results = made_up(
            &[
                [(100.0, 11.0), (80.0, 10.0), (100.0, 20.0)],
                [(50.0, 22.0), (50.0, 40.0), (40.0, 20.0)],
                [(55.0, 24.0), (50.0, 20.0), (40.0, 30.0)],
            ],
            FEW,
        );
        assert_eq!(results.throughput().median, 1.0);
        assert_eq!(results.p99().median, 1.1);
        assert_eq!(results.median(1, |figures| figures.seen.requests_per_second), 50.0);
    }
}
