//! poolable timed beside the other pools of its field.
//!
//! `cargo xtask bench` runs it; it writes `docs/benchmarks.md`, and fails if a bar is missed.
//! With `--quick` it is over in seconds, writes to `target/quick` and judges nothing; with
//! `managed` it takes the pools that are waited for alone, with `tasks` no more of them than idle
//! connections for tasks, which takes seconds, and with `buffers` those of buffers, rings and
//! copying; then it writes nothing. With `headlines` it takes the cases of the other pools, and
//! writes their section. `gets` and `instructions` are for callgrind: see `managed/counted.rs`.

mod bars;
mod beyond;
mod buffers;
mod cases;
mod contender;
mod contenders;
mod field;
mod gate;
mod headlines;
mod idle_share;
mod machine;
mod managed;
mod object;
mod owned;
mod page;
mod plot;
mod report;
mod results;
mod timing;

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use bars::Bar;
use cases::Case;
use headlines::TimedHeadline;
use machine::Machine;
use managed::Timed;
use results::{Measured, Results};
use timing::Figures;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let Some(outcome) = counted(&arguments) {
        return outcome;
    }
    let is_quick = arguments.last().is_some_and(|last| last == "--quick");
    let part = &arguments[..arguments.len() - usize::from(is_quick)];
    let bars = match part.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => return measure_all(is_quick),
        ["headlines"] => return measure_headlines(is_quick),
        ["managed"] => bars::managed(&measure_managed(is_quick)),
        ["buffers"] => bars::buffers(&measure_buffers(is_quick)),
        ["tasks"] => bars::tasks(&measure_tasks(managed::tasks(), is_quick)),
        _ => {
            eprintln!(
                "usage: poolable-peers [buffers | headlines | managed | tasks] [--quick] \
                 | gets WHAT GETS | instructions"
            );
            return ExitCode::FAILURE;
        }
    };
    print_bars(&bars, is_quick);
    verdict(&bars, is_quick)
}

/// Everything, and the page.
fn measure_all(is_quick: bool) -> ExitCode {
    let folder = folder(is_quick);
    // A page that cannot be written is found out before the time is spent.
    if let Err(error) = with_others(&folder, "") {
        eprintln!("{error}");
        return ExitCode::FAILURE;
    }
    let machine = Machine::here();
    let start = Instant::now();
    let cases = cases::all().into_iter().map(|case| measure(case, is_quick)).collect();
    let beyond = beyond::all().into_iter().map(|table| measure_beyond(table, is_quick)).collect();
    let managed = measure_managed(is_quick);
    let buffers = measure_buffers(is_quick);
    let idle = idle_share::measure();
    let results = Results { cases, beyond, managed, buffers, idle };
    let bars = bars::all(&results);
    print_bars(&bars, is_quick);
    if let Err(error) = write(&folder, &results, &bars, &machine, is_quick) {
        eprintln!("cannot write to {}: {error}", folder.display());
        return ExitCode::FAILURE;
    }
    let folder = folder.canonicalize().unwrap_or(folder);
    println!("\n{} s; see {}", start.elapsed().as_secs(), folder.join("benchmarks.md").display());
    verdict(&bars, is_quick)
}

/// What callgrind is for: gets and nothing else.
fn counted(arguments: &[String]) -> Option<ExitCode> {
    let outcome = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["gets", what, gets] => gets
            .parse()
            .map_err(|error| format!("{gets}: {error}"))
            .and_then(|gets| managed::counted::run(what, gets)),
        ["instructions"] => managed::counted::instructions(),
        _ => return None,
    };
    Some(match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    })
}

fn print_bars(bars: &[Bar], is_quick: bool) {
    println!("\nWhat must hold{}", if is_quick { " (not judged: a trial run)" } else { "" });
    for bar in bars {
        println!("{:>6}  {}: {}: {}, {}", bar.verdict(), bar.case, bar.what, bar.found, bar.bound);
    }
}

