//! Drives the service of `examples/service` with `wrk`: pooled, and twice unpooled.
//!
//! `cargo xtask load` builds everything and runs this. It writes its section of
//! `docs/benchmarks.md`, and fails if a bar is missed; with `--quick` it is over in a minute, writes
//! to `target/quick` and judges nothing.
#![cfg(target_os = "linux")]
#![forbid(unsafe_code)]

mod bars;
// What the page says of the machine, it says in the same words everywhere.
#[path = "../../../../../benches/peers/src/machine.rs"]
mod machine;
// Shared with the other writer of the page, who must find what this one left.
#[path = "../../../../../benches/peers/src/page.rs"]
mod page;
mod process;
#[path = "../../../../../benches/peers/src/managed/quotient.rs"]
#[allow(dead_code, reason = "a part of it is for the crowds, which are judged otherwise")]
mod quotient;
mod report;
mod results;
mod rounds;

mod wrk;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use machine::Machine;
use results::Results;
use rounds::Effort;
use wrk::Wrk;

/// Whose section of the page this is.
const COMMAND: &str = "cargo xtask load";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let is_quick = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => false,
        ["--quick"] => true,
        _ => {
            eprintln!("usage: poolable-load [--quick]");
            return ExitCode::FAILURE;
        }
    };
    match run(is_quick) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("load: {message}");
            ExitCode::FAILURE
        }
    }
}

/// Whether all is as it should be.
fn run(is_quick: bool) -> Result<bool, String> {
    let start = Instant::now();
    let folder = folder(is_quick);
    fs::create_dir_all(&folder)
        .map_err(|error| format!("cannot create {}: {error}", folder.display()))?;
    let file = folder.join("benchmarks.md");
    // A page that cannot be written is found out before the time is spent.
    page::section(&page::read(&file)?, COMMAND)?;
    let wrk = match Wrk::find(&target().join("load"))? {
        Some(wrk) => wrk,
        None => return skip("there is no `wrk`; Debian's package has the same name"),
    };
    let machine = Machine::here();
    let effort = if is_quick { Effort::QUICK } else { Effort::FULL };
    let results =
        Results { allocations: rounds::allocations()?, rounds: rounds::all(&wrk, effort)? };
    report::print(&results);
    let bars = bars::all(&results);
    println!("\nWhat must hold{}", if is_quick { " (not judged: a trial run)" } else { "" });
    for bar in &bars {
        println!("{:>6}  {}: {}, {}", bar.verdict(), bar.what, bar.found, bar.bound);
    }
    let section = report::section(&results, &bars, &machine, wrk.version(), effort);
    let page = page::with_section(&page::read(&file)?, COMMAND, &section)?;
    fs::write(&file, page).map_err(|error| format!("cannot write {}: {error}", file.display()))?;
    println!("\n{} s; see {}", start.elapsed().as_secs(), file.display());
    Ok(is_quick || bars.iter().all(|bar| bar.is_met))
}

/// What is not done must be said, and may be asked for.
fn skip(why: &str) -> Result<bool, String> {
    println!("load: skipped: {why}");
    if env::var_os("POOLABLE_REQUIRE").is_some() {
        return Err("skipped, and POOLABLE_REQUIRE is set".to_owned());
    }
    Ok(true)
}

/// Where the page is: in the repository, unless its figures mean nothing.
fn folder(is_quick: bool) -> PathBuf {
    if is_quick {
        target().join("quick")
    } else {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs")
    }
}

/// Where cargo puts what it builds.
fn target() -> PathBuf {
    let program = env::current_exe().unwrap_or_default();
    // `target/release/poolable-load`.
    program.ancestors().nth(2).map_or_else(|| "target".into(), Path::to_owned)
}
