//! What is printed, and the section of the page.

use crate::bars::Bar;
use crate::machine::Machine;
use crate::results::{CONTENDERS, Figures, POOLED, Results};
use crate::rounds::Effort;

const INTRODUCTION: &str = "\
## A web service

The service of `examples/service`, axum on tokio, is asked for the price of orders over loopback:
pooled, as it stands there; unpooled, as one writes it without pools; and that with mimalloc in
place of the system's malloc. `cargo xtask load` runs everything and writes this section; the
program is in `xtask/load`.
";

const METHOD: &str = "\
### How a service was measured

- A **request** posts an order of some 2 KiB and about twenty lines. There are twelve different
  ones, put together beforehand, which take turns. It is read, checked, priced and answered with a
  receipt, in JSON both ways.
- The **variants** check and price by the same code, and answer the same bytes, which is tested;
  every server is asked all orders before and after it is timed, and its answers are compared. All
  have the same loop over connections, the same limits of size and time around the handler, and the
  same runtime of two workers, in programs of the same profile: cargo's release. Unpooled means
  the same types with `Vec`, `String` and `Option`, the body as `Bytes`, and `serde_json` without
  anything between. axum's own `Json` is slower than that: it keeps the path to each field for its
  messages. So it is not timed, and only its allocations are told. The pooled one wipes the token to
  pay by, the others leave it in memory.
- A **round** has each variant once, in a process of its own, started anew, warmed up, and then
  timed; the next round begins with another variant. Each stands first, second and third equally
  often. The table has **medians** of all rounds.
- **What is judged** is taken within a round, in which all three stand close together: the pooled
  one's figure over that of the better unpooled one. Which is better is decided in each round, and
  for each figure anew: the one with more requests may be another than the one with the lower 99th
  percentile. The **median of the quotients** counts. Behind it stands where the true median lies
  with a certainty of 95 %, by the sign test.
- **wrk** runs one thread and 16 connections, each of which asks again once it is answered. One
  thread, because it shares two cores with the server: a part of one is enough for it, and a second
  thread would only be in the server's way. 16 connections, so that both workers have requests at
  any time; with more, latencies would be those of a longer line. What wrk takes for a request is in
  everyone's figures, and brings the quotients closer to 1. Nobody is bound to a core: wrk on one of two would
  leave the workers the other, and pools are to be seen with threads that run at once. A latency is
  that of a connection which asks as soon as it may: it says how even a server is at its limit, and
  nothing of one that is asked at a fixed rate.
- **Allocations** are counted in another program, whose allocator counts those of all threads but
  the client's: 12 000 requests on one connection, after 1200 that are not counted. The **floor**
  is a handler that reads the same body, and answers the same bytes from a static: it has what
  axum, hyper and tokio allocate. An order without a note has one that is `null`; serde replaces what it
  does not find, and with it what was kept for the next note, by one allocation.
- **Peak memory** is the `VmHWM` of the server's process, at the end of its round.
- A run in which wrk saw an error, a status other than 2xx or 3xx among them, has no figures.
";

pub(crate) fn print(results: &Results) {
    println!(
        "\n{:<20} {:>10} {:>8} {:>8} {:>8} {:>12}",
        "medians", "requests/s", "p50, µs", "p99", "p99.9", "peak, KiB"
    );
    for (index, contender) in CONTENDERS.iter().enumerate() {
        let median = |figure: fn(&Figures) -> f64| results.median(index, figure);
        println!(
            "{:<20} {:>10.0} {:>8.0} {:>8.0} {:>8.0} {:>12.0}",
            contender.name,
            median(|figures| figures.seen.requests_per_second),
            median(|figures| figures.seen.p50),
            median(|figures| figures.seen.p99),
            median(|figures| figures.seen.p999),
            median(|figures| figures.peak as f64),
        );
    }
}

pub(crate) fn section(
    results: &Results,
    bars: &[Bar],
    machine: &Machine,
    wrk: &str,
    effort: Effort,
) -> String {
    let facts = machine.facts.iter().map(|(name, fact)| vec![(*name).to_owned(), fact.clone()]);
    let facts = facts.chain([vec!["loaded by".to_owned(), wrk.to_owned()]]).chain([vec![
        "rounds".to_owned(),
        format!(
            "{}, of {} s each after {} s of warm-up",
            effort.rounds,
            effort.counted.as_secs(),
            effort.warm_up.as_secs()
        ),
    ]]);
    let judged = bars.iter().map(|bar| {
        let verdict = bar.verdict();
        let verdict = if bar.is_met { verdict.to_owned() } else { format!("**{verdict}**") };
        vec![bar.what.to_owned(), bar.bound.clone(), bar.found.clone(), verdict]
    });
    let trial = if effort == Effort::FULL {
        ""
    } else {
        "\n**A trial run: too short for its figures to mean anything.**\n"
    };
    format!(
        "{INTRODUCTION}{trial}\n{}\n{METHOD}\n### What must hold of a service\n\nThe run fails if \
         one of these is missed.\n\n{}\n### A service under load\n\n{}\n### What a request \
         allocates\n\n{}",
        table(&["taken on", ""], facts),
        table(&["what", "bar", "found", ""], judged),
        loads(results),
        allocations(results),
    )
}

