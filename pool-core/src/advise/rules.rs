//! From figures to a verdict.
//!
//! # Invariants
//!
//! 1. The verdict depends on the figures, on what the program asks for, and on the limits of the
//!    pool; on nothing else.
//! 2. No rule says that a pool pays where a pooled use was not faster than a fresh one.

use core::time::Duration;

use super::figures::{Figures, Spread};
use crate::raw_pool::RawPool;

/// Gets in a second below which nothing is worth a pool.
const RARE: f64 = 1_000.0;
/// The share of a core that a pool has to save.
const LEAST_SHARE: f64 = 1e-3;
/// How many times the median the 99th percentile is at least, where sizes are uneven..
const UNEVEN: usize = 16;
/// .. and what it is at least, in bytes.
const LARGE: usize = 64 << 10;
/// A creation that takes as long is slow, in nanoseconds.
const SLOW: f64 = 100_000.0;

/// What to do with a type.
///
/// # Examples
///
/// ```
/// use poolable::advise::Verdict;
///
/// assert!(Verdict::Local.reuses() && !Verdict::Nothing.reuses());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Verdict {
    /// Use the type's own pool: `Type::pooled()`.
    OwnPool,
    /// Keep buffers by their size: in a `buffer::BufferPool`, or with a `max_capacity`.
    Ladder,
    /// A pool in each thread: `#[pool(local)]`.
    Local,
    /// A pool that is waited for: one of module `managed`.
    Managed,
    /// Create and drop values, without a pool.
    Nothing,
}

impl Verdict {
    /// Whether objects are to be used again, in one kind of pool or another.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::advise::Verdict;
    ///
    /// assert!(Verdict::OwnPool.reuses());
    /// ```
    #[must_use]
    pub const fn reuses(self) -> bool {
        !matches!(self, Self::Nothing)
    }
}

/// The rule that decided. They are asked in this order, and the first that fits decides.
///
/// Where it says "faster" or "slower", the difference on one thread counts; if that is within the
/// noise, the one on several threads at once.
///
/// # Examples
///
/// ```
/// use poolable::Poolable;
/// use poolable::advise::{Advisor, Rule};
/// use std::time::Duration;
///
/// #[derive(Poolable)]
/// struct Line(Vec<u8>);
///
/// let advisor = Advisor::new().rate(999.0).budget(Duration::from_millis(50));
/// assert_eq!(advisor.run::<Line>(|line| line.0.extend([0; 500])).rule(), Rule::Rare);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Rule {
    /// [`Nothing`](Verdict::Nothing): a return leaves no heap in the object, and pooled is not
    /// faster. What there is to save are the allocations of what an object keeps; a get and a
    /// return cost more than writing a few fields.
    KeepsNothing,
    /// [`Nothing`](Verdict::Nothing): the rate is known, and below 1000 gets in a second, or so low
    /// that the pool saves less than a thousandth of a core. The first does not go for creations of
    /// 100 µs and more, of which fewer matter.
    Rare,
    /// [`Nothing`](Verdict::Nothing): pooled is slower, and the reset by itself takes longer than the
    /// creation: it clears or wipes what a fresh value would not have.
    ResetCosts,
    /// [`Nothing`](Verdict::Nothing): pooled is slower, for reasons that no other rule knows.
    Slower,
    /// [`Nothing`](Verdict::Nothing): the difference is within the noise. A pool is one more thing to
    /// know about, and has to earn it.
    NoDifference,
    /// [`Ladder`](Verdict::Ladder): pooled is faster, but one use in a hundred leaves at least 64 KiB,
    /// and at least 16 times the median. In the long run every object has met such a use, and all
    /// that are idle hold what few of them need.
    Uneven,
    /// [`Local`](Verdict::Local): pooled is faster, and the objects stay on their thread: the type is
    /// marked `local` already, or one thread is all that uses it.
    OneThread,
    /// [`Managed`](Verdict::Managed): pooled is faster, and a creation takes 100 µs or more, as if it
    /// waited for something: a connection, a file, a process. These are counted, checked and waited
    /// for, and their creation may fail.
    SlowCreation,
    /// [`OwnPool`](Verdict::OwnPool): pooled is faster, and more objects are out at a time than the pool's
    /// limits have room for when they come back: see [`Advice::raises`](super::Advice::raises).
    InFlight,
    /// [`OwnPool`](Verdict::OwnPool): pooled is faster.
    Faster,
}

