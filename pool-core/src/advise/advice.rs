//! The answer, and how it reads.

use core::fmt;

use super::figures::{Contest, Figures};
use super::rules::{
    Demand, Raise, Room, Rule, Verdict, decide, is_uneven, raises, rate_that_matters,
};
use super::words::{About, Bytes, Number, Paragraph, Time};

/// What [`advise`](crate::advise()) found. Its `Display` is the report.
///
/// # Examples
///
/// ```
/// use poolable::Poolable;
/// use poolable::advise::Advisor;
/// use std::time::Duration;
///
/// #[derive(Poolable)]
/// struct Point(f64, f64);
///
/// let advice = Advisor::new().budget(Duration::from_millis(50)).run::<Point>(|point| point.0 = 1.0);
/// let report = advice.to_string();
/// assert!(report.contains("Point: leave it without a pool"));
/// assert!(report.contains("16 B inline and nothing on the heap"));
/// ```
#[derive(Clone, Debug)]
pub struct Advice {
    name: String,
    figures: Figures,
    demand: Demand,
    is_local: bool,
    verdict: Verdict,
    rule: Rule,
    raises: Vec<Raise>,
}

impl Advice {
    pub(super) fn new(name: String, figures: Figures, demand: Demand, room: Room) -> Self {
        let (verdict, rule) = decide(&figures, &demand, &room);
        let raises = if verdict.reuses() { raises(&figures, &demand, &room) } else { Vec::new() };
        Self { name, figures, demand, is_local: room.is_local, verdict, rule, raises }
    }

    /// What to do.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::Poolable;
    /// use poolable::advise::{Advisor, Verdict};
    /// use std::time::{Duration, Instant};
    ///
    /// #[derive(Poolable)]
    /// #[pool(create = Self::connect)]
    /// struct Connection {
    ///     request: String,
    /// }
    ///
    /// impl Connection {
    ///     fn connect() -> Self {
    ///         let start = Instant::now();
    ///         while start.elapsed() < Duration::from_micros(200) {} // stands for a handshake
    ///         Self { request: String::new() }
    ///     }
    /// }
    ///
    /// let advisor = Advisor::new().threads(2).budget(Duration::from_millis(50));
    /// let advice = advisor.run::<Connection>(|connection| connection.request.push_str("PING"));
    /// assert_eq!(advice.verdict(), Verdict::Managed);
    /// ```
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// Why.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::Poolable;
    /// use poolable::advise::{Advisor, Rule};
    /// use std::time::Duration;
    ///
    /// #[derive(Poolable)]
    /// struct Point(f64, f64);
    ///
    /// let advisor = Advisor::new().budget(Duration::from_millis(50));
    /// let advice = advisor.run::<Point>(|point| point.0 = 1.0);
    /// assert_eq!(advice.rule(), Rule::KeepsNothing);
    /// ```
    #[must_use]
    pub fn rule(&self) -> Rule {
        self.rule
    }

    /// What was measured.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::Poolable;
    /// use poolable::advise::Advisor;
    /// use std::time::Duration;
    ///
    /// #[derive(Poolable)]
    /// struct Point(f64, f64);
    ///
    /// let advisor = Advisor::new().budget(Duration::from_millis(50));
    /// let advice = advisor.run::<Point>(|point| point.0 = 1.0);
    /// assert_eq!((advice.figures().inline_bytes, advice.figures().kept.max), (16, 0));
    /// ```
    #[must_use]
    pub fn figures(&self) -> &Figures {
        &self.figures
    }

    /// From which rate on a pool is worth it, in gets per second: there it saves a thousandth of a
    /// core, and there are at least 1000 of them (unless a creation takes 100 µs or more). `None` if
    /// it saves nothing beyond the noise.
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
    /// let rate = advisor.run::<Line>(|line| line.0.resize(500, b' ')).rate_that_matters();
    /// assert!(rate.is_none_or(|rate| rate >= 1_000.0));
    /// ```
    #[must_use]
    pub fn rate_that_matters(&self) -> Option<f64> {
        rate_that_matters(&self.figures)
    }