/// What wrk saw.
fn loads(results: &Results) -> String {
    let rows = CONTENDERS.iter().enumerate().map(|(index, contender)| {
        let median = |figure: fn(&Figures) -> f64| results.median(index, figure);
        vec![
            emphasised(contender.name, index == POOLED),
            format!("{:.0}", median(|figures| figures.seen.requests_per_second)),
            format!("{:.0}", median(|figures| figures.seen.p50)),
            format!("{:.0}", median(|figures| figures.seen.p99)),
            format!("{:.0}", median(|figures| figures.seen.p999)),
            format!("{:.1}", median(|figures| figures.peak as f64) / 1024.0),
            contender.about.to_owned(),
        ]
    });
    let head = ["", "requests/s", "p50, µs", "p99", "p99.9", "peak, MiB", "what it is"];
    let mut rounds = String::new();
    for (number, round) in results.rounds.iter().enumerate() {
        let figures = round.iter().map(|Figures { seen, .. }| {
            format!("{:.0} and {:.0} µs", seen.requests_per_second, seen.p99)
        });
        rounds.push_str(&line(
            core::iter::once((number + 1).to_string()).chain(figures).collect::<Vec<_>>(),
        ));
    }
    let names = CONTENDERS.iter().map(|contender| contender.name.to_owned());
    let names: Vec<String> = core::iter::once("round".to_owned()).chain(names).collect();
    let rule = vec!["---".to_owned(); names.len()];
    format!(
        "{}\nRound by round, requests per second and the 99th percentile:\n\n{}{}{rounds}",
        table(&head, rows),
        line(names),
        line(rule),
    )
}

fn allocations(results: &Results) -> String {
    let floor = results.allocations.floor;
    let rows = [
        ("pooled", results.allocations.pooled),
        ("unpooled", results.allocations.unpooled),
        ("by axum's `Json`", results.allocations.axum),
        ("floor", floor),
    ];
    let rows = rows.map(|(name, count)| {
        let name = emphasised(name, name == "pooled");
        vec![name, format!("{count:.3}"), format!("{:.3}", count - floor)]
    });
    table(&["", "allocations per request", "beyond the floor"], rows.into_iter())
}

fn emphasised(name: &str, is_poolable: bool) -> String {
    if is_poolable { format!("**{name}**") } else { name.to_owned() }
}

/// A table in Markdown. All columns but the first are to the right if they hold figures.
fn table(head: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let rows: Vec<Vec<String>> = rows.collect();
    let is_figure = |text: &String| text.starts_with(|first: char| "0123456789-".contains(first));
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
    use crate::page;
    use crate::results::tests::{FEW, made_up};

    fn section_of(results: &Results, effort: Effort) -> String {
        let machine = Machine { facts: vec![("cores", "2".to_owned())] };
        section(results, &bars::all(results), &machine, "wrk 4", effort)
    }

    #[test]
    fn section_has_the_medians_and_the_verdicts() {
        let bad = [(50.0, 100.0), (100.0, 10.0), (90.0, 20.0)];
        let good = [(102.0, 9.0), (100.0, 10.0), (90.0, 20.0)];
        let section = section_of(&made_up(&[bad, good, good], FEW), Effort::FULL);
        assert!(section.contains("| **pooled** | 102 | 4 | 9 | 18 | 7.0 |"), "{section}");
        assert!(section.contains("| 1.020 (0.500 to 1.020) | met |"), "{section}");
        assert!(section.contains("| 1 | 50 and 100 µs | 100 and 10 µs | 90 and 20 µs |\n"));
        assert!(section.contains("| unpooled | 60.000 | 53.000 |\n"));
        assert!(!section.contains("MISSED") && !section.contains("trial"));

        let section = section_of(&made_up(&[bad, bad, good], FEW), Effort::QUICK);
        assert!(section.contains("| 0.500 (0.500 to 1.020) | **MISSED** |"), "{section}");
        assert!(section.contains("A trial run"));
    }

    #[test]
    fn section_can_stand_in_the_page_and_be_replaced() {
        let results = made_up(&[[(100.0, 10.0); 3]], FEW);
        let section = section_of(&results, Effort::FULL);
        let page = page::with_section("# Benchmarks\n", crate::COMMAND, &section)
            .expect("the page is in order");
        assert_eq!(page::section(&page, crate::COMMAND), Ok(Some(&section[..])));
        let again =
            page::with_section(&page, crate::COMMAND, "## Less\n").expect("the page is in order");
        assert_eq!(page::section(&again, crate::COMMAND), Ok(Some("## Less\n")));
    }

    #[test]
    fn page_of_the_repository_can_take_the_section() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/benchmarks.md");
        let page = page::read(file.as_ref()).expect("it can be read");
        let with =
            page::with_section(&page, crate::COMMAND, "## Load\n").expect("the page is in order");
        assert!(with.starts_with("# Benchmarks\n"));
        assert_eq!(page::section(&with, crate::COMMAND), Ok(Some("## Load\n")));
    }

    #[test]
    fn columns_of_figures_are_to_the_right() {
        let rows = [["a", "1.5", "many"], ["b", "-2", "3"]];
        let rows = rows.map(|row| row.map(str::to_owned).to_vec());
        let expected = "| x | n | m |\n| --- | ---: | --- |\n| a | 1.5 | many |\n| b | -2 | 3 |\n";
        assert_eq!(table(&["x", "n", "m"], rows.into_iter()), expected);
    }
}