/// A limit of the pool that is below what the program needs.
///
/// # Examples
///
/// ```
/// use poolable::Poolable;
/// use poolable::advise::{Advisor, Raise};
/// use std::time::Duration;
///
/// #[derive(Poolable)]
/// #[pool(max_idle = 10)]
/// struct Line(Vec<u8>);
///
/// let advisor = Advisor::new().rate(1e6).hold(Duration::from_millis(2));
/// let advice = advisor.budget(Duration::from_millis(50)).run::<Line>(|line| line.0.push(1));
/// for Raise { attribute, is, needed, .. } in advice.raises() {
///     println!("{attribute} = {needed}");
///     assert_eq!((*attribute, *is, *needed), ("max_idle", 10, 2000));
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Raise {
    /// The attribute of the type: `max_idle`, `max_bytes` or, for a `local` type, `cache`.
    pub attribute: &'static str,
    /// What it is.
    pub is: u64,
    /// What it should be.
    pub needed: u64,
}

/// What the program asks for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Demand {
    /// Gets in a second.
    pub(super) rate: Option<f64>,
    pub(super) hold: Option<Duration>,
    pub(super) threads: usize,
}

impl Demand {
    /// How many objects are out at a time, if that is known.
    pub(super) fn in_flight(&self) -> Option<f64> {
        self.rate.zip(self.hold).map(|(rate, hold)| rate * hold.as_secs_f64())
    }
}

/// What a pool has room for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    pub(super) is_local: bool,
    objects: u64,
    bytes: u64,
}

impl Room {
    pub(super) fn of(pool: &RawPool) -> Self {
        let (is_local, limits) = (pool.is_local(), pool.limits());
        // The pool of a `local` type has caches, and nothing behind them.
        let objects = if is_local { limits.cache } else { limits.max_idle };
        Self { is_local, objects, bytes: limits.max_bytes }
    }
}

/// The limits that are too low for the objects that are out at a time.
pub(super) fn raises(figures: &Figures, demand: &Demand, room: &Room) -> Vec<Raise> {
    let Some(mut in_flight) = demand.in_flight() else { return Vec::new() };
    if room.is_local {
        in_flight /= demand.threads as f64;
    }
    let needed = in_flight.ceil();
    let bytes = needed * (figures.inline_bytes as f64 + figures.kept.max as f64);
    let objects = if room.is_local { "cache" } else { "max_idle" };
    [(objects, room.objects, needed), ("max_bytes", room.bytes, bytes)]
        .into_iter()
        .filter(|&(_, is, needed)| needed > is as f64)
        .map(|(attribute, is, needed)| Raise { attribute, is, needed: needed as u64 })
        .collect()
}

/// Whether few uses leave much more than most of them do.
pub(super) fn is_uneven(kept: &Spread) -> bool {
    kept.p99 >= LARGE && kept.p99 / UNEVEN >= kept.median
}

/// From which rate on a pool is not [`Rare`](Rule::Rare), if there is one.
pub(super) fn rate_that_matters(figures: &Figures) -> Option<f64> {
    let contest = figures.decisive();
    let saving = contest.saving();
    let least = LEAST_SHARE / saving;
    let floor = if figures.create >= SLOW { 0.0 } else { RARE };
    // Within the noise there is none: the verdict at that rate would be another.
    (contest.pooled_is_faster() && saving > 0.0).then_some(least.max(floor))
}

