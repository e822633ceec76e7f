//! The advice of `poolable::advise` beside a benchmark that knows nothing of it.
//!
//! For each of the types in `cases.rs`, which were chosen to be hard to guess, the advisor is asked,
//! and a benchmark is run that has nothing of it but the type and the work: its own loops, its own
//! values written out as a user writes them, its own clock. What the advisor says must have the sign
//! of what the benchmark finds. Where the two contenders differ by less than a tenth, either answer
//! is right; but ten of the types must lie outside, or nothing would be proven.
//!
//! Types about which they disagree are asked and timed twice again, for other programs on the
//! machine disturb both; and then they may not disagree once more.
//!
//! Run it with `cargo xtask advise`, or `cargo xtask advise --quick`.
#![forbid(unsafe_code)]

mod benchmark;
mod cases;

use core::time::Duration;
use std::env;
use std::process::ExitCode;

use benchmark::{Sign, Times};
use cases::Case;
use poolable::advise::{Advice, Advisor};

/// The least number of types with a difference.
const LEAST_CLEAR: usize = 10;

/// How long the advisor and the benchmark may take for each type.
struct Effort {
    advisor: Duration,
    benchmark: Duration,
}

struct Outcome {
    times: Times,
    advice: Advice,
    attempts: usize,
}

impl Outcome {
    fn agrees(&self) -> bool {
        match self.times.sign() {
            Sign::Faster => self.advice.verdict().reuses(),
            Sign::Slower => !self.advice.verdict().reuses(),
            Sign::Even => true,
        }
    }
}

/// The first outcome, if it is as it should be, and otherwise the worse of two others: whoever is
/// wrong in two of three is not lucky in the third.
fn settle<O>(mut attempt: impl FnMut(usize) -> O, is_right: impl Fn(&O) -> bool) -> O {
    let first = attempt(1);
    if is_right(&first) {
        return first;
    }
    let second = attempt(2);
    if is_right(&second) { attempt(3) } else { second }
}

fn try_out(case: &Case, effort: &Effort) -> Outcome {
    let advisor = Advisor::new().budget(effort.advisor);
    let attempt = |attempts| {
        // In turn first, for what one of them leaves in the allocator is there for the other.
        let (times, advice) = if attempts % 2 == 0 {
            (benchmark::run(case, effort.benchmark), (case.advise)(&advisor))
        } else {
            let advice = (case.advise)(&advisor);
            (benchmark::run(case, effort.benchmark), advice)
        };
        Outcome { times, advice, attempts }
    };
    settle(attempt, Outcome::agrees)
}

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let effort = match arguments[..] {
        [] => Effort { advisor: Duration::from_secs(1), benchmark: Duration::from_secs(2) },
        ["--quick"] => {
            Effort { advisor: Duration::from_millis(500), benchmark: Duration::from_millis(500) }
        }
        _ => {
            eprintln!("usage: poolable-advise [--quick]");
            return ExitCode::FAILURE;
        }
    };
    println!(
        "{:<36}{:>9}{:>9}{:>7}  {:<8}{:<9}{:<14}agree",
        "type", "fresh", "pooled", "ratio", "pooled", "advice", "rule"
    );
    let mut signs = [0, 0];
    let mut wrong = Vec::new();
    for case in cases::ALL {
        let outcome = try_out(case, &effort);
        let Outcome { times, advice, attempts } = &outcome;
        let sign = times.sign();
        match sign {
            Sign::Faster => signs[0] += 1,
            Sign::Slower => signs[1] += 1,
            Sign::Even => {}
        }
        println!(
            "{:<36}{:>9.1}{:>9.1}{:>7.2}  {:<8}{:<9}{:<14}{}{}",
            case.name,
            times.fresh,
            times.pooled,
            times.ratio,
            format!("{sign:?}").to_lowercase(),
            format!("{:?}", advice.verdict()),
            format!("{:?}", advice.rule()),
            if !outcome.agrees() {
                "NO"
            } else if sign == Sign::Even {
                "either"
            } else {
                "yes"
            },
            if *attempts == 1 { String::new() } else { format!(", at attempt {attempts}") },
        );
        if !outcome.agrees() {
            wrong.push((case.name, advice.clone()));
        }
    }
    println!("times in ns per use, medians of interleaved rounds on one thread");
    let mut failures = Vec::new();
    for (name, advice) in wrong {
        failures.push(format!("{name}: the advice is not what the benchmark finds\n{advice}"));
    }
    let clear: usize = signs.iter().sum();
    if clear < LEAST_CLEAR {
        failures.push(format!("only {clear} types show a difference, which proves little"));
    }
    if signs.contains(&0) {
        failures.push("one of the two signs does not occur, which proves nothing".to_owned());
    }
    for failure in &failures {
        eprintln!("{failure}");
    }
    if failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[cfg(test)]
mod tests {
    use super::settle;

    #[test]
    fn who_is_wrong_twice_is_wrong() {
        for (tries, expected) in [
            ([true, false, false], (true, 1)),
            ([false, true, true], (true, 3)),
            ([false, true, false], (false, 3)),
            ([false, false, true], (false, 2)),
        ] {
            let attempt = |number: usize| (tries[number - 1], number);
            assert_eq!(settle(attempt, |outcome| outcome.0), expected, "{tries:?}");
        }
    }
}
