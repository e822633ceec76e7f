//! What was measured.

/// What [`advise`](crate::advise()) measured. All times are in nanoseconds.
///
/// # Examples
///
/// ```
/// use poolable::Poolable;
/// use poolable::advise::Advisor;
/// use std::time::Duration;
///
/// #[derive(Poolable)]
/// struct Line {
///     #[pool(capacity = 64, max_capacity = 4096)]
///     text: Vec<u8>,
/// }
///
/// let advisor = Advisor::new().budget(Duration::from_millis(50));
/// let advice = advisor.run::<Line>(|line| line.text.resize(10_000, b' '));
/// let figures = advice.figures();
/// assert_eq!(figures.kept.max, 4096); // what a return leaves of the 10000
/// assert_eq!(figures.inline_bytes, size_of::<Vec<u8>>());
/// assert!(figures.alone.fresh > 0.0 && figures.alone.pooled > 0.0);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Figures {
    /// Fresh and pooled, on one thread.
    pub alone: Contest,
    /// Fresh and pooled, on several threads at once; `None` if there was but one.
    pub together: Option<Contest>,
    /// How many threads that were.
    pub threads: usize,
    /// What the creation of a value takes by itself, at best.
    pub create: f64,
    /// What the reset of a used value takes by itself, at best.
    pub reset: f64,
    /// What a use allocates, where [`CountingAllocator`](super::CountingAllocator) counts it.
    pub allocations: Option<Allocations>,
    /// What the value holds without its heap, in bytes.
    pub inline_bytes: usize,
    /// What one use leaves on the heap for the pool to keep.
    pub kept: Spread,
    /// The share of uses that leave more than the pool keeps of one object, so that it is freed:
    /// from 0.0 to 1.0.
    pub oversize: f64,
    /// The share of gets, on one thread, that found the pool empty and created an object: from 0.0
    /// to 1.0. Where it is large, the limits of the pool let it keep nothing, and `pooled` is the time
    /// of a pool that does not work.
    pub missed: f64,
}

impl Figures {
    /// The contest that decides: that of one thread, unless it shows no difference.
    ///
    /// One thread alone is timed best: several wait for each other, and for cores that other programs
    /// use.
    pub(super) fn decisive(&self) -> Contest {
        let undecided = !self.alone.pooled_is_faster() && !self.alone.pooled_is_slower();
        self.together.filter(|_| undecided).unwrap_or(self.alone)
    }
}

/// The times of a fresh use and of a pooled one, in nanoseconds.
///
/// They were timed in turn, round by round. Each figure is the median of the rounds.
///
/// # Examples
///
/// ```
/// use poolable::Poolable;
/// use poolable::advise::Advisor;
/// use std::time::Duration;
///
/// #[derive(Poolable)]
/// struct Line(Vec<u8>);
///
/// let advisor = Advisor::new().budget(Duration::from_millis(50));
/// let alone = advisor.run::<Line>(|line| line.0.extend(b"GET /")).figures().alone;
/// assert!(alone.noise >= 0.05);
/// assert!(!(alone.pooled_is_faster() && alone.pooled_is_slower()));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Contest {
    /// Created, filled and dropped.
    pub fresh: f64,
    /// Taken, filled and returned.
    pub pooled: f64,
    /// The median of the rounds' quotients: pooled by fresh.
    pub ratio: f64,
    /// How far from 1 the ratio, or what it is the inverse of, has to be to mean something: 0.05,
    /// or more where the rounds did not agree.
    pub noise: f64,
}

impl Contest {
    /// No difference is smaller than this one.
    const LEAST_NOISE: f64 = 0.05;

    /// The summary of rounds: the times of a fresh use and of a pooled one.
    pub(super) fn of(rounds: &[(f64, f64)]) -> Self {
        // What is too short for the clock is not nothing.
        let times = rounds.iter().map(|&(fresh, pooled)| (fresh.max(0.01), pooled.max(0.01)));
        let ratios = sorted(times.clone().map(|(fresh, pooled)| pooled / fresh));
        // Half of the width in which the median lies in 95 cases of 100, as notches of box plots
        // have it. In logarithms, for twice as long is as far off as half as long.
        let between_quartiles = (quantile(&ratios, 0.75) / quantile(&ratios, 0.25)).ln();
        let notch = (1.57 * between_quartiles / (rounds.len() as f64).sqrt()).exp() - 1.0;
        Self {
            fresh: quantile(&sorted(times.clone().map(|(fresh, _)| fresh)), 0.5),
            pooled: quantile(&sorted(times.map(|(_, pooled)| pooled)), 0.5),
            ratio: quantile(&ratios, 0.5),
            noise: notch.max(Self::LEAST_NOISE),
        }
    }

    /// Whether the pooled use took less time, by more than the noise.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::Poolable;
    /// use poolable::advise::Advisor;
    /// use std::time::Duration;
    ///
    /// #[derive(Poolable)]
    /// struct Line(Vec<u8>);
    ///
    /// let advisor = Advisor::new().budget(Duration::from_millis(50));
    /// let alone = advisor.run::<Line>(|line| line.0.extend(b"GET /")).figures().alone;
    /// assert!(!alone.pooled_is_faster() || alone.ratio < 0.96); // beyond the least noise
    /// ```
    #[must_use]
    pub fn pooled_is_faster(&self) -> bool {
        self.ratio * (1.0 + self.noise) < 1.0
    }