pub(super) fn decide(figures: &Figures, demand: &Demand, room: &Room) -> (Verdict, Rule) {
    let contest = figures.decisive();
    let (faster, slower) = (contest.pooled_is_faster(), contest.pooled_is_slower());
    let kept = figures.kept;
    let is_rare = |rate: f64| match rate_that_matters(figures) {
        Some(least) => rate < least,
        None => rate < RARE,
    };
    if !faster && kept.max == 0 {
        (Verdict::Nothing, Rule::KeepsNothing)
    } else if demand.rate.is_some_and(is_rare) {
        (Verdict::Nothing, Rule::Rare)
    } else if slower && figures.reset > figures.create {
        (Verdict::Nothing, Rule::ResetCosts)
    } else if slower {
        (Verdict::Nothing, Rule::Slower)
    } else if !faster {
        (Verdict::Nothing, Rule::NoDifference)
    } else if is_uneven(&kept) {
        (Verdict::Ladder, Rule::Uneven)
    } else if room.is_local || demand.threads == 1 {
        (Verdict::Local, Rule::OneThread)
    } else if figures.create >= SLOW {
        (Verdict::Managed, Rule::SlowCreation)
    } else if !raises(figures, demand, room).is_empty() {
        (Verdict::OwnPool, Rule::InFlight)
    } else {
        (Verdict::OwnPool, Rule::Faster)
    }
}

#[cfg(test)]
mod tests {
    use super::super::figures::Contest;
    use super::*;

    fn contest(fresh: f64, pooled: f64) -> Contest {
        Contest { fresh, pooled, ratio: pooled / fresh, noise: 0.05 }
    }

