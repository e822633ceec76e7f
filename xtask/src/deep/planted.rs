//! Bugs that the checks must catch.
//!
//! Each lies in `xtask/planted/NAME.patch`, a diff that begins with comments: what the bug
//! is, and the checks that must fail on it. One patch at a time is applied to a copy of the
//! tree, and each of its checks must pass on the copy without the patch, build with it, and
//! then fail. A check that fails on both, or that finds nothing to run, shows nothing.

mod patch;
mod scratch;

use core::time::Duration;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::process::Command;
use std::time::Instant;

use super::check::Check;
use super::outcome::{Outcome, Summary, Unable};
use super::place::{Place, describe, limited};
use patch::Catch;
use scratch::Scratch;

/// The longest that a check may take which nothing is known of yet, builds included.
const LIMIT: Duration = Duration::from_secs(1800);
/// How often a check may run that finds a bug by luck.
const TRIES: u32 = 20;

/// Plants the bugs that are named, or all, and demands that their checks fail.
pub(crate) fn run(place: &Place, names: &[&str]) -> Result<(), String> {
    let patches = patch::read_all(&place.tree.join("xtask/planted"), names)?;
    let scratch = Scratch::new(place)?;
    let mut controls = HashMap::new();
    let mut summary = Summary::new("planted bug");
    for patch in &patches {
        println!("\n{}: {}", patch.name, patch.about);
        for catch in &patch.catches {
            // On the tree as it is, for the next patch may have the same.
            if let Entry::Vacant(entry) = controls.entry(catch.to_string()) {
                scratch.restore()?;
                entry.insert(control(catch, &scratch.place));
            }
        }
        scratch.restore()?;
        let applied = scratch.apply(&patch.file);
        for catch in &patch.catches {
            let outcome = match (&applied, &controls[&catch.to_string()]) {
                (Err(why), _) => Outcome::Failed(format!("it does not apply: {why}")),
                (Ok(()), Control::Skipped(why)) => Outcome::Skipped(why.clone()),
                (Ok(()), Control::Failed(why)) => {
                    Outcome::Failed(format!("without the bug, too: {why}"))
                }
                (Ok(()), Control::Passed(time)) => bite(catch, &scratch.place, *time),
            };
            println!("  {catch}: {outcome}");
            summary.add(format!("{} {catch}", patch.name), outcome);
        }
    }
    scratch.restore()?;
    summary.conclude()
}

/// How a check comes out on the tree as it is.
enum Control {
    /// And how long its last command took.
    Passed(Duration),
    Failed(String),
    Skipped(String),
}

fn control(catch: &Catch, place: &Place) -> Control {
    match play(catch, place, 1, LIMIT) {
        Played::Passed { output, time } if catch.filter.is_empty() || ran_any(&output) => {
            Control::Passed(time)
        }
        Played::Passed { .. } => Control::Failed("no test has such a name".to_owned()),
        Played::NotBuilt(output) => Control::Failed(format!("it does not build\n{}", end(&output))),
        Played::Failed(why, output) => Control::Failed(format!("{why}\n{}", end(&output))),
        Played::Not(outcome) => match Outcome::from(outcome) {
            Outcome::Skipped(why) => Control::Skipped(why),
            other => Control::Failed(other.to_string()),
        },
    }
}

/// Passed if the check fails. Without the bug it took this long.
fn bite(catch: &Catch, place: &Place, time: Duration) -> Outcome {
    let rounds = if catch.check.rounds > 1 { TRIES } else { 1 };
    // A bug may be a deadlock.
    let limit = time * 10 + Duration::from_secs(30);
    match play(catch, place, rounds, limit) {
        Played::Passed { .. } => Outcome::Failed("NOT caught".to_owned()),
        Played::NotBuilt(output) => {
            Outcome::Failed(format!("it does not build, which proves nothing\n{}", end(&output)))
        }
        Played::Failed(why, output) => match &catch.says {
            Some(says) if !output.contains(says) => {
                Outcome::Failed(format!("caught, but not with `{says}`: {why}\n{}", end(&output)))
            }
            _ => {
                println!("    {}", symptom(&output).unwrap_or(&why));
                Outcome::Passed
            }
        },
        Played::Not(outcome) => outcome.into(),
    }
}

/// What came of a check that nobody watched, with all that it printed.
enum Played {
    Passed { output: String, time: Duration },
    NotBuilt(String),
    Failed(String, String),
    Not(Unable),
}

fn play(catch: &Catch, place: &Place, rounds: u32, limit: Duration) -> Played {
    let Catch { check: Check { steps, .. }, filter, .. } = catch;
    let steps = match steps(place, filter) {
        Ok(steps) => steps,
        Err(why) => return Played::Not(why),
    };
    let (mut all, mut time) = (String::new(), Duration::ZERO);
    for step in steps {
        let (rounds, limit) = if step.is_build { (1, LIMIT) } else { (rounds, limit) };
        for _ in 0..rounds {
            let start = Instant::now();
            match watch(limited(&step.command, limit)) {
                Ok(output) => all.push_str(&output),
                Err((_, output)) if step.is_build => return Played::NotBuilt(output),
                Err((why, output)) => return Played::Failed(why, output),
            }
            time = start.elapsed();
        }
    }
    Played::Passed { output: all, time }
}

/// Runs a command to its end and returns what it printed, or why it failed and what it
/// printed.
fn watch(mut command: Command) -> Result<String, (String, String)> {
    let output = command.output().map_err(|error| (error.to_string(), String::new()))?;
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    if output.status.success() { Ok(text) } else { Err((describe(output.status), text)) }
}

/// Whether any test ran, or any sequence was played, by what libtest and the player say at
/// their end.
fn ran_any(output: &str) -> bool {
    output.lines().any(|line| {
        line.starts_with("test result:") && !line.contains(" 0 passed")
            || line.ends_with("no law was broken")
    })
}

/// The line that says what went wrong.
fn symptom(output: &str) -> Option<&str> {
    let mut lines = output.lines();
    let line = lines.find(|line| {
        line.contains("panicked at") || line.contains("Sanitizer:") || line.contains("== Invalid")
    })?;
    // A panic's message stands below its place.
    let below = if line.contains("panicked at") { lines.next() } else { None };
    Some(below.unwrap_or(line).trim())
}

/// The last lines, where the reason mostly stands.
fn end(output: &str) -> String {
    let lines: Vec<&str> = output.lines().collect();
    lines[lines.len().saturating_sub(25)..].join("\n")
}