fn verdict(bars: &[Bar], is_quick: bool) -> ExitCode {
    if is_quick || bars.iter().all(|bar| bar.is_met) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn measure(mut case: Case, is_quick: bool) -> Measured {
    if is_quick {
        case.effort = case.effort.quick();
    }
    print_head(case.title);
    let measured = Measured::new(case);
    for (who, figures) in measured.rows() {
        print_row(who.name(), figures);
    }
    for (who, why) in measured.absent() {
        println!("{:<48} {:>8} {why}", who.name(), "-");
    }
    measured
}

fn measure_beyond(mut table: beyond::Table, is_quick: bool) -> beyond::Measured {
    if is_quick {
        table.effort = table.effort.quick();
    }
    print_head(table.title);
    let measured = beyond::Measured::new(table);
    for (row, figures) in measured.rows() {
        print_row(row.name, figures);
    }
    measured
}

fn measure_managed(is_quick: bool) -> managed::Results {
    let alone = measure_beyond(managed::alone(), is_quick);
    let tasks = measure_tasks(managed::tasks(), is_quick);
    let cancelled = measure_tasks(managed::cancelled(), is_quick);
    let crowds = managed::crowds().into_iter();
    let crowds = crowds.map(|crowd| measure_crowd(if is_quick { crowd.quick() } else { crowd }));
    let results = managed::Results {
        alone,
        tasks,
        cancelled,
        crowds: crowds.collect(),
        orders: managed::orders(is_quick),
    };
    println!("\n{:<50} {:>8} {:>12}", managed::ORDER, "grants", "out of order");
    for order in &results.orders {
        println!("{:<50} {:>8} {:>12}", order.name, order.grants, order.out_of_order);
    }
    results
}

fn measure_tasks(tables: Vec<beyond::Table>, is_quick: bool) -> Vec<Timed> {
    tables
        .into_iter()
        .map(|table| measure_timed(table, is_quick, managed::tasks::names::ASYNC))
        .collect()
}

/// The cases of the other pools, and their section of the page.
fn measure_headlines(is_quick: bool) -> ExitCode {
    let folder = folder(is_quick);
    let machine = Machine::here();
    let start = Instant::now();
    let all = headlines::run(|table| {
        let ours = table.rows[0].who.name;
        measure_timed(table, is_quick, ours)
    });
    let bars = bars::headlines(&all);
    print_bars(&bars, is_quick);
    if let Err(error) = write_headlines(&folder, &all, &bars, &machine, is_quick) {
        eprintln!("cannot write to {}: {error}", folder.display());
        return ExitCode::FAILURE;
    }
    println!("\n{} s; see {}", start.elapsed().as_secs(), folder.join("benchmarks.md").display());
    verdict(&bars, is_quick)
}

/// A table whose rows are held against poolable's round by round.
fn measure_timed(mut table: beyond::Table, is_quick: bool, ours: &str) -> Timed {
    if is_quick {
        table.effort = table.effort.quick();
    }
    let title = table.title;
    println!("\n{title:<64} {:>8} {:>8} {:>12}  times poolable's", "ns", "median", "allocations");
    let timed = Timed::new(table);
    for (row, figures) in timed.measured.rows() {
        println!(
            "{:<64} {:>8.1} {:>8.1} {:>12.4}  {}",
            row.name,
            figures.best,
            figures.median,
            figures.allocations_per_object(),
            timed.quotient(ours, row.name).text(),
        );
    }
    timed
}

fn measure_buffers(is_quick: bool) -> buffers::Results {
    let results = buffers::Results::new(is_quick, |table| {
        let ours = table.rows[0].who.name;
        measure_timed(table, is_quick, ours)
    });
    println!(
        "\n{:<64} {:>8} {:>8} {:>12}",
        "Becomes `Bytes`: allocations", "fewest", "most", "copied"
    );
    for seen in &results.frozen {
        println!("{:<64} {:>8} {:>8} {:>12}", seen.name, seen.fewest, seen.most, seen.copied);
    }
    println!("\n{:<64} {:>8} {:>8} {:>8} {:>8}", "Memory, KiB", "peak", "held", "idle", "left");
    match &results.memory {
        Ok(all) => {
            for memory in all {
                let [peak, held, idle, left] =
                    [memory.peak, memory.held, memory.idle, memory.left].map(|bytes| bytes >> 10);
                println!("{:<64} {peak:>8} {held:>8} {idle:>8} {left:>8}", memory.name);
            }
        }
        Err(why) => println!("unknown: {why}"),
    }
    println!(
        "\n{:<36} {:<19} {:>8} {:>8} {:>12} {:>9}",
        "A load that changes", "", "default", "kept", "allocations", "idle, KiB"
    );
    for phase in &results.phases {
        println!(
            "{:<36} {:<19} {:>8} {:>8} {:>12.4} {:>9}",
            phase.way,
            phase.load,
            phase.default_size,
            phase.drop_threshold,
            phase.allocations as f64 / phase.buffers as f64,
            phase.idle >> 10,
        );
    }
    results
}

fn measure_crowd(crowd: managed::Crowd) -> managed::MeasuredCrowd {
    println!(
        "\n{:<50} {:>9} {:>9} {:>6} {:>9} {:>9} {:>9} {:>9}",
        crowd.title, "gets/s", "best", "least", "p50, us", "p99", "p99.9", "max"
    );
    let measured = managed::MeasuredCrowd::new(crowd);
    for (row, figures) in measured.rows() {
        println!(
            "{:<50} {:>9.0} {:>9.0} {:>5.0}% {:>9.2} {:>9.1} {:>9.1} {:>9.0}",
            row.name,
            figures.median,
            figures.best,
            figures.least_share * 100.0,
            figures.waits.quantile(0.5) / 1e3,
            figures.waits.quantile(0.99) / 1e3,
            figures.waits.quantile(0.999) / 1e3,
            figures.waits.longest() / 1e3,
        );
    }
    measured
}

fn print_head(title: &str) {
    println!("\n{title:<48} {:>8} {:>8} {:>12}", "ns", "median", "allocations");
}

fn print_row(name: &str, figures: Figures) {
    println!(
        "{name:<48} {:>8.2} {:>8.2} {:>12.4}",
        figures.best,
        figures.median,
        figures.allocations_per_object()
    );
}

/// Whose section the cases of the other pools are.
const HEADLINES: &str = "cargo xtask bench headlines";

/// What else writes to the page, in the order of its sections.
const OTHERS: [&str; 3] = [HEADLINES, "cargo xtask bench --go", "cargo xtask load"];

/// The page, with the sections of others that the one in the folder has.
fn with_others(folder: &Path, page: &str) -> Result<String, String> {
    let old = page::read(&folder.join("benchmarks.md"))?;
    OTHERS.iter().try_fold(page.to_owned(), |page, command| match page::section(&old, command)? {
        Some(section) => page::with_section(&page, command, section),
        None => Ok(page),
    })
}

/// Where the page goes: to the repository, unless its figures mean nothing.
fn folder(is_quick: bool) -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.join(if is_quick { "target/quick" } else { "../../docs" })
}

