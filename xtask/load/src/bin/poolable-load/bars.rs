//! What must hold.

use crate::results::Results;

/// Least throughput, of the better unpooled one's.
const THROUGHPUT: f64 = 0.97;
/// Highest 99th percentile, of the better unpooled one's.
const P99: f64 = 1.1;
/// What the answer costs that is frozen, so that the connection may keep it.
const ALLOCATIONS: f64 = 1.0;
/// What a connection allocates once in a while, in every variant, falls into a run or does not.
const ONCE_IN_A_WHILE: f64 = 0.005;

#[derive(Debug)]
pub(crate) struct Bar {
    pub(crate) what: &'static str,
    pub(crate) bound: String,
    pub(crate) found: String,
    pub(crate) is_met: bool,
}

impl Bar {
    pub(crate) fn verdict(&self) -> &'static str {
        if self.is_met { "met" } else { "MISSED" }
    }
}

pub(crate) fn all(results: &Results) -> Vec<Bar> {
    let (throughput, p99) = (results.throughput(), results.p99());
    let more = results.allocations.pooled - results.allocations.floor;
    vec![
        Bar {
            what: "requests per second, pooled, over the better unpooled one's of the round",
            bound: format!("at least {THROUGHPUT}"),
            found: throughput.text(),
            is_met: throughput.median >= THROUGHPUT,
        },
        Bar {
            what: "99th percentile, pooled, over the better unpooled one's of the round",
            bound: format!("at most {P99}"),
            found: p99.text(),
            is_met: p99.median <= P99,
        },
        Bar {
            what: "allocations per request, pooled, beyond the floor's",
            bound: format!("at most {ALLOCATIONS}"),
            found: format!("{more:.3}"),
            is_met: more <= ALLOCATIONS + ONCE_IN_A_WHILE,
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::Allocations;
    use crate::results::tests::{FEW, made_up};

    fn verdicts(results: &Results) -> Vec<bool> {
        all(results).iter().map(|bar| bar.is_met).collect()
    }

    #[test]
    fn figures_on_the_bars_meet_them() {
        let results = made_up(&[[(97.0, 11.0), (100.0, 12.0), (90.0, 10.0)]], FEW);
        assert_eq!(verdicts(&results), [true, true, true]);
    }

    #[test]
    fn each_bar_is_missed_by_itself() {
        let slow = made_up(&[[(96.9, 11.0), (100.0, 12.0), (90.0, 10.0)]], FEW);
        assert_eq!(verdicts(&slow), [false, true, true]);
        let late = made_up(&[[(97.0, 11.1), (100.0, 12.0), (90.0, 10.0)]], FEW);
        assert_eq!(verdicts(&late), [true, false, true]);
        let many = Allocations { pooled: 8.1, ..FEW };
        let many = made_up(&[[(97.0, 11.0), (100.0, 12.0), (90.0, 10.0)]], many);
        assert_eq!(verdicts(&many), [true, true, false]);
    }

    #[test]
    fn one_bad_round_of_three_misses_nothing() {
        let good = [(100.0, 10.0), (100.0, 10.0), (100.0, 10.0)];
        let bad = [(10.0, 100.0), (100.0, 10.0), (100.0, 10.0)];
        assert_eq!(verdicts(&made_up(&[good, bad, good], FEW)), [true, true, true]);
        assert_eq!(verdicts(&made_up(&[good, bad, bad], FEW)), [false, false, true]);
    }
}
