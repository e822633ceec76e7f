//! Runs a check that nobody watches, and reads what it printed.

use core::time::Duration;
use std::process::Command;
use std::time::Instant;

use super::patch::Catch;
use crate::deep::outcome::Unable;
use crate::deep::place::{Place, describe, limited};

/// The longest that a build may take.
const BUILD_LIMIT: Duration = Duration::from_secs(1800);

/// What came of a check, with all that it printed.
pub(super) enum Played {
    /// And how long its last command took.
    Passed {
        output: String,
        time: Duration,
    },
    NotBuilt {
        output: String,
    },
    Failed {
        why: String,
        output: String,
    },
    Not(Unable),
}

/// Runs the steps of a check, those that do not build as often as `rounds` says, up to the
/// first that fails.
pub(super) fn play(catch: &Catch, place: &Place, rounds: u32, limit: Duration) -> Played {
    let steps = match (catch.check.steps)(place, &catch.filter) {
        Ok(steps) => steps,
        Err(why) => return Played::Not(why),
    };
    let (mut all, mut time) = (String::new(), Duration::ZERO);
    for step in steps {
        let (rounds, limit) = if step.is_build { (1, BUILD_LIMIT) } else { (rounds, limit) };
        for _ in 0..rounds {
            let start = Instant::now();
            match watch(limited(&step.command, limit)) {
                Ok(output) => all.push_str(&output),
                Err((_, output)) if step.is_build => return Played::NotBuilt { output },
                Err((why, output)) => return Played::Failed { why, output },
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
pub(super) fn ran_any(output: &str) -> bool {
    output.lines().any(|line| {
        line.starts_with("test result:") && !line.contains(" 0 passed")
            || line.ends_with("no law was broken")
    })
}

/// The line that says what went wrong: the one with the text that was foreseen, or else the
/// first that looks like it.
pub(super) fn symptom(output: &str, says: Option<&str>) -> Option<String> {
    let mut lines = output.lines();
    let is_sign = |line: &&str| match says {
        Some(says) => line.contains(says),
        None => SIGNS.iter().any(|sign| line.contains(sign)),
    };
    let line = lines.find(is_sign)?.trim();
    // A panic's message stands below its place, and in front is the name of the thread,
    // which is that of the test.
    let Some((thread, _)) = line.split_once("panicked at") else { return Some(line.to_owned()) };
    let test = thread.split('\'').nth(1).unwrap_or("a thread");
    Some(format!("{test}: {}", lines.next().unwrap_or_default().trim()))
}

/// What a report begins with: a panic, the sanitizers, valgrind, the player of sequences.
const SIGNS: &[&str] =
    &["panicked at", "Sanitizer:", "== Invalid ", "definitely lost", "seed ", "(signal: "];

/// The last lines, where the reason mostly stands.
pub(super) fn end(output: &str) -> String {
    let lines: Vec<&str> = output.lines().collect();
    lines[lines.len().saturating_sub(25)..].join("\n")
}