    type Case = (&'static str, Figures, Demand, Room, (Verdict, Rule));

    /// A type that is twice as fast pooled, and leaves 1000 bytes.
    fn figures() -> Figures {
        Figures {
            alone: contest(1_000.0, 500.0),
            together: Some(contest(1_000.0, 500.0)),
            threads: 2,
            create: 50.0,
            reset: 20.0,
            allocations: None,
            inline_bytes: 24,
            kept: Spread { min: 1000, median: 1000, p99: 1000, max: 1000 },
            oversize: 0.0,
            missed: 0.0,
        }
    }

    const UNKNOWN: Demand = Demand { rate: None, hold: None, threads: 2 };
    const SHARED: Room = Room { is_local: false, objects: 1024, bytes: 64 << 20 };
    const LOCAL: Room = Room { is_local: true, objects: 64, bytes: 64 << 20 };

    fn at(rate: f64) -> Demand {
        Demand { rate: Some(rate), ..UNKNOWN }
    }

    fn held(rate: f64, milliseconds: u64) -> Demand {
        Demand { hold: Some(Duration::from_millis(milliseconds)), ..at(rate) }
    }

    fn with(change: impl FnOnce(&mut Figures)) -> Figures {
        let mut figures = figures();
        change(&mut figures);
        figures
    }

    fn nothing(figures: &mut Figures) {
        figures.kept = Spread::default();
    }

    fn slower(figures: &mut Figures) {
        figures.alone = contest(500.0, 1_000.0);
    }

    fn sizes(median: usize, p99: usize) -> Figures {
        with(|figures| figures.kept = Spread { min: 0, median, p99, max: p99 })
    }

    #[test]
    fn every_rule_decides_its_cases_and_no_more() {
        use Rule::*;
        use Verdict::*;

        let even = |figures: &mut Figures| figures.alone = contest(1_000.0, 960.0);
        let cases: &[Case] = &[
            ("plain", figures(), UNKNOWN, SHARED, (OwnPool, Faster)),
            // What keeps nothing.
            (
                "slower, empty",
                with(|f| (slower(f), nothing(f)).1),
                UNKNOWN,
                SHARED,
                (Nothing, KeepsNothing),
            ),
            (
                "even, empty",
                with(|f| {
                    nothing(f);
                    even(f);
                    f.together = None;
                }),
                UNKNOWN,
                SHARED,
                (Nothing, KeepsNothing),
            ),
            (
                "empty comes before rare",
                with(|f| (slower(f), nothing(f)).1),
                at(1.0),
                SHARED,
                (Nothing, KeepsNothing),
            ),
            ("faster, empty", with(nothing), UNKNOWN, SHARED, (OwnPool, Faster)),
            // The rate.
            ("none", figures(), at(0.0), SHARED, (Nothing, Rare)),
            ("rare", figures(), at(1_999.0), SHARED, (Nothing, Rare)),
            ("not rare", figures(), at(2_000.0), SHARED, (OwnPool, Faster)),
            (
                "rare, saves much",
                with(|f| f.alone = contest(90_000.0, 10.0)),
                at(999.0),
                SHARED,
                (Nothing, Rare),
            ),
            (
                "not rare, saves much",
                with(|f| f.alone = contest(90_000.0, 10.0)),
                at(1_000.0),
                SHARED,
                (OwnPool, Faster),
            ),
            ("rare comes before slower", with(slower), at(999.0), SHARED, (Nothing, Rare)),
            ("slower, not rare", with(slower), at(1_000.0), SHARED, (Nothing, Slower)),
            (
                "slow creation, ten a second",
                with(|f| {
                    f.create = 100_000.0;
                    f.alone = contest(100_010.0, 10.0);
                }),
                at(10.0),
                SHARED,
                (Managed, SlowCreation),
            ),
            (
                "slow creation, nine a second",
                with(|f| {
                    f.create = 100_000.0;
                    f.alone = contest(100_010.0, 10.0);
                }),
                at(9.0),
                SHARED,
                (Nothing, Rare),
            ),
            // The reset.
            (
                "reset costs",
                with(|f| {
                    slower(f);
                    f.reset = 50.1;
                }),
                UNKNOWN,
                SHARED,
                (Nothing, ResetCosts),
            ),
            (
                "reset costs as much",
                with(|f| {
                    slower(f);
                    f.reset = 50.0;
                }),
                UNKNOWN,
                SHARED,
                (Nothing, Slower),
            ),
            (
                "reset costs, but pooled is faster",
                with(|f| f.reset = 400.0),
                UNKNOWN,
                SHARED,
                (OwnPool, Faster),
            ),
            // The sign.
            ("slower", with(slower), UNKNOWN, SHARED, (Nothing, Slower)),
            (
                "even, also together",
                with(|f| {
                    even(f);
                    f.together = Some(contest(500.0, 510.0));
                }),
                UNKNOWN,
                SHARED,
                (Nothing, NoDifference),
            ),
            (
                "even, alone is all",
                with(|f| {
                    even(f);
                    f.together = None;
                }),
                UNKNOWN,
                SHARED,
                (Nothing, NoDifference),
            ),
            ("even, faster together", with(even), UNKNOWN, SHARED, (OwnPool, Faster)),
            (
                "even, slower together",
                with(|f| {
                    even(f);
                    f.together = Some(contest(500.0, 1000.0));
                }),
                UNKNOWN,
                SHARED,
                (Nothing, Slower),
            ),
            (
                "faster alone, slower together",
                with(|f| f.together = Some(contest(500.0, 1000.0))),
                UNKNOWN,
                SHARED,
                (OwnPool, Faster),
            ),
            ("within the noise", with(|f| f.alone.noise = 1.0), UNKNOWN, SHARED, (OwnPool, Faster)),
            (
                "within the noise of both",
                with(|f| {
                    f.alone.noise = 1.0;
                    f.together = None;
                }),
                UNKNOWN,
                SHARED,
                (Nothing, NoDifference),
            ),
            // Sizes.
            ("uneven", sizes(4 << 10, 64 << 10), UNKNOWN, SHARED, (Ladder, Uneven)),
            ("mostly empty", sizes(0, 64 << 10), UNKNOWN, SHARED, (Ladder, Uneven)),
            ("less uneven", sizes((4 << 10) + 1, 64 << 10), UNKNOWN, SHARED, (OwnPool, Faster)),
            ("uneven and small", sizes(0, (64 << 10) - 1), UNKNOWN, SHARED, (OwnPool, Faster)),
            ("uneven comes before local", sizes(0, 64 << 10), UNKNOWN, LOCAL, (Ladder, Uneven)),
            (
                "uneven and slower",
                {
                    let mut figures = sizes(0, 64 << 10);
                    slower(&mut figures);
                    figures
                },
                UNKNOWN,
                SHARED,
                (Nothing, Slower),
            ),
            // Threads.
            ("local", figures(), UNKNOWN, LOCAL, (Local, OneThread)),
            ("one thread", figures(), Demand { threads: 1, ..UNKNOWN }, SHARED, (Local, OneThread)),
            (
                "local comes before managed",
                with(|f| f.create = 1e6),
                UNKNOWN,
                LOCAL,
                (Local, OneThread),
            ),
            // Slow creations.
            (
                "slow creation",
                with(|f| f.create = 100_000.0),
                UNKNOWN,
                SHARED,
                (Managed, SlowCreation),
            ),
            ("not that slow", with(|f| f.create = 99_999.0), UNKNOWN, SHARED, (OwnPool, Faster)),
            (
                "slow creation comes before many",
                with(|f| f.create = 1e6),
                held(1e6, 100),
                SHARED,
                (Managed, SlowCreation),
            ),
            // Objects that are out.
            ("as many as are kept", figures(), held(102_400.0, 10), SHARED, (OwnPool, Faster)),
            ("one more", figures(), held(102_401.0, 10), SHARED, (OwnPool, InFlight)),
            (
                "too many bytes",
                with(|f| f.kept.max = 100_000),
                held(100_000.0, 10),
                SHARED,
                (OwnPool, InFlight),
            ),
            (
                "a hold time without a rate",
                figures(),
                Demand { rate: None, ..held(0.0, 60_000) },
                SHARED,
                (OwnPool, Faster),
            ),
        ];
        for (name, figures, demand, room, expected) in cases {
            assert_eq!(decide(figures, demand, room), *expected, "{name}");
        }
        let decided = |rule| cases.iter().filter(|case| case.4.1 == rule).count();
        for rule in [
            KeepsNothing,
            Rare,
            ResetCosts,
            Slower,
            NoDifference,
            Uneven,
            OneThread,
            SlowCreation,
            InFlight,
            Faster,
        ] {
            assert!(decided(rule) > 0, "{rule:?} decides no case");
        }
    }

    #[test]
    fn limits_are_raised_to_what_is_out_at_a_time() {
        let raise = |attribute, is, needed| Raise { attribute, is, needed };
        let (few, many) = (held(100.0, 10), held(200_000.0, 10));
        assert_eq!(raises(&figures(), &few, &SHARED), []);
        assert_eq!(raises(&figures(), &many, &SHARED), [raise("max_idle", 1024, 2000)]);
        // 2000 objects, of two threads.
        assert_eq!(raises(&figures(), &many, &LOCAL), [raise("cache", 64, 1000)]);
        let big = with(|figures| figures.kept.max = (1 << 20) - 24);
        let both = [raise("max_idle", 1024, 2000), raise("max_bytes", 64 << 20, 2000 << 20)];
        assert_eq!(raises(&big, &many, &SHARED), both);
        assert_eq!(raises(&big, &at(200_000.0), &SHARED), []);
    }

    #[test]
    fn the_rate_that_matters_is_where_a_thousandth_of_a_core_is_saved() {
        let rate = |fresh, pooled, create| {
            let alone = contest(fresh, pooled);
            rate_that_matters(&with(|figures| {
                (figures.alone, figures.together, figures.create) = (alone, None, create);
            }))
        };
        assert_eq!(rate(1_000.0, 500.0, 0.0).map(f64::round), Some(2_000.0));
        assert_eq!(rate(10_000.0, 500.0, 0.0), Some(1_000.0));
        assert_eq!(rate(1e6, 0.0, 1e5).map(f64::round), Some(1.0));
        assert_eq!(rate(500.0, 500.0, 0.0), None);
        assert_eq!(rate(500.0, 490.0, 0.0), None, "within the noise");
    }
}
