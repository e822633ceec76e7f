//! Bugs that the checks must catch.
//!
//! Each lies in `xtask/planted/NAME.patch`, a diff that begins with comments: what the bug
//! is, and the checks that must fail on it. One patch at a time is applied to a copy of the
//! tree, and each of its checks must pass on the copy without the patch, build with it, and
//! then fail. A check that fails on both, or that finds nothing to run, shows nothing.

mod patch;
mod play;
mod scratch;

use core::time::Duration;
use std::collections::HashMap;
use std::fmt;

use super::outcome::{Outcome, Summary};
use super::place::Place;
use patch::Catch;
use play::{Played, end, play, ran_any, symptom};
use scratch::Scratch;

/// The longest that a check may take which nothing is known of yet.
const LIMIT: Duration = Duration::from_secs(1800);
/// How often a check may run that finds a bug by luck.
const TRIES: u32 = 20;

/// Plants the bugs that are named, or all, and demands that their checks fail.
pub(crate) fn run(place: &Place, names: &[&str]) -> Result<(), String> {
    let patches = patch::read_all(&place.tree.join("xtask/planted"), names)?;
    let scratch = Scratch::new(place)?;
    println!("\nwithout a bug");
    let mut controls = HashMap::new();
    for catch in patches.iter().flat_map(|patch| &patch.catches) {
        controls.entry(catch.to_string()).or_insert_with(|| {
            let control = control(catch, &scratch.place);
            println!("  {catch}: {control}");
            control
        });
    }
    let mut summary = Summary::new("planted bug");
    for patch in &patches {
        println!("\n{}: {}", patch.name, patch.about);
        scratch.restore()?;
        let applied = scratch.apply(&patch.file);
        for catch in &patch.catches {
            let control = &controls[&catch.to_string()];
            let outcome = match (&applied, &control.outcome) {
                (Err(why), _) => Outcome::Failed(format!("it does not apply: {why}")),
                (Ok(()), Outcome::Skipped(why)) => Outcome::Skipped(why.clone()),
                (Ok(()), Outcome::Failed(_)) => {
                    Outcome::Failed("the check fails without the bug, too".to_owned())
                }
                (Ok(()), Outcome::Passed(_)) => bite(catch, &scratch.place, control.time),
            };
            println!("  {catch}: {outcome}");
            summary.add(format!("{} {catch}", patch.name), outcome);
        }
    }
    scratch.restore()?;
    summary.conclude()
}

/// How a check comes out on the tree as it is.
struct Control {
    outcome: Outcome,
    /// How long its last command took.
    time: Duration,
}

impl fmt::Display for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({:.1} s)", self.outcome, self.time.as_secs_f64())
    }
}

fn control(catch: &Catch, place: &Place) -> Control {
    let outcome = match play(catch, place, 1, LIMIT) {
        Played::Passed { output, time } if catch.filter.is_empty() || ran_any(&output) => {
            return Control { outcome: Outcome::Passed("passed".to_owned()), time };
        }
        Played::Passed { .. } => Outcome::Failed("no test has such a name".to_owned()),
        Played::NotBuilt { output } => {
            println!("{}", end(&output));
            Outcome::Failed("it does not build".to_owned())
        }
        Played::Failed { why, output } => {
            println!("{}", end(&output));
            Outcome::Failed(why)
        }
        Played::Not(why) => why.into(),
    };
    Control { outcome, time: Duration::ZERO }
}

/// Passed if the check fails. Without the bug it took this long.
fn bite(catch: &Catch, place: &Place, time: Duration) -> Outcome {
    let rounds = if catch.check.rounds > 1 { TRIES } else { 1 };
    // A bug may be a deadlock.
    let limit = time * 10 + Duration::from_secs(30);
    match play(catch, place, rounds, limit) {
        Played::Passed { .. } => Outcome::Failed("NOT caught".to_owned()),
        Played::NotBuilt { output } => {
            println!("{}", end(&output));
            Outcome::Failed("it does not build, which shows nothing".to_owned())
        }
        Played::Failed { why, output } => match &catch.says {
            Some(says) if !output.contains(says) => {
                println!("{}", end(&output));
                Outcome::Failed(format!("it does not say `{says}`: {why}"))
            }
            says => {
                let symptom = symptom(&output, says.as_deref()).unwrap_or(why);
                Outcome::Passed(format!("caught: {symptom}"))
            }
        },
        Played::Not(why) => why.into(),
    }
}
