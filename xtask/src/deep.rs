//! The deep run: what takes too long, or needs too much, for every change.
//!
//! `cargo xtask deep` runs every check of [`check::ALL`] that is part of it and shows then,
//! by the bugs kept in `xtask/planted`, that those checks can fail. All that it builds and
//! fetches lies in `target/deep`.

mod check;
mod outcome;
mod place;
mod planted;
mod toolchain;

use core::time::Duration;

use check::Check;
pub(crate) use outcome::is_required;
use outcome::{Outcome, Summary};
use place::{Place, describe, limited};

/// The longest that one command may take. Nothing takes a tenth of it, and a deadlock takes
/// all of it.
const LIMIT: Duration = Duration::from_secs(3600);

/// Runs the checks that are named, or the whole of it.
pub(crate) fn run(names: &[&str]) -> Result<(), String> {
    let place = Place::here()?;
    if let ["planted", names @ ..] = names {
        return planted::run(&place, names);
    }
    let checks: Vec<&Check> = if names.is_empty() {
        check::ALL.iter().filter(|check| check.is_deep).collect()
    } else {
        names.iter().map(|name| check::find(name)).collect::<Result<_, _>>()?
    };
    let mut summary = Summary::new("check");
    for check in checks {
        println!("\n==> {}: {}", check.name, check.about);
        let outcome = attempt(check, &place);
        println!("{}: {outcome}", check.name);
        summary.add(check.name.to_owned(), outcome);
    }
    let checked = summary.conclude();
    if names.is_empty() {
        println!("\n==> planted: what the checks must catch");
        return checked.and(planted::run(&place, &[]));
    }
    checked
}

/// Runs the steps of a check, in view, up to the first that fails.
fn attempt(check: &Check, place: &Place) -> Outcome {
    let steps = match (check.steps)(place, "") {
        Ok(steps) => steps,
        Err(why) => return why.into(),
    };
    for step in steps {
        let rounds = if step.is_build { 1 } else { check.rounds };
        for _ in 0..rounds {
            println!("$ {:?}", step.command);
            match limited(&step.command, LIMIT).status() {
                Ok(status) if status.success() => {}
                Ok(status) => return Outcome::Failed(describe(status)),
                Err(error) => return Outcome::Failed(format!("cannot run it: {error}")),
            }
        }
    }
    Outcome::Passed("passed".to_owned())
}