    /// Whether the pooled use took more time, by more than the noise.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::Poolable;
    /// use poolable::advise::Advisor;
    /// use std::time::Duration;
    ///
    /// #[derive(Poolable)]
    /// struct Line(Vec<u8>);
    ///
    /// let advisor = Advisor::new().budget(Duration::from_millis(50));
    /// let alone = advisor.run::<Line>(|line| line.0.extend(b"GET /")).figures().alone;
    /// assert!(!alone.pooled_is_slower() || alone.ratio > 1.04); // beyond the least noise
    /// ```
    #[must_use]
    pub fn pooled_is_slower(&self) -> bool {
        self.ratio > 1.0 + self.noise
    }

    /// What a pooled use saves, in seconds; nothing if it costs.
    pub(super) fn saving(&self) -> f64 {
        (self.fresh - self.pooled).max(0.0) * 1e-9
    }
}

/// What one use allocates, on average.
///
/// # Examples
///
/// ```
/// use poolable::Poolable;
/// use poolable::advise::{Advisor, CountingAllocator};
/// use std::time::Duration;
///
/// #[global_allocator]
/// static ALLOCATOR: CountingAllocator = CountingAllocator::system();
///
/// #[derive(Poolable)]
/// struct Words(Vec<String>);
///
/// let advisor = Advisor::new().budget(Duration::from_millis(50));
/// let advice = advisor.run::<Words>(|words| words.0.push("one".to_owned()));
/// let allocations = advice.figures().allocations.unwrap();
/// assert_eq!((allocations.fresh, allocations.pooled), (2.0, 1.0)); // the vector is kept
/// assert_eq!(allocations.pooled_bytes, 3.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Allocations {
    /// Blocks that a fresh use asks for. One that grows is one more.
    pub fresh: f64,
    /// Bytes that a fresh use asks for.
    pub fresh_bytes: f64,
    /// Blocks that a pooled use asks for.
    pub pooled: f64,
    /// Bytes that a pooled use asks for.
    pub pooled_bytes: f64,
}

/// How sizes lie, in bytes.
///
/// # Examples
///
/// ```
/// use poolable::Poolable;
/// use poolable::advise::Advisor;
/// use std::time::Duration;
///
/// #[derive(Poolable)]
/// struct Line(Vec<u8>);
///
/// let mut length = 0;
/// let advisor = Advisor::new().budget(Duration::from_millis(50));
/// let advice = advisor.run::<Line>(move |line| {
///     length = length % 10 + 1;
///     line.0.reserve_exact(length);
/// });
/// let kept = advice.figures().kept;
/// assert_eq!((kept.min, kept.max), (1, 10));
/// assert!(kept.median <= kept.p99);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Spread {
    /// The smallest.
    pub min: usize,
    /// Half of them are no bigger.
    pub median: usize,
    /// 99 of 100 are no bigger.
    pub p99: usize,
    /// The biggest.
    pub max: usize,
}

impl Spread {
    pub(super) fn of(mut sizes: Vec<usize>) -> Self {
        sizes.sort_unstable();
        let at = |share: f64| sizes.get(place(sizes.len(), share)).copied().unwrap_or(0);
        Self { min: at(0.0), median: at(0.5), p99: at(0.99), max: at(1.0) }
    }
}

/// Where among so many in order that share of them is reached.
fn place(count: usize, share: f64) -> usize {
    (count.saturating_sub(1) as f64 * share).round() as usize
}

fn sorted(times: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut times: Vec<f64> = times.collect();
    times.sort_by(f64::total_cmp);
    times
}

fn quantile(sorted: &[f64], share: f64) -> f64 {
    sorted.get(place(sorted.len(), share)).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_names_places_in_order() {
        let sizes = (0..=200).rev().collect();
        assert_eq!(Spread::of(sizes), Spread { min: 0, median: 100, p99: 198, max: 200 });
        assert_eq!(Spread::of(vec![7]), Spread { min: 7, median: 7, p99: 7, max: 7 });
        assert_eq!(Spread::of(Vec::new()), Spread::default());
    }

    #[test]
    fn rounds_that_agree_show_a_small_difference() {
        let rounds: Vec<_> = (0..99).map(|round| (100.0 + f64::from(round % 3), 90.0)).collect();
        let contest = Contest::of(&rounds);
        assert_eq!((contest.fresh, contest.pooled), (101.0, 90.0));
        assert_eq!(contest.noise, Contest::LEAST_NOISE);
        assert!(contest.pooled_is_faster() && !contest.pooled_is_slower());
        let turned: Vec<_> = rounds.iter().map(|&(fresh, pooled)| (pooled, fresh)).collect();
        assert!(Contest::of(&turned).pooled_is_slower());
    }

    #[test]
    fn rounds_that_do_not_agree_show_none() {
        let rounds: Vec<_> = (0..9).map(|round| (100.0, 40.0 + 12.0 * f64::from(round))).collect();
        let contest = Contest::of(&rounds);
        assert_eq!((contest.fresh, contest.pooled, contest.ratio), (100.0, 88.0, 0.88));
        assert!(contest.noise > 0.12 && !contest.pooled_is_faster(), "{contest:?}");
    }

    #[test]
    fn load_that_hits_both_of_a_round_changes_nothing() {
        let load = |round: i32| if round % 4 == 0 { 9.0 } else { 1.0 };
        let rounds: Vec<_> =
            (0..99).map(|round| (100.0 * load(round), 80.0 * load(round))).collect();
        let contest = Contest::of(&rounds);
        assert_eq!((contest.ratio, contest.noise), (0.8, Contest::LEAST_NOISE));
    }

    #[test]
    fn times_below_the_clock_are_not_nothing() {
        assert_eq!(Contest::of(&[(0.0, 0.0)]).ratio, 1.0);
    }
}
