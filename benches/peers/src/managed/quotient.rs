//! How many times as many gets one row makes as another, and how sure that is.

/// The quotients of all rounds, in each of which both stood close to each other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Quotient {
    pub(crate) median: f64,
    /// Where the true median lies, with a certainty of at least 95 %: as far as so few rounds
    /// can tell.
    pub(crate) low: f64,
    pub(crate) high: f64,
}

impl Quotient {
    /// # Panics
    ///
    /// If there is no round.
    pub(super) fn new(quotients: impl Iterator<Item = f64>) -> Self {
        let mut all: Vec<f64> = quotients.collect();
        all.sort_by(f64::total_cmp);
        let count = all.len();
        let skipped = skipped(count);
        Self {
            median: f64::midpoint(all[(count - 1) / 2], all[count / 2]),
            low: all[skipped],
            high: all[count - 1 - skipped],
        }
    }

    /// How it is printed.
    pub(crate) fn text(self) -> String {
        format!("{:.3} ({:.3} to {:.3})", self.median, self.low, self.high)
    }

    /// Whether it is 1 or more, or so close to 1 that `slack` is all that could be missing and
    /// not even that is certain.
    pub(crate) fn is_at_least_one(self, slack: f64) -> bool {
        self.median >= 1.0 || (self.high >= 1.0 && self.low >= 1.0 - slack)
    }
}

/// How many to leave out at either end, so that the median of what the rounds were drawn from is
/// between the others with 95 %: each of them is as likely below it as above. Nothing is
/// supposed of how they are spread.
fn skipped(count: usize) -> usize {
    let mut skipped = 0;
    // The chance that no more than so many are below the median.
    let mut chance = 0.5f64.powi(count as i32);
    let mut ways = chance;
    while skipped < count / 2 {
        ways *= (count - skipped) as f64 / (skipped + 1) as f64;
        if 2.0 * chance > 0.05 || 2.0 * (chance + ways) > 0.05 {
            break;
        }
        chance += ways;
        skipped += 1;
    }
    skipped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_are_left_out_as_the_tables_of_the_sign_test_say() {
        assert_eq!([3, 5, 8, 9, 20, 30, 40, 100].map(skipped), [0, 0, 0, 1, 5, 9, 13, 39]);
    }

    #[test]
    fn the_median_of_an_even_count_favours_nobody() {
        let quotient = Quotient::new([1.25, 0.75, 1.5, 0.5].into_iter());
        assert_eq!(quotient, Quotient { median: 1.0, low: 0.5, high: 1.5 });
    }

    #[test]
    fn a_small_loss_that_is_certain_is_a_loss_and_so_is_a_large_one_that_is_not() {
        let judged = |median, low, high| Quotient { median, low, high }.is_at_least_one(0.02);
        assert!(judged(1.0, 0.5, 2.0));
        assert!(judged(0.995, 0.985, 1.001));
        assert!(!judged(0.995, 0.99, 0.999));
        assert!(!judged(0.995, 0.97, 1.02));
    }
}
