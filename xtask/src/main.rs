//! The project's own chores: `cargo xtask <chore>`.
#![forbid(unsafe_code)]

mod api;
mod bench;
mod deep;
mod features;
mod guide;
mod hit_path;
mod instructions;
mod load;
mod manifests;
mod minimal;
mod msrv;
mod package;
mod targets;
mod wipe_asm;

use std::env;
use std::process::{Command, ExitCode};

const USAGE: &str = "\
cargo xtask ui [--bless]   check the messages of rejected programs, or write them anew
cargo xtask advise [--quick]
                           compare the advice of `poolable::advise` with a benchmark
cargo xtask hit-path       look for atomic read-modify-writes in the code of a hit, and
                           count its instructions
cargo xtask wipe-asm       look for wipes that the optimiser took out, in the code of some
cargo xtask guide [PAGE..] build and run what README and guide show, in crates that have
                           what they say and nothing else
cargo xtask examples       look for public items without an example that asserts something
cargo xtask features       compare the lists of features, and lint with each on its own
cargo xtask minimal        build with the oldest versions of what the crates depend on
cargo xtask msrv [--doc]   test with the oldest Rust, and the documentation's examples too
cargo xtask targets [TARGET..]
                           check the code for other systems
cargo xtask package        pack what would be published, and build what was packed
cargo xtask api [--bless]  compare what the crates offer with docs/api, or write that anew
cargo xtask deep [CHECK..] run what takes longer: sanitizers, loom, valgrind, fuzzing,
                           a soak against a server
cargo xtask deep planted [BUG..]
                           plant bugs in a copy, and show that the checks catch them
cargo xtask bench [--quick]
                           time the field and write docs/benchmarks.md, or only try it out
cargo xtask bench PART [--quick]
                           time a part of it and write nothing: buffers, managed, tasks
                           or instructions
cargo xtask bench headlines [--quick]
                           time the cases by which other pools measure themselves, and write
                           the section of it, or only try it out
cargo xtask bench --go [--quick]
                           time what Go programs pool, here and in Go, and write the section
                           of it, or only try it out
cargo xtask load [--quick]
                           load the web service, pooled and not, and write its section of
                           docs/benchmarks.md, or only try it out";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match arguments[..] {
        ["ui"] => ui(false),
        ["ui", "--bless"] => ui(true),
        ["advise", ref options @ ..] => advise(options),
        ["hit-path"] => hit_path::check(),
        ["wipe-asm"] => wipe_asm::check(),
        ["guide", ref pages @ ..] => guide::follow(pages),
        ["examples"] => guide::examples(),
        ["features"] => features::check(),
        ["minimal"] => minimal::check(),
        ["msrv"] => msrv::check(false),
        ["msrv", "--doc"] => msrv::check(true),
        ["targets", ref names @ ..] => targets::check(names),
        ["package"] => package::check(),
        ["api"] => api::check(false),
        ["api", "--bless"] => api::check(true),
        ["deep", ref names @ ..] => deep::run(names),
        ["bench", "--go", ref options @ ..] if bench::is_effort(options) => {
            bench::beside_go(options)
        }
        ["bench", ref options @ ..] if bench::is_part(options) => bench::measure(options),
        ["load"] => load::measure(&[]),
        ["load", "--quick"] => load::measure(&["--quick"]),
        _ => Err(USAGE.to_owned()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn ui(bless: bool) -> Result<(), String> {
    let mut command =
        cargo(&["test", "--package", "poolable-ui", "--package", "poolable-ui-without-zeroize"]);
    if bless {
        command.env("TRYBUILD", "overwrite");
    }
    run(&mut command)
}

/// Asks for advice on types that are hard to judge, and times them.
fn advise(options: &[&str]) -> Result<(), String> {
    let package = ["--release", "--package", "poolable-advise"];
    run(cargo(&["run", "--quiet"]).args(package).arg("--").args(options))
}

/// The cargo that runs this.
fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments);
    command
}

fn run(command: &mut Command) -> Result<(), String> {
    let status = command.status().map_err(|error| format!("cannot run {command:?}: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{command:?} failed: {status}")) }
}

/// What a program prints.
fn output(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|error| format!("cannot run {command:?}: {error}"))?;
    if !output.status.success() {
        let error = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{command:?} failed: {}", error.trim_end()));
    }
    String::from_utf8(output.stdout).map_err(|error| format!("{command:?} prints {error}"))
}

/// Says that a check cannot be run here, which is an error if it must be.
fn skip(why: &str) -> Result<(), String> {
    println!("skipped: {why}");
    if deep::is_required() {
        return Err("and POOLABLE_REQUIRE is set".to_owned());
    }
    Ok(())
}