    /// The limits of the type's pool to be raised, if rate and hold time are known: as many objects
    /// as are out at a time may come back at once, and what there is no room for is freed and
    /// created again.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::Poolable;
    /// use poolable::advise::Advisor;
    /// use std::time::{Duration, Instant};
    ///
    /// #[derive(Poolable)]
    /// #[pool(create = Self::new)]
    /// struct Table(Vec<u32>);
    ///
    /// impl Table {
    ///     fn new() -> Self {
    ///         let start = Instant::now();
    ///         while start.elapsed() < Duration::from_micros(20) {} // stands for some work
    ///         Self(Vec::new())
    ///     }
    /// }
    ///
    /// let advisor = Advisor::new().rate(100_000.0).hold(Duration::from_millis(20));
    /// let advice = advisor.budget(Duration::from_millis(50)).run::<Table>(|table| table.0.push(7));
    /// let [raise] = advice.raises() else { panic!("one limit is too low") };
    /// assert_eq!((raise.attribute, raise.is, raise.needed), ("max_idle", 1024, 2000));
    /// ```
    #[must_use]
    pub fn raises(&self) -> &[Raise] {
        &self.raises
    }

    /// What the verdict says, as an instruction.
    fn instruction(&self) -> &'static str {
        match self.verdict {
            Verdict::OwnPool => "pool it",
            Verdict::Ladder => "pool its buffers by their size",
            Verdict::Local if self.is_local => "pool it, and leave it `local`",
            Verdict::Local => "pool it in its thread, with `#[pool(local)]`",
            Verdict::Managed => "take a pool that is waited for, of module `managed`",
            Verdict::Nothing => "leave it without a pool",
        }
    }

    /// What the rule says, with the figures that it decided by.
    fn reason(&self, f: &mut impl fmt::Write) -> fmt::Result {
        let figures = &self.figures;
        let kept = figures.kept;
        let contest = figures.decisive();
        let sides = Sides(contest);
        match self.rule {
            Rule::KeepsNothing => {
                write!(f, "A return leaves nothing on the heap to use again, and {sides}.")
            }
            Rule::Rare => {
                let rate = Number(self.demand.rate.unwrap_or(0.0));
                write!(f, "{rate} gets in a second are too few: ")?;
                match self.rate_that_matters() {
                    Some(least) => write!(f, "from {} on it would be worth it.", About(least)),
                    None => write!(f, "no pool matters below 1000."),
                }
            }
            Rule::ResetCosts => write!(
                f,
                "To reset a used one takes {}, to create one {}: {sides}.",
                Time(figures.reset),
                Time(figures.create),
            ),
            Rule::Slower => write!(f, "As measured, {sides}."),
            Rule::NoDifference => {
                write!(f, "There is no difference beyond the noise: {sides}.")
            }
            Rule::Uneven => write!(
                f,
                "Half of the uses leave up to {}, one in a hundred {} and more, which every idle \
                 object would come to hold. As it is, {sides}.",
                Bytes(kept.median as f64),
                Bytes(kept.p99 as f64),
            ),
            Rule::OneThread => write!(f, "One thread is all that meets an object, and {sides}."),
            Rule::SlowCreation => write!(
                f,
                "A creation takes {}. If it waits for something, as connections do, objects are to \
                 be counted and checked (`managed::ResourcePool`); if it computes, pool it as any \
                 other type.",
                Time(figures.create),
            ),
            Rule::InFlight => {
                write!(f, "More are out at a time than its pool has room for, and {sides}.")
            }
            Rule::Faster => write!(f, "As measured, {sides}."),
        }
    }

    fn demand(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.verdict.reuses() {
            return Ok(());
        }
        if let Some(rate) = self.demand.rate {
            let share = rate * self.figures.decisive().saving() * 100.0;
            let rate = Number(rate);
            writeln!(f, "  At {rate} gets in a second a pool saves {share:.1} % of a core.")?;
        } else if let Some(least) = self.rate_that_matters() {
            writeln!(f, "  It is worth it from about {} gets in a second on.", About(least))?;
        }
        if let Some(objects) = self.demand.in_flight() {
            writeln!(f, "  About {} are out at a time.", Number(objects.ceil()))?;
        }
        for Raise { attribute, is, needed } in &self.raises {
            writeln!(f, "  Write `#[pool({attribute} = {needed})]`: it is {is}.")?;
        }
        Ok(())
    }
}

