//! What is printed, and the section of the page.

use crate::bars::Bar;
use crate::cases::{FASTEST, Form, ROUNDS};
use crate::machine::Machine;
use crate::plot::{self, Colour, Row};
use crate::results::{Effort, Measured};
use crate::timing::{Sample, threads};

/// The plot's file, without its ending.
pub(crate) const PLOT: &str = "go";

const INTRODUCTION: &str = "\
## Beside Go

What programs in Go pool, with poolable and in Go with `sync.Pool`. `cargo xtask bench --go` runs
both in one session, where there is a `go`, and writes this section; the program is in `benches/go`.
The Go side is a module there, for which `go test -bench . -benchmem` does the same alone.
";

/// What the quotients are of, in the tables.
const QUOTIENT: &str = "Go / ours (unpooled: / plain Rust)";

fn method(effort: Effort) -> String {
    let milliseconds = effort.timing.as_millis();
    let certainty = certainty(effort.rounds);
    format!(
        "\
### How Go was measured

- **Rounds**: each has one timing of every form of a case, some {milliseconds} ms long, one after the
  other, and the next round goes the other way: of two neighbours each comes first in every other
  round. The tables have the best and the median of all rounds.
- **Go / ours** is taken within a round, where both stand close together: Go's time over that of our
  first form of the same kind. Pooled rows are held against poolable, unpooled rows against plain Rust,
  in which there is no poolable. The **median of the quotients** counts, and behind it stands where the
  true median lies with a certainty of {certainty} %, by the sign test. Above 1 ours is faster.
- **The fastest** is, in each round, Go's
  {FASTEST},
  by the encoders of the standard library, with whatever can be kept. Two kinds of forms can be faster
  still, and are shown without being judged: objects in a slice behind a `sync.Mutex`, which never lets
  go of what it has, and JSON of types that write themselves, in part or as a whole, by hand or as a
  generator of code would do it.
- **Go** is run as it comes: `GOGC` is 100, `GOMAXPROCS` the number of cores, and the variables that
  change how Go builds and runs are removed. A user's `RUSTFLAGS` are not, and count on our side. The
  benchmarks are built once; each timing is a process of its own, in which the `testing` package finds
  out how many operations fit.
- **The collector** runs beside the program, on another core if one is free. What it takes there is
  not in the times of rows with one thread; where all cores are busy it is.
- **Our side** runs in the process of this program, built as cargo's release is but in one piece,
  with the system's malloc. Its calls are counted, and what that takes is in our times of rows that
  allocate. Pools have their limits and statistics on. Unpooled means what one writes without pools.
- **Before the clock** one operation of each thread of ours runs in each timing, and is not counted:
  pools are filled then. Of the large object it is the one with the highest index, so that the texts
  that are kept have grown: the growth, of one block, is not counted either.
- **Parallel** rows are wall time by operations, from the start of the first thread to the end of
  the last, as `RunParallel` has it. Threads and goroutines are as many as there are cores.
- **Bytes and allocations** are per operation. Those of Go come from `-benchmem`, which leaves out
  fractions, ours from the allocator, all rounds together.
- **The work** of every operation is judged, in every timing: what all of them yield together, the
  lengths and last bytes of what they wrote or the numbers that they set, must be exactly what the
  files in `benches/go/testdata` say, or the sum of the numbers. In the tests each form yields a sum
  over all bytes instead, and pooled objects are found blank when they come again.
"
    )
}

/// How likely the true median is within the interval, in per cent: with a few rounds that is all that
/// they found, and no more.
fn certainty(rounds: usize) -> f64 {
    let all = 100.0 * (1.0 - 0.5f64.powi(rounds as i32 - 1));
    all.min(95.0).floor()
}

const LARGE: &str = "\
All of them, in so many rounds. A grown block is one more allocation and one more that is freed.
Peak and rest are those of a pass of its own, without a clock, which begins with empty pools: in Go by
`runtime.MemStats`, looked at every 16 rounds, the rest after one collection; here by the allocator. The
rest is what pools keep. Collections and their pauses are the medians of all rounds.
";

