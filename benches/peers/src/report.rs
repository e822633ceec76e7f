//! `benchmarks.md`, all of it but the sections of other commands, and that of the headlines.

mod beyond;
mod buffers;
mod floors;
mod headlines;
mod managed;

use crate::bars::Bar;
use crate::contender::Who;
use crate::idle_share::WINDOWS;
use crate::machine::Machine;
use crate::results::{Measured, Results};

const INTRODUCTION: &str = "\
# Benchmarks

<!-- Written by `cargo xtask bench`, but for the sections that name another command. Do not edit: the
next run overwrites it. -->

poolable beside the other object pools of Rust, beside what programs write by hand, and
beside no pool at all. `cargo xtask bench` runs everything and writes this page and its
plots; the program is in `benches/peers`, one small file for each contender.
";

const METHOD: &str = "\
## How it was measured

- All contenders of a case run in **one process, interleaved**. Every round times each of
  them once, for a fraction of a millisecond up to some milliseconds, and starts with another one
  each time. The **best of all rounds** counts: noise only ever adds. The median stands beside it;
  where the two are far apart, the machine was busy or the contender is uneven, and the
  order of neighbours in the table means little. With several threads the best round of a
  shared pool is the one in which they met least: its median is closer to what users see.
- Every timing makes its contender anew and warms it up first, so that no object is
  created while the clock runs. Everyone resets the object, to an empty buffer that
  keeps its capacity.
- poolable runs as users have it: statistics and limits on, nothing prepared.
- **Times** are nanoseconds per object: get, use and return together. The use, 13 bytes
  appended to each buffer unless the case says otherwise, takes most of the floor's time.
- **× floor** is a time divided by the floor's in the same run: what the pool adds to the
  least that reuse can cost. **× poolable** is a time divided by that of poolable's
  static pool, `T::pooled()`: above 1 poolable is faster, below 1 it is slower.
- **Allocations** are counted by the program's allocator while the clock runs, in all rounds,
  and divided by the objects. `0` is none at all.
- Figures of different machines or runs cannot be compared, ratios of one run can. A ratio
  changes by a few hundredths from run to run, with threads by more.
";

pub(crate) fn write(results: &Results, bars: &[Bar], machine: &Machine, is_quick: bool) -> String {
    let mut page = String::from(INTRODUCTION);
    if is_quick {
        page.push_str("\n**A trial run: too short for its figures to mean anything.**\n");
    }
    page.push('\n');
    page.push_str(&table(&["taken on", ""], &pairs(&machine.facts)));
    page.push('\n');
    page.push_str(METHOD);
    page.push_str("\n## What must hold\n\n");
    page.push_str("The run fails if one of these is missed.\n\n");
    page.push_str(&bar_table(bars));
    page.push_str("\n## Beside the floor\n\n");
    page.push_str(&floors::section(results));
    page.push_str("\n## What is left of a burst\n\n");
    page.push_str(&idle_section(results));
    page.push_str("\n## Case by case\n");
    for measured in &results.cases {
        page.push_str(&case_section(measured));
    }
    page.push_str("\n## Beyond plain objects\n\n");
    page.push_str(&beyond::section(results));
    page.push_str("\n## Pools that are waited for\n\n");
    page.push_str(&managed::section(&results.managed));
    page.push_str("\n## Buffers, rings and copying\n\n");
    page.push_str(&buffers::section(&results.buffers));
    page.push_str("\n## Who took part, and how\n\n");
    page.push_str(&contender_table());
    page
}

pub(crate) use self::headlines::write as headlines;

/// A time or a quotient as people read it.
pub(crate) fn three_digits(time: f64) -> String {
    if time < 10.0 {
        format!("{time:.2}")
    } else if time < 100.0 {
        format!("{time:.1}")
    } else {
        format!("{time:.0}")
    }
}