fn write(
    folder: &Path,
    results: &Results,
    bars: &[Bar],
    machine: &Machine,
    is_quick: bool,
) -> io::Result<()> {
    let plots = folder.join("benchmarks");
    fs::create_dir_all(&plots)?;
    for measured in &results.cases {
        let file = plots.join(measured.case.file).with_extension("svg");
        fs::write(file, measured.plot())?;
    }
    for measured in &results.beyond {
        let file = plots.join(measured.table.file).with_extension("svg");
        fs::write(file, measured.plot())?;
    }
    for timed in results.buffers.tables() {
        let file = plots.join(timed.measured.table.file).with_extension("svg");
        fs::write(file, timed.measured.plot())?;
    }
    for (name, plot) in results.managed.plots() {
        fs::write(plots.join(name).with_extension("svg"), plot)?;
    }
    let page = report::write(results, bars, machine, is_quick);
    let page = with_others(folder, &page).map_err(io::Error::other)?;
    fs::write(folder.join("benchmarks.md"), page)
}

fn write_headlines(
    folder: &Path,
    all: &[TimedHeadline],
    bars: &[Bar],
    machine: &Machine,
    is_quick: bool,
) -> io::Result<()> {
    let plots = folder.join("benchmarks");
    fs::create_dir_all(&plots)?;
    for timed in all.iter().flat_map(TimedHeadline::tables) {
        let file = plots.join(timed.measured.table.file).with_extension("svg");
        fs::write(file, timed.measured.plot())?;
    }
    let section = report::headlines(all, bars, machine, is_quick);
    let file = folder.join("benchmarks.md");
    let page = page::read(&file).and_then(|page| page::with_section(&page, HEADLINES, &section));
    fs::write(file, page.map_err(io::Error::other)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_written_anew_has_the_sections_of_the_old_one() {
        let folder = env::temp_dir().join(format!("poolable-peers-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder for the page");
        let file = folder.join("benchmarks.md");
        assert_eq!(with_others(&folder, "# New\n").as_deref(), Ok("# New\n"));

        let old = OTHERS.iter().fold("# Old\n".to_owned(), |page, command| {
            page::with_section(&page, command, "## Theirs\n").expect("the page is in order")
        });
        fs::write(&file, &old).expect("the folder is ours");
        let new = with_others(&folder, "# New\n").expect("the page is in order");
        assert_eq!(new, old.replace("# Old", "# New"));

        // The end of the section is damaged: nobody can say what is to be kept.
        fs::write(&file, &old[..old.len() - 5]).expect("the folder is ours");
        assert!(with_others(&folder, "# New\n").is_err());
        fs::remove_dir_all(&folder).expect("the folder is ours");
    }
}