pub(crate) fn print(results: &[Measured]) {
    for measured in results {
        println!(
            "\n{:<34} {:>9} {:>9} {:>8} {:>7} {:>11}   {QUOTIENT}",
            measured.case.title, "best, ns", "median", "B/op", "allocs", "ops/s"
        );
        for (index, form) in measured.case.forms.iter().enumerate() {
            println!(
                "{:<34} {:>9} {:>9} {:>8} {:>7} {:>11.0}   {}",
                name(form).replace("**", ""),
                three_digits(measured.best(index)),
                three_digits(measured.median(index, |sample| sample.nanoseconds)),
                per_operation(measured, index, |sample| sample.bytes),
                per_operation(measured, index, |sample| sample.blocks),
                1e9 / measured.median(index, |sample| sample.nanoseconds),
                quotient(measured, index),
            );
        }
    }
}

/// The section, and the plot.
pub(crate) fn section(
    results: &[Measured],
    bars: &[Bar],
    machine: &Machine,
    go: &str,
    effort: Effort,
) -> (String, String) {
    let facts = machine.facts.iter().map(|(name, fact)| vec![(*name).to_owned(), fact.clone()]);
    let more = [
        ("Go", go.to_owned()),
        ("`GOGC`, `GOMAXPROCS`", format!("100, {}", threads())),
        ("rounds", format!("{}, of {} ms each form", effort.rounds, effort.timing.as_millis())),
    ];
    let facts = facts.chain(more.map(|(name, fact)| vec![name.to_owned(), fact]));
    let judged = bars.iter().map(|bar| {
        let verdict = bar.verdict();
        let verdict = if bar.is_missed() { format!("**{verdict}**") } else { verdict.to_owned() };
        vec![bar.case.to_owned(), bar.what.clone(), bar.bound.clone(), bar.found.clone(), verdict]
    });
    let trial = if effort.judges_times() {
        ""
    } else {
        "\n**A trial run: too short for its times to mean anything. They are not judged.**\n"
    };
    let mut section = format!(
        "{INTRODUCTION}{trial}\n{}\n{}\n### What must hold beside Go\n\nThe run fails if one of \
         these is missed. The other rows have no bar. Forms that may not be Go's fastest, a slice \
         behind a `sync.Mutex` and JSON by hand, are not judged: their quotients stand in the tables \
         of their cases below.\n\n{}\n### Both sides at a glance\n\nOurs is the median of our \
         pooled form. Go's is the median of what was, in each round, the time of its {FASTEST}, \
         which need not be the same one in all rounds.\n\n\
         ![Pooled, here and in Go: bars of the times below](benchmarks/{PLOT}.svg)\n\n{}",
        table(&["taken on", ""], facts),
        method(effort),
        table(&["case", "what", "bar", "found", ""], judged),
        glance(results),
    );
    for measured in results {
        section.push_str(&format!(
            "\n#### {}\n\n{}\n\n{}",
            measured.case.title,
            measured.case.about,
            forms(measured)
        ));
        if !measured.memory.is_empty() {
            let rounds = ROUNDS / effort.share;
            section.push_str(&format!("\n**{rounds} rounds.** {LARGE}\n{}", memory(measured)));
        }
    }
    (section, draw(results))
}

fn glance(results: &[Measured]) -> String {
    let rows = results.iter().map(|measured| {
        vec![
            measured.case.title.to_owned(),
            three_digits(measured.median(measured.case.ours(), |sample| sample.nanoseconds)),
            three_digits(measured.fastest_median()),
            measured.against_fastest().text(),
        ]
    });
    table(&["case", "ours, ns", "Go's fastest, ns", "Go / ours"], rows)
}

