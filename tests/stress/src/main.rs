//! Plays random scripts: `poolable-stress --seed N --rounds N [--threads N]`.
//!
//! A round is the script of one seed, played in lock-step and free. `--bytes FILE` plays
//! what a fuzzer has found.

use std::process::ExitCode;
use std::{env, fs};

use poolable_stress::{Real, Script, Tale, Violation, play};

const USAGE: &str =
    "poolable-stress [--seed N] [--rounds N] [--threads N] | poolable-stress --bytes FILE";

struct Options {
    seed: u64,
    rounds: u64,
    threads: Option<usize>,
    bytes: Option<String>,
}

fn main() -> ExitCode {
    let options = match options(env::args().skip(1)) {
        Ok(options) => options,
        Err(message) => {
            eprintln!("{message}\n{USAGE}");
            return ExitCode::FAILURE;
        }
    };
    let outcome = match &options.bytes {
        Some(file) => play_file(file),
        None => play_seeds(&options),
    };
    match outcome {
        Ok(tale) => {
            println!("{tale}: no law was broken");
            ExitCode::SUCCESS
        }
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn options(mut arguments: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut options = Options { seed: 1, rounds: 100, threads: None, bytes: None };
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or_else(|| format!("`{name}` needs a value"))?;
        let number = value.parse().map_err(|_| format!("`{name}` needs a number, not `{value}`"));
        match name.as_str() {
            "--seed" => options.seed = number?,
            "--rounds" => options.rounds = number?,
            "--threads" => {
                options.threads = Some(usize::try_from(number?).map_err(|_| "too many threads")?);
            }
            "--bytes" => options.bytes = Some(value),
            _ => return Err(format!("unknown option `{name}`")),
        }
    }
    Ok(options)
}

fn play_seeds(options: &Options) -> Result<Tale, String> {
    let mut total = Tale::default();
    for seed in (0..options.rounds).map(|round| options.seed.wrapping_add(round)) {
        let mut script = Script::of_seed(seed);
        if let Some(threads) = options.threads {
            script = script.with_threads(threads);
        }
        for lock_step in [true, false] {
            let script = script.clone().in_lock_step(lock_step);
            let tale = play(&Real, &script).map_err(|violation| {
                let how = if lock_step { "in lock-step" } else { "free" };
                told(&format!("seed {seed}, {how}"), &script, &violation)
            })?;
            total.add(&tale);
        }
    }
    Ok(total)
}

fn play_file(file: &str) -> Result<Tale, String> {
    let bytes = fs::read(file).map_err(|error| format!("{file}: {error}"))?;
    let script = Script::decode(&bytes);
    play(&Real, &script).map_err(|violation| told(file, &script, &violation))
}

fn told(origin: &str, script: &Script, violation: &Violation) -> String {
    format!("{}{origin}, {violation}", script.until(violation.step))
}
