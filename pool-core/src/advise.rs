//! Whether a type is worth a pool: measured where it runs, decided by rules, told in words.
//!
//! Two contenders do the same work: a fresh value, which is created, filled and dropped, and a
//! pooled one, which is taken, filled and returned. The rest (allocations, what an idle object
//! keeps, creation and reset alone) says why one of them wins, and what else to do.
//!
//! The rules are in [`Rule`], in their order, with the reason of each.
//!
//! # Examples
//!
//! ```
//! use poolable::Poolable;
//! use poolable::advise::{Advisor, Rule, Verdict};
//! use std::time::Duration;
//!
//! #[derive(Poolable)]
//! struct Place {
//!     latitude: f64,
//!     longitude: f64,
//! }
//!
//! let advisor = Advisor::new().rate(50_000.0).budget(Duration::from_millis(50));
//! let advice = advisor.run::<Place>(|place| place.latitude = 52.5);
//! assert_eq!((advice.verdict(), advice.rule()), (Verdict::Nothing, Rule::KeepsNothing));
//! ```
//!
//! # Invariants
//!
//! 1. Both contenders see the same calls of the same `fill`: each has a clone of it, and does as
//!    many uses in a round as the other.
//! 2. What decides between a pool and none is the measured sign. Everything else decides which
//!    pool, or says that the difference is too small to matter.
//! 3. A panic of the user's code comes out of the call, on whichever thread it happened, and no
//!    other thread is left waiting.
//!
//! # Rejected
//!
//! A builder that takes `fill` first: its type would show in every signature, or a `dyn` would
//! stand between both contenders and their work. The rate and the hold time belong to the program
//! and not to the type, so [`Advisor`] takes them, and may be asked about several types.

mod advice;
mod counting;
mod figures;
mod gate;
mod measure;
mod rules;
mod words;

use core::num::NonZero;
use core::time::Duration;
use std::thread::available_parallelism;

pub use advice::Advice;
pub use counting::CountingAllocator;
pub use figures::{Allocations, Contest, Figures, Spread};
pub use rules::{Raise, Rule, Verdict};

use crate::poolable::Poolable;
use rules::{Demand, Room};

/// Measures a type on this machine and says whether to pool it.
///
/// `fill` does to an object what the program does between get and return. It is called some
/// hundred thousand times, and may vary from call to call as the program's inputs do: the sizes
/// that it leaves are measured too. It is cloned, once for each contender and thread, so that all
/// of them see the same.
///
/// Takes about a second, on all cores, and tells nothing of an unoptimised build. It uses the type's
/// own pool: the objects that it leaves idle there are blank ones like any other, and the pool's
/// statistics count what it did.
///
/// What it says may be printed, or asked: [`Advice::verdict`]. How many objects are wanted, and for
/// how long, is told to an [`Advisor`]. With [`CountingAllocator`] in the program, allocations are
/// counted.
///
/// # Examples
///
/// ```
/// use poolable::Poolable;
/// use poolable::advise::Verdict;
///
/// #[derive(Clone, Copy, Poolable)]
/// struct Point {
///     x: f64,
///     y: f64,
/// }
///
/// let advice = poolable::advise::<Point>(|point| {
///     point.x = 1.0;
///     point.y = 2.0;
/// });
/// println!("{advice}");
/// assert_eq!(advice.verdict(), Verdict::Nothing); // nothing to keep: it owns no heap
/// ```
///
/// # Panics
///
/// If `fill`, or the type's create, reset or drop panic.
pub fn advise<T: Poolable<Static = T> + 'static>(
    fill: impl FnMut(&mut T) + Clone + Send,
) -> Advice {
    Advisor::new().run(fill)
}

/// What the program asks of its objects: how many, for how long, on how many threads.
///
/// # Examples
///
/// ```
/// use poolable::Poolable;
/// use poolable::advise::{Advisor, Rule, Verdict};
/// use std::time::Duration;
///
/// #[derive(Poolable)]
/// struct Line(Vec<u8>);
///
/// let advisor = Advisor::new().rate(20.0).hold(Duration::from_millis(5));
/// let advice = advisor.budget(Duration::from_millis(50)).run::<Line>(|line| line.0.extend([0; 500]));
/// assert_eq!(advice.verdict(), Verdict::Nothing);
/// assert_eq!(advice.rule(), Rule::Rare); // 20 in a second, whatever they cost
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Advisor {
    demand: Demand,
    budget: Duration,
}

impl Advisor {
    /// Nothing is known of rate and hold time; as many threads as there are cores; a second.
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
    /// let advice = advisor.run::<Line>(|line| line.0.resize(500, b' '));
    /// assert_eq!(advice.figures().kept.median, 500);
    /// ```
    pub fn new() -> Self {
        let threads = available_parallelism().map_or(1, NonZero::get);
        Self { demand: Demand { rate: None, hold: None, threads }, budget: Duration::from_secs(1) }
    }

