//! What must hold where others measure themselves.

use super::{Bar, SLACK};
use crate::headlines::{TimedCase, TimedHeadline};

pub(crate) fn headlines(all: &[TimedHeadline]) -> Vec<Bar> {
    let mut bars: Vec<Bar> = all.iter().map(slower).collect();
    let cases = all.iter().flat_map(|headline| &headline.cases);
    bars.push(super::no_allocations(
        "what others measure of themselves",
        "allocations of poolable in all timings where nothing has to be made",
        cases
            .filter(|case| case.allocates.is_none())
            .flat_map(|case| super::allocations_of(&case.timed.measured))
            .collect(),
    ));
    bars
}

/// Whoever is faster than poolable must be known to be so, and why.
fn slower(headline: &TimedHeadline) -> Bar {
    let without: Vec<String> = headline.cases.iter().flat_map(unexplained).collect();
    Bar {
        case: headline.package,
        what: "rows of its own cases that are faster than poolable, and nobody knows why"
            .to_owned(),
        bound: format!("0 by more than {} % with a certainty of 95 %", SLACK * 100.0),
        is_met: without.is_empty(),
        found: if without.is_empty() { "0".to_owned() } else { without.join("; ") },
    }
}

fn unexplained(case: &TimedCase) -> Vec<String> {
    let slower = case
        .quotients()
        .filter(|(row, quotient)| row.reason.is_none() && quotient.high < 1.0 - SLACK);
    let title = case.timed.measured.table.title;
    slower.map(|(row, quotient)| format!("{title}: {} ({})", row.name, quotient.text())).collect()
}
