//! The tables whose rows are their own.

use super::{allocations, table, three_digits};
use crate::beyond::{Measured, Row};
use crate::plot::Colour;
use crate::results::Results;

const INTRODUCTION: &str = "\
What the other pools do not hold: generic types, types that borrow, elements and entries
that keep their memory, objects with several owners, secrets that are wiped. Each is timed beside what programs do
instead. The rows are measured like the others, but the pools of types are not made anew
for each timing; and every row adds up what it reads, which is checked.

**× poolable** is the time divided by that of poolable in the same table: above 1 poolable is
faster. Where it is below 2, the reason stands below the table. **Instructions** are what
callgrind counted for one of its rounds, with rustc 1.95 and glibc 2.36 on x86-64 with AVX2;
they are written by hand, and not taken anew with the times.
";

pub(crate) fn section(results: &Results) -> String {
    let mut section = format!("{INTRODUCTION}\n{}", summary(&results.beyond));
    for measured in &results.beyond {
        section.push_str(&table_section(measured));
    }
    section
}

/// One line for everyone who is not poolable.
fn summary(all: &[Measured]) -> String {
    let mut rows = Vec::new();
    for measured in all {
        let ours = three_digits(measured.ours());
        for (row, figures) in measured.rows().filter(|(row, _)| row.colour != Colour::Poolable) {
            rows.push(vec![
                measured.table.title.to_owned(),
                ours.clone(),
                three_digits(figures.best),
                three_digits(figures.best / measured.ours()),
                row.name.to_owned(),
            ]);
        }
    }
    table(&["", "poolable, ns", "ns", "× poolable", "beside"], &rows)
}

pub(super) fn table_section(measured: &Measured) -> String {
    let Measured { table: what, .. } = measured;
    let rows = measured.by_time().into_iter().map(|(row, figures)| {
        vec![
            emphasised(row),
            three_digits(figures.best),
            three_digits(figures.median),
            three_digits(figures.best / measured.ours()),
            allocations(figures.allocations, figures.allocations_per_object()),
            row.about.to_owned(),
        ]
    });
    let by_unit = format!("allocations per {}", what.unit);
    let head = ["", "ns", "median", "× poolable", &by_unit, "used as"];
    let mut section = format!(
        "\n### {}\n\n{}\n\n![{}: bars of the times below](benchmarks/{}.svg)\n\n{}",
        what.title,
        what.about,
        what.title,
        what.file,
        table(&head, &rows.collect::<Vec<_>>()),
    );
    let reasons: String = measured.close().map(|(row, quotient)| reason(row, quotient)).collect();
    if !reasons.is_empty() {
        section.push_str(&format!("\nBelow 2:\n\n{reasons}"));
    }
    section
}

fn reason(row: Row, quotient: f64) -> String {
    let reason = row.reason.unwrap_or("nobody has found out why");
    format!("- {}, {}: {reason}.\n", row.name, three_digits(quotient))
}

fn emphasised(row: Row) -> String {
    if row.colour == Colour::Poolable { format!("**{}**", row.name) } else { row.name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The list of headers: poolable, the floor, and two that are expected to be slow.
    fn lists(times: &[f64; 4]) -> Measured {
        let tables = crate::beyond::all();
        let table = tables.into_iter().find(|table| table.file == "beyond-retain-vec");
        Measured::made_up(table.expect("it is there"), times)
    }

    #[test]
    fn a_row_below_two_has_its_reason_printed() {
        let usual = table_section(&lists(&[10.0, 9.0, 40.0, 50.0]));
        assert!(usual.contains("- floor: a `Vec<Header>` and an index, 0.90: "));
        assert_eq!(usual.matches("\n- ").count(), 1);
    }

    #[test]
    fn a_row_below_two_without_a_reason_is_named_as_such() {
        let odd = table_section(&lists(&[10.0, 21.0, 15.0, 50.0]));
        assert!(odd.contains("- poolable, but `Vec<Header>`, 1.50: nobody has found out why.\n"));
        assert_eq!(odd.matches("\n- ").count(), 1);
    }
}