impl fmt::Display for Advice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let figures = &self.figures;
        writeln!(f, "{}: {}", self.name, self.instruction())?;
        let mut reason = String::new();
        self.reason(&mut reason)?;
        writeln!(f, "{}\n", Paragraph(&reason))?;

        let mut row = |name: &str, fresh: &dyn fmt::Display, pooled: &dyn fmt::Display| {
            writeln!(f, "  {name:<24}{fresh:>12}{pooled:>12}")
        };
        row("", &"fresh", &"pooled")?;
        row("one thread", &Time(figures.alone.fresh), &Time(figures.alone.pooled))?;
        if let Some(together) = figures.together {
            let name = format!("{} threads at once", figures.threads);
            row(&name, &Time(together.fresh), &Time(together.pooled))?;
        }
        if let Some(counts) = figures.allocations {
            row("allocations", &Number(counts.fresh), &Number(counts.pooled))?;
            row("bytes allocated", &Bytes(counts.fresh_bytes), &Bytes(counts.pooled_bytes))?;
        } else {
            row("allocations", &"not known", &"not known")?;
        }
        writeln!(f)?;

        let (create, reset) = (Time(figures.create), Time(figures.reset));
        writeln!(f, "  Creation by itself takes {create}, the reset of a used one {reset}.")?;
        let inline = Bytes(figures.inline_bytes as f64);
        let kept = figures.kept;
        let [min, median, p99, max] =
            [kept.min, kept.median, kept.p99, kept.max].map(|bytes| Bytes(bytes as f64));
        let heap = if kept.max == 0 {
            "nothing on the heap".to_owned()
        } else if kept.min == kept.max {
            format!("{max} on the heap")
        } else {
            format!("on the heap {min} to {max} ({median} in the middle, {p99} at 99 of 100)")
        };
        writeln!(f, "{}", Paragraph(&format!("A use leaves {inline} inline and {heap}.")))?;
        if is_uneven(&kept) {
            let remedy = "Sizes are uneven: keep the buffers in a `buffer::BufferPool`, or bound \
                them by `#[pool(max_capacity = ..)]`.";
            writeln!(f, "{}", Paragraph(remedy))?;
        }
        if figures.oversize > 0.0 {
            writeln!(
                f,
                "  {:.1} % of the uses leave more than `max_object_bytes`: these objects are freed.",
                figures.oversize * 100.0
            )?;
        }
        // Of seven gets, as few as there may be, the first creates one.
        if figures.missed > 0.2 {
            let missed = format!(
                "In {:.0} % of the gets the pool had nothing to give: its limits (`cache`, `max_idle`, \
                 `max_bytes`, `max_object_bytes`), or how this was built, keep it from keeping the \
                 objects, and what was measured is no reuse.",
                figures.missed * 100.0
            );
            writeln!(f, "{}", Paragraph(&missed))?;
        }
        self.demand(f)?;
        if cfg!(debug_assertions) {
            writeln!(f, "  Built without optimisation: the times say nothing. Use `--release`.")?;
        }
        Ok(())
    }
}

/// Fresh and pooled in one sentence.
struct Sides(Contest);

impl fmt::Display for Sides {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Contest { fresh, pooled, ratio, noise } = self.0;
        let (fresh, pooled) = (Time(fresh), Time(pooled));
        write!(f, "pooled takes {pooled} where fresh takes {fresh} (")?;
        if self.0.pooled_is_faster() {
            write!(f, "{:.1} times as fast", 1.0 / ratio)?;
        } else if self.0.pooled_is_slower() {
            write!(f, "{ratio:.1} times as long")?;
        } else {
            write!(f, "{ratio:.2} times as long")?;
        }
        write!(f, "; noise {:.0} %)", noise * 100.0)
    }
}