fn case_section(measured: &Measured) -> String {
    let case = &measured.case;
    let floor = measured.time(Who::Floor);
    let ours = measured.time(Who::PoolableStatic);
    let mut rows = Vec::new();
    for (who, figures) in measured.by_time() {
        rows.push(vec![
            emphasised(who),
            three_digits(figures.best),
            three_digits(figures.median),
            three_digits(figures.best / floor),
            three_digits(figures.best / ours),
            allocations(figures.allocations, figures.allocations_per_object()),
        ]);
    }
    for (who, _) in measured.absent() {
        rows.push([&emphasised(who), "-", "-", "-", "-", "-"].map(str::to_owned).into());
    }
    let head = ["", "ns", "median", "× floor", "× poolable", "allocations per object"];
    let mut section = format!(
        "\n### {}\n\n{} The floor is {}.\n\n![{}: bars of the times below](benchmarks/{}.svg)\n\n{}",
        case.title,
        case.about,
        case.floor,
        case.title,
        case.file,
        table(&head, &rows),
    );
    for (who, why) in measured.absent() {
        section.push_str(&format!("\n{} is not here: {why}.\n", who.name()));
    }
    section
}

fn emphasised(who: Who) -> String {
    if who.is_poolable() { format!("**{}**", who.name()) } else { who.name().to_owned() }
}

fn allocations(count: u64, per_object: f64) -> String {
    if count == 0 {
        "0".to_owned()
    } else if per_object < 0.001 {
        "< 0.001".to_owned()
    } else {
        format!("{per_object:.3}")
    }
}

fn bar_table(bars: &[Bar]) -> String {
    let rows: Vec<Vec<String>> = bars
        .iter()
        .map(|bar| {
            let verdict = if bar.is_met {
                bar.verdict().to_owned()
            } else {
                format!("**{}**", bar.verdict())
            };
            vec![
                bar.case.to_owned(),
                bar.what.clone(),
                bar.bound.clone(),
                bar.found.clone(),
                verdict,
            ]
        })
        .collect();
    table(&["case", "what", "bar", "found", ""], &rows)
}

fn idle_section(results: &Results) -> String {
    let row = |name: &str, shares: &[f64; WINDOWS]| {
        let shares = shares.iter().map(|share| format!("{:.0} %", share * 100.0));
        core::iter::once(name.to_owned()).chain(shares).collect::<Vec<String>>()
    };
    let head: Vec<String> = (1..=WINDOWS).map(|window| window.to_string()).collect();
    let head: Vec<&str> =
        core::iter::once("share idle after call").chain(head.iter().map(String::as_str)).collect();
    format!(
        "10 000 objects are got from a `Pool<T>` built with `max_idle(16384)` and all returned; \
         then `maintain()` is called again and again, and nobody uses the pool. Each call ends a \
         window. In a pool that is in use already the window of the burst has seen the depot \
         empty, and so the first two calls free nothing.\n\n{}",
        table(
            &head,
            &[row("a new pool", &results.idle.first), row("a used pool", &results.idle.later)]
        )
    )
}

fn contender_table() -> String {
    let rows: Vec<Vec<String>> = Who::ALL
        .into_iter()
        .map(|who| {
            let version = who.version().unwrap_or_else(|| "-".to_owned());
            vec![emphasised(who), version, who.about().to_owned()]
        })
        .collect();
    table(&["", "version", "used as"], &rows)
}

fn pairs(facts: &[(&'static str, String)]) -> Vec<Vec<String>> {
    facts.iter().map(|(name, fact)| vec![(*name).to_owned(), fact.clone()]).collect()
}

/// A table in Markdown. All columns but the first are to the right if they hold figures.
fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let is_figure = |text: &String| text.starts_with(|first: char| "0123456789-<".contains(first));
    let rule = (0..head.len()).map(|column| {
        let figures = rows.iter().all(|row| row.get(column).is_some_and(is_figure));
        if column > 0 && figures { "---:" } else { "---" }
    });
    let mut lines = vec![line(head.iter().copied()), line(rule)];
    lines.extend(rows.iter().map(|row| line(row.iter().map(String::as_str))));
    lines.concat()
}

fn line<'a>(cells: impl Iterator<Item = &'a str>) -> String {
    format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
}