fn forms(measured: &Measured) -> String {
    let rows = measured.case.forms.iter().enumerate().map(|(index, form)| {
        let median = measured.median(index, |sample| sample.nanoseconds);
        vec![
            name(form),
            kind(form).to_owned(),
            three_digits(measured.best(index)),
            three_digits(median),
            per_operation(measured, index, |sample| sample.bytes),
            per_operation(measured, index, |sample| sample.blocks),
            three_digits(1e3 / median),
            quotient(measured, index),
        ]
    });
    let head = ["", "", "best, ns", "median", "bytes", "allocations", "million/s", QUOTIENT];
    table(&head, rows)
}

fn kind(form: &Form) -> &'static str {
    match (form.is_pooled, form.counts) {
        (false, _) => "unpooled",
        (true, true) => "pooled",
        (true, false) => "pooled, not judged",
    }
}

fn memory(measured: &Measured) -> String {
    let rows = measured.case.forms.iter().enumerate().map(|(index, form)| {
        let median = |figure: fn(&Sample) -> f64| measured.median(index, figure);
        let kib = |bytes: f64| format!("{:.1}", bytes / 1024.0);
        let of_go = |figure: String| if form.is_ours() { "-".to_owned() } else { figure };
        vec![
            name(form),
            format!("{:.1}", median(|sample| sample.nanoseconds * sample.operations as f64) / 1e6),
            format!("{:.0}", median(|sample| sample.blocks)),
            kib(median(|sample| sample.bytes)),
            format!("{:.0}", median(|sample| sample.frees)),
            kib(measured.memory[index].peak),
            kib(measured.memory[index].left),
            of_go(format!("{:.0}", median(|sample| sample.collections))),
            of_go(format!("{:.2}", median(|sample| sample.pause) / 1e6)),
        ]
    });
    let head = [
        "",
        "ms",
        "allocations",
        "all, KiB",
        "freed",
        "peak, KiB",
        "rest, KiB",
        "collections",
        "pauses, ms",
    ];
    table(&head, rows)
}

fn draw(results: &[Measured]) -> String {
    let rows = results.iter().flat_map(|measured| {
        let ours = measured.median(measured.case.ours(), |sample| sample.nanoseconds);
        let [poolable, go] = measured.case.bars;
        [
            Row { name: poolable, colour: Colour::Poolable, time: ours },
            Row { name: go, colour: Colour::Other, time: measured.fastest_median() },
        ]
    });
    plot::draw("Pooled, here and in Go", "operation", &rows.collect::<Vec<_>>())
}

fn name(form: &Form) -> String {
    match form.is_ours() {
        true => format!("**poolable: {}**", form.name),
        false => format!("Go: {}", form.name),
    }
    .replace("poolable: ", if form.is_pooled { "poolable: " } else { "Rust: " })
}

/// Against our form of the same kind; nothing for that one itself.
fn quotient(measured: &Measured, index: usize) -> String {
    let form = &measured.case.forms[index];
    let ours = if form.is_pooled { measured.case.ours() } else { measured.case.ours_unpooled() };
    if form.is_ours() { "-".to_owned() } else { measured.quotient(index, ours).text() }
}

fn per_operation(measured: &Measured, index: usize, sum: fn(&Sample) -> f64) -> String {
    let each = measured.median(index, |sample| sum(sample) / sample.operations as f64);
    if measured.samples[index].iter().all(|sample| sum(sample) == 0.0) {
        "0".to_owned()
    } else if each < 0.01 {
        "< 0.01".to_owned()
    } else if (each - each.round()).abs() < 0.01 {
        format!("{:.0}", each.round())
    } else {
        three_digits(each)
    }
}

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

/// A table in Markdown. All columns but the first are to the right if they hold figures.
fn table(head: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let rows: Vec<Vec<String>> = rows.collect();
    let is_figure = |text: &String| text.starts_with(|first: char| "0123456789-<".contains(first));
    let rule = (0..head.len()).map(|column| {
        let figures = rows.iter().all(|row| is_figure(&row[column]));
        if column > 0 && figures { "---:" } else { "---" }.to_owned()
    });
    let head = head.iter().map(|&name| name.to_owned()).collect();
    let lines = [head, rule.collect()].into_iter().chain(rows).map(line);
    lines.collect()
}