    /// How many objects the whole program gets in a second.
    ///
    /// Without it, the report tells from which rate on a pool matters.
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
    /// let advice = advisor.run::<Line>(|line| line.0.resize(500, b' '));
    /// assert_eq!(advice.rule(), Rule::Rare);
    /// assert!(advice.to_string().contains("999 gets in a second are too few"));
    /// ```
    ///
    /// # Panics
    ///
    /// If it is negative, infinite or not a number.
    pub fn rate(mut self, per_second: f64) -> Self {
        assert!(
            per_second.is_finite() && per_second >= 0.0,
            "`Advisor::rate`: {per_second} gets in a second; give a finite number from 0 up"
        );
        self.demand.rate = Some(per_second);
        self
    }

    /// How long an object is out, from its get to its return.
    ///
    /// Together with the rate it tells how many are out at a time, which the limits of the pool
    /// should have room for: see [`Advice::raises`].
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::Poolable;
    /// use poolable::advise::Advisor;
    /// use std::time::Duration;
    ///
    /// #[derive(Poolable)]
    /// #[pool(max_idle = 100)]
    /// struct Line(Vec<u8>);
    ///
    /// let advisor = Advisor::new().rate(1e6).hold(Duration::from_millis(2));
    /// let advice = advisor.budget(Duration::from_millis(50)).run::<Line>(|line| line.0.push(1));
    /// // 2000 at a time; a type that is not worth a pool needs no room in one.
    /// assert_eq!(advice.raises().len(), usize::from(advice.verdict().reuses()));
    /// ```
    pub fn hold(mut self, time: Duration) -> Self {
        self.demand.hold = Some(time);
        self
    }

    /// How many threads use the type. With 1, the advice is a pool of that thread.
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
    /// let advisor = Advisor::new().threads(1).budget(Duration::from_millis(50));
    /// let advice = advisor.run::<Line>(|line| line.0.extend(b"GET /"));
    /// assert!(advice.figures().together.is_none()); // one thread was all there was to time
    /// ```
    ///
    /// # Panics
    ///
    /// If it is 0.
    pub fn threads(mut self, threads: usize) -> Self {
        assert!(threads > 0, "`Advisor::threads`: at least 1 thread uses the type");
        self.demand.threads = threads;
        self
    }

    /// How long [`run`](Self::run) may take, about. The default is a second.
    ///
    /// An object that takes longer than a hundredth of it is made some 30 times all the same, and
    /// some five times in each further thread. With less than a tenth of a second the times are
    /// rough. More than an hour is an hour.
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
    /// let start = std::time::Instant::now();
    /// let advisor = Advisor::new().budget(Duration::from_millis(20));
    /// let _advice = advisor.run::<Line>(|line| line.0.resize(500, b' '));
    /// assert!(start.elapsed() < Duration::from_secs(1)); // which is what it takes otherwise
    /// ```
    pub fn budget(mut self, time: Duration) -> Self {
        self.budget = time;
        self
    }

    /// Measures a type and says whether to pool it: see [`advise`].
    ///
    /// # Examples
    ///
    /// One and the same program, asked about two types:
    ///
    /// ```
    /// use poolable::Poolable;
    /// use poolable::advise::Advisor;
    /// use std::time::Duration;
    ///
    /// #[derive(Poolable)]
    /// struct Request(String);
    /// #[derive(Poolable)]
    /// struct Answer(Vec<u8>);
    ///
    /// let advisor = Advisor::new().rate(50_000.0).budget(Duration::from_millis(50));
    /// let request = advisor.run::<Request>(|request| request.0.push_str("GET /"));
    /// // Inputs that vary: what the closure owns is cloned for each contender.
    /// let mut length = 0;
    /// let answer = advisor.run::<Answer>(move |answer| {
    ///     length = (length + 100) % 1000;
    ///     answer.0.reserve_exact(length);
    /// });
    /// assert!(request.to_string().contains("Request"));
    /// assert_eq!((answer.figures().kept.min, answer.figures().kept.max), (0, 900));
    /// ```
    ///
    /// # Panics
    ///
    /// If `fill`, or the type's create, reset or drop panic.
    #[must_use]
    pub fn run<T: Poolable<Static = T> + 'static>(
        &self,
        fill: impl FnMut(&mut T) + Clone + Send,
    ) -> Advice {
        let figures = measure::measure::<T, _>(&fill, self.demand.threads, self.budget);
        let pool = T::pool();
        Advice::new(pool.name().to_owned(), figures, self.demand, Room::of(pool.raw()))
    }
}

impl Default for Advisor {
    fn default() -> Self {
        Self::new()
    }
}
