//! What Go programs pool, timed here and in Go, in one session.
//!
//! `cargo xtask bench --go` builds and runs it. It writes its section of `docs/benchmarks.md`, and
//! fails if a bar is missed; with `--quick` it is over in less than a minute, writes to
//! `target/quick` and does not judge times, but allocations. Every operation is always judged by what
//! it yields.
//!
//! | module | what it owns |
//! | --- | --- |
//! | `cases` | what is compared with what: start here |
//! | `rows` | the operations of this side |
//! | `timing` | the clock around them |
//! | `go` | the other side: finding, building and running it |
//! | `memory` | what is live while a large object is used |
//! | `results` | the order of rounds, and what they saw |
//! | `bars` | what must hold |
//! | `report` | what is printed and written |
#![forbid(unsafe_code)]

mod bars;
mod cases;
mod go;
// What the page says of the machine, it says in the same words everywhere.
#[path = "../../peers/src/machine.rs"]
mod machine;
mod memory;
// Shared with the other writers of the page, who must find what this one left.
#[path = "../../peers/src/page.rs"]
mod page;
#[path = "../../peers/src/plot.rs"]
#[allow(dead_code, reason = "one of the colours is for the floor, which stands elsewhere")]
mod plot;
#[path = "../../peers/src/managed/quotient.rs"]
#[allow(dead_code, reason = "a part of it is for the crowds, which are judged otherwise")]
mod quotient;
mod report;
mod results;
mod rows;
mod timing;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use go::Go;
use machine::Machine;
use results::Effort;

/// Whose section of the page this is.
const COMMAND: &str = "cargo xtask bench --go";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let is_quick = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => false,
        ["--quick"] => true,
        _ => {
            eprintln!("usage: poolable-go [--quick]");
            return ExitCode::FAILURE;
        }
    };
    match run(is_quick) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("bench --go: {message}");
            ExitCode::FAILURE
        }
    }
}

/// Whether all is as it should be.
fn run(is_quick: bool) -> Result<bool, String> {
    let folder = folder(is_quick);
    let plots = folder.join("benchmarks");
    fs::create_dir_all(&plots)
        .map_err(|error| format!("cannot create {}: {error}", plots.display()))?;
    let file = folder.join("benchmarks.md");
    // A page that cannot be written is found out before the time is spent.
    page::section(&page::read(&file)?, COMMAND)?;
    let go = match Go::find(&go::target())? {
        Ok(go) => go,
        Err(why) => return skip(&why),
    };
    // The load of the machine is that before anything is timed.
    let machine = Machine::here();
    go.check()?;
    let start = Instant::now();
    let effort = if is_quick { Effort::QUICK } else { Effort::FULL };
    let results = results::measure(&go, effort)?;
    report::print(&results);
    let bars = bars::all(&results, effort);
    println!("\nWhat must hold");
    for bar in &bars {
        println!("{:>10}  {}: {}: {}, {}", bar.verdict(), bar.case, bar.what, bar.found, bar.bound);
    }
    let (section, plot) = report::section(&results, &bars, &machine, go.version(), effort);
    let page = page::with_section(&page::read(&file)?, COMMAND, &section)?;
    let plot_file = plots.join(report::PLOT).with_extension("svg");
    for (file, text) in [(&file, page), (&plot_file, plot)] {
        fs::write(file, text)
            .map_err(|error| format!("cannot write {}: {error}", file.display()))?;
    }
    println!("\n{} s; see {}", start.elapsed().as_secs(), file.display());
    println!("bench --go: {}", bars::summary(&bars));
    Ok(!bars.iter().any(bars::Bar::is_missed))
}

/// What is not done must be said, and may be asked for.
fn skip(why: &str) -> Result<bool, String> {
    println!("bench --go: skipped: {why}");
    if go::is_required() {
        return Err("skipped, and POOLABLE_REQUIRE is 1".to_owned());
    }
    Ok(true)
}

/// Where the page is: in the repository, unless its figures mean nothing.
fn folder(is_quick: bool) -> PathBuf {
    if is_quick {
        go::target().join("quick")
    } else {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs")
    }
}