fn line(cells: Vec<String>) -> String {
    format!("| {} |\n", cells.join(" | "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bars;
    use crate::cases::CASES;
    use crate::page;
    use crate::results::tests::made_up;
    use crate::rows::analysis::Memory;

    fn all() -> Vec<Measured> {
        let time = |form: &Form| match (form.is_ours(), form.is_pooled) {
            (true, false) => 10.0,
            (false, false) => 20.0,
            (true, true) => 5.0,
            (false, true) if form.counts => 25.0,
            (false, true) => 1.0,
        };
        let made_up = CASES.iter().map(|case| {
            let times: Vec<f64> = case.forms.iter().map(time).collect();
            made_up(case, &[&times, &times])
        });
        let mut results: Vec<Measured> = made_up.collect();
        for measured in &mut results {
            if measured.case.operations.is_some() {
                measured.memory =
                    vec![Memory { peak: 2048.0, left: 1024.0 }; measured.case.forms.len()];
            }
        }
        results
    }

    fn section_of(results: &[Measured], effort: Effort) -> (String, String) {
        let machine = Machine { facts: vec![("cores", "2".to_owned())] };
        section(results, &bars::all(results, effort), &machine, "go1.27.3", effort)
    }

    #[test]
    fn section_has_the_figures_and_the_verdicts() {
        let mut results = all();
        let (section, plot) = section_of(&results, Effort::FULL);
        for wanted in [
            "| A buffer of 1024 bytes | 5.00 | 25.0 | 5.000 (5.000 to 5.000) |\n",
            "| **poolable: `T::pooled()`** | pooled | 5.00 | 5.00 | 0 | 0 | 200 | - |\n",
            "| **Rust: `Vec::with_capacity`** | unpooled | 10.0 | 10.0 | 0 | 0 | 100 | - |\n",
            "| Go: a slice behind a `sync.Mutex` | pooled, not judged | 1.00 |",
            "| Go: `Grow` and `String()` | unpooled | 20.0 | 20.0 | 0 | 0 | 50.0 | 2.000 (",
            "| at least 4 | 5.000 (5.000 to 5.000) | met |",
            "**100000 rounds.**",
            "| 0.0 | 0 | 0.0 | 0 | 2.0 | 1.0 | 0 | 0.00 |\n",
        ] {
            assert!(section.contains(wanted), "{wanted}: {section}");
        }
        assert!(section.contains("100 ms long") && section.contains("a certainty of 95 %"));
        assert!(!section.contains("MISSED") && !section.contains("trial"));
        assert!(plot.contains("get and return, poolable") && plot.ends_with("</svg>\n"));

        let case = results[0].case.ours();
        results[0].samples[case][0].blocks = 3.0;
        let (section, _) = section_of(&results, Effort::QUICK);
        assert!(section.contains("| 0 | 3 | **MISSED** |"), "{section}");
        assert!(section.contains("5.000 (5.000 to 5.000) | not judged |"), "{section}");
        assert!(section.contains("10 ms long") && section.contains("a certainty of 75 %"));
        assert!(section.contains("A trial run") && section.contains("**5000 rounds.**"));
    }

    #[test]
    fn section_can_stand_in_the_page_of_the_repository() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/benchmarks.md");
        let page = page::read(file.as_ref()).expect("it can be read");
        let (section, _) = section_of(&all(), Effort::FULL);
        let with = page::with_section(&page, crate::COMMAND, &section).expect("it is in order");
        assert!(with.starts_with("# Benchmarks\n"));
        assert_eq!(page::section(&with, crate::COMMAND), Ok(Some(&section[..])));
    }
}
