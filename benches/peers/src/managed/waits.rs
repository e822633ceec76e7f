//! How long getters waited, counted in classes so fine that a class is as good as its members.

use core::time::Duration;

/// Classes between a power of two and the next one.
const STEPS: u64 = 64;
/// Waits up to 2^40 ns, some 18 minutes, have classes of their own.
const POWERS: u64 = 40;
const CLASSES: usize = (STEPS * POWERS) as usize;

#[derive(Clone)]
pub(crate) struct Waits {
    /// How many waits fell into each class.
    classes: Box<[u32; CLASSES]>,
    count: u64,
    /// Nanoseconds.
    longest: u64,
}

impl Waits {
    pub(super) fn new() -> Self {
        Self { classes: Box::new([0; CLASSES]), count: 0, longest: 0 }
    }

    #[inline(always)]
    pub(super) fn add(&mut self, wait: Duration) {
        let wait = wait.as_nanos() as u64;
        self.classes[class(wait)] += 1;
        self.count += 1;
        self.longest = self.longest.max(wait);
    }

    pub(super) fn merge(&mut self, other: &Self) {
        for (ours, theirs) in self.classes.iter_mut().zip(other.classes.iter()) {
            *ours += theirs;
        }
        self.count += other.count;
        self.longest = self.longest.max(other.longest);
    }

    /// The wait in nanoseconds that no more than a share of all exceed: `0.5` for the median.
    pub(crate) fn quantile(&self, share: f64) -> f64 {
        let rank = (share * self.count as f64).ceil().max(1.0) as u64;
        let mut seen = 0;
        for (class, &count) in self.classes.iter().enumerate() {
            seen += u64::from(count);
            if seen >= rank {
                return least(class) as f64;
            }
        }
        self.longest as f64
    }

    pub(crate) fn longest(&self) -> f64 {
        self.longest as f64
    }
}

/// Below `2 * STEPS` each nanosecond is a class; above, each power of two has [`STEPS`].
fn class(wait: u64) -> usize {
    let power = (wait | STEPS).ilog2() - STEPS.ilog2();
    let class = u64::from(power) * STEPS + (wait >> power);
    (class as usize).min(CLASSES - 1)
}

/// The shortest wait of a class.
fn least(class: usize) -> u64 {
    let class = class as u64;
    if class < 2 * STEPS {
        return class;
    }
    let power = class / STEPS - 1;
    (class - power * STEPS) << power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_in_order_and_no_wider_than_a_sixtyfourth() {
        let mut last = None;
        for wait in (0..4096).chain((12..39).map(|power| (1 << power) + 12_345)) {
            let found = class(wait);
            assert!(last <= Some(found), "{wait}");
            last = Some(found);
            assert!(least(found) <= wait, "{wait}");
            assert!(wait - least(found) <= wait / STEPS, "{wait}");
            assert_eq!(class(least(found)), found);
        }
        assert_eq!(class(u64::MAX), CLASSES - 1);
    }

    #[test]
    fn quantiles_are_those_of_all_that_were_merged() {
        let mut waits = Waits::new();
        let mut more = Waits::new();
        for wait in 1..=60 {
            waits.add(Duration::from_nanos(wait));
        }
        for wait in 61..=100 {
            more.add(Duration::from_nanos(wait));
        }
        waits.merge(&more);
        assert_eq!(waits.quantile(0.5), 50.0);
        assert_eq!(waits.quantile(0.99), 99.0);
        assert_eq!(waits.quantile(1.0), 100.0);
        assert_eq!(waits.longest(), 100.0);
    }
}
