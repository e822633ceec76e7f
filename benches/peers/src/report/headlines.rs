//! The section of the cases of others.

use super::{allocations, bar_table, pairs, table, three_digits};
use crate::bars::Bar;
use crate::beyond::Row;
use crate::contender;
use crate::headlines::{ABSENT, TimedCase, TimedHeadline};
use crate::machine::Machine;
use crate::plot::Colour;

const INTRODUCTION: &str = "\
## What others measure of themselves

`cargo xtask bench headlines` runs these cases and writes this section. Most of the other pools come
with a benchmark of their own. Here are their cases with poolable beside them: the same objects,
sizes, threads and operations, written anew, with their pools used as they use them. No case was
left out for its outcome; what was left out, and what is not as there, is said.

- **× poolable** is the median, over all rounds, of a row's time divided by that of the row of
  poolable's that it is held against, with the range in which the true median lies with a certainty
  of 95 %: above 1 poolable is faster. It is the first row of poolable's in the text of the program,
  unless another one hands out what that row does: then it is named.
- Where poolable is slower, and the whole range is below 1, the reason stands below the table.
- Where poolable allocates, as it has to, what it allocates for stands there as well.
";

/// The section, with the machine that it was taken on.
pub(crate) fn write(
    all: &[TimedHeadline],
    bars: &[Bar],
    machine: &Machine,
    is_quick: bool,
) -> String {
    let trial = if is_quick {
        "\n**A trial run: too short for its figures to mean anything.**\n"
    } else {
        ""
    };
    let mut section = format!(
        "{INTRODUCTION}{trial}\n{}\n### What must hold where others measure themselves\n\nThe run \
         fails if one of these is missed.\n\n{}\n### Their cases at a glance\n\n{}",
        table(&["taken on", ""], &pairs(&machine.facts)),
        bar_table(bars),
        summary(all),
    );
    section.push_str("\nNot here:\n\n");
    for (who, why) in ABSENT {
        section.push_str(&format!("- {who}: {why}.\n"));
    }
    for headline in all {
        section.push_str(&headline_section(headline));
    }
    section
}

/// One line for each case: whoever it is of.
fn summary(all: &[TimedHeadline]) -> String {
    let mut rows = Vec::new();
    for headline in all {
        for case in &headline.cases {
            let own = case.quotients().filter(|(row, _)| row.name.starts_with(headline.package));
            let fastest = own.min_by(|a, b| a.1.median.total_cmp(&b.1.median));
            let (row, quotient) = fastest.expect("whoever it is of takes part");
            let measured = &case.timed.measured;
            let ours = case.ours(row.name);
            rows.push(vec![
                measured.table.title.to_owned(),
                row.name.to_owned(),
                three_digits(measured.time(row.name)),
                ours.to_owned(),
                three_digits(measured.time(ours)),
                quotient.text(),
            ]);
        }
    }
    table(&["case", "its fastest", "ns", "beside", "ns", "× poolable"], &rows)
}

fn headline_section(headline: &TimedHeadline) -> String {
    let version = contender::version(headline.package);
    let mut section = format!(
        "\n### {}\n\nSource: {}. {}\n",
        version.as_deref().unwrap_or(headline.package),
        headline.source,
        headline.about,
    );
    for case in &headline.cases {
        section.push_str(&case_section(case));
    }
    section
}

fn case_section(case: &TimedCase) -> String {
    let measured = &case.timed.measured;
    let what = &measured.table;
    let first = what.rows[0].who.name;
    let rows = measured.by_time().into_iter().map(|(row, figures)| {
        vec![
            emphasised(row),
            three_digits(figures.best),
            three_digits(figures.median),
            beside(case, row, first),
            allocations(figures.allocations, figures.allocations_per_object()),
            row.about.to_owned(),
        ]
    });
    let by_unit = format!("allocations per {}", what.unit);
    let head = ["", "ns", "median", "× poolable", &by_unit, "used as"];
    let mut section = format!(
        "\n#### {}\n\n{}\n\n![{}: bars of the times below](benchmarks/{}.svg)\n\n{}",
        what.title,
        what.about,
        what.title,
        what.file,
        table(&head, &rows.collect::<Vec<_>>()),
    );
    let reasons: String = case
        .quotients()
        .filter(|(row, quotient)| quotient.high < 1.0 || row.reason.is_some())
        .map(|(row, quotient)| reason(row, three_digits(quotient.median)))
        .collect();
    if !reasons.is_empty() {
        section.push_str(&format!("\nNot slower than poolable, or not always:\n\n{reasons}"));
    }
    if let Some(why) = case.allocates {
        section.push_str(&format!("\nWhere poolable allocates: {why}.\n"));
    }
    section
}

fn beside(case: &TimedCase, row: Row, first: &str) -> String {
    if row.colour == Colour::Poolable {
        return String::new();
    }
    let ours = case.ours(row.name);
    let quotient = case.timed.quotient(ours, row.name).text();
    if ours == first { quotient } else { format!("{quotient}, of {ours}") }
}

fn reason(row: Row, quotient: String) -> String {
    let reason = row.reason.unwrap_or("nobody has found out why");
    format!("- {}, {quotient}: {reason}.\n", row.name)
}

fn emphasised(row: Row) -> String {
    if row.colour == Colour::Poolable { format!("**{}**", row.name) } else { row.name.to_owned() }
}
