//! Counts the instructions of a hit, and holds them to what they were.
//!
//! Valgrind runs `xtask/hits` twice, with N hits and with 2 N. The difference, divided by N,
//! is a get, a use and a return, to the instruction: the same on an idle machine and on a
//! busy one. Another compiler writes other code, so the gate is for one version of it.
//!
//! Then it does so with the features that have pools tell what happens in them: a hit tells
//! nothing, and is to take the very same instructions.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{cargo, run};

/// The compiler whose code was counted.
const COMPILER: &str = "rustc 1.95.0";

/// What a hit may take above [`FLOOR`], by ways to get one. The use is part of both, and so
/// is the system's `memcpy`, which differs from machine to machine.
///
/// Whoever makes it dearer says why in the commit that raises a number here.
const GATES: &[(&str, u64)] = &[("type_pool", 11), ("generic", 17), ("pool", 29), ("buffer", 27)];

/// A pop and a push of a `Box` on a local `Vec`.
const FLOOR: &str = "floor";

/// The hits of the shorter run, for each thread.
const HITS: u64 = 100_000;

/// Counts, and compares with the gates. `target` is where the program is built.
pub(crate) fn check(target: &Path) -> Result<(), String> {
    if Command::new("valgrind").arg("--version").output().is_err() {
        return skip("`valgrind` is not installed");
    }
    let compiler = Command::new("rustc").arg("--version").output();
    let compiler = compiler.map_err(|error| format!("cannot run rustc: {error}"))?;
    let compiler = String::from_utf8_lossy(&compiler.stdout).trim().to_owned();
    if !compiler.starts_with(COMPILER) {
        return skip(&format!("the gate is for {COMPILER}, and this is {compiler}"));
    }
    let program = build(target, &[])?;
    let told = build(&target.join("told"), &["--features", "told"])?;
    let floor = per_hit(&program, FLOOR, 1)?;
    println!("instructions: {floor} for the least that reuse can cost");
    let mut faults = Vec::new();
    for &(way, gate) in GATES {
        let [one, two] = [1, 2].map(|threads| per_hit(&program, way, threads));
        let (one, two) = (one?, two?);
        println!("instructions: {one} in a hit, {two} on each of two threads: {way}");
        if one != two {
            faults.push(format!("{way}: {one} on one thread, and {two} on each of two"));
        }
        if one > floor + gate {
            faults.push(format!("{way}: {one}, and no more than {floor} + {gate} are allowed"));
        }
        if one < floor + gate {
            let now = one.saturating_sub(floor);
            println!("lower the gate of {way} in xtask/src/instructions.rs: {gate} to {now}");
        }
        let heard = per_hit(&told, way, 1)?;
        println!("instructions: {heard} in a hit with `metrics` and `tracing`: {way}");
        if heard != one {
            faults.push(format!("{way}: {heard} with `metrics` and `tracing`, and {one} without"));
        }
    }
    if faults.is_empty() {
        return Ok(());
    }
    Err(format!("instructions: {}", faults.join("\ninstructions: ")))
}

/// Builds the program, and says where it is.
fn build(target: &Path, features: &[&str]) -> Result<PathBuf, String> {
    let build = ["build", "--quiet", "--profile", "bench", "--package", "poolable-hits"];
    run(cargo(&build).args(features).arg("--target-dir").arg(target))?;
    Ok(target.join("release/poolable-hits"))
}

fn skip(why: &str) -> Result<(), String> {
    if std::env::var_os("POOLABLE_REQUIRE").is_some() {
        return Err(format!("instructions: {why}"));
    }
    println!("skipped: the instructions of a hit are not counted: {why}");
    Ok(())
}

/// The instructions of one hit, when as many threads make them.
fn per_hit(program: &Path, way: &str, threads: u64) -> Result<u64, String> {
    let more = collected(program, way, threads, 2 * HITS)?;
    let fewer = collected(program, way, threads, HITS)?;
    let difference = more.checked_sub(fewer).ok_or("instructions: more hits took fewer of them")?;
    // Threads that start and wait add a few hundred that are no hit's.
    let hits = threads * HITS;
    Ok((difference + hits / 2) / hits)
}

/// The instructions of a whole run.
fn collected(program: &Path, way: &str, threads: u64, hits: u64) -> Result<u64, String> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args([way, &threads.to_string(), &hits.to_string()])
        .output()
        .map_err(|error| format!("cannot run valgrind: {error}"))?;
    let text = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        return Err(format!("instructions: valgrind failed: {}\n{text}", output.status));
    }
    let count = text.lines().find_map(|line| line.split_once("Collected : "));
    let count = count.and_then(|(_, count)| count.trim().parse().ok());
    count.ok_or_else(|| format!("instructions: valgrind gives no count\n{text}"))
}
