//! Reads the machine code of a hit, as `benches/hit.rs` has it.
//!
//! The function that gets, uses and returns a pooled buffer must contain no atomic
//! read-modify-write, and call nothing but what lies off the hit path, and `memcpy`.

use std::fs;
use std::path::{Path, PathBuf};

use crate::{cargo, instructions, run};

/// The function, as mangling spells it: `hit::pooled`.
const FUNCTION: &str = "3hit6pooled";

/// What the function may call, by parts of its path: the cold halves of a get and of a
/// return, the growth of a field below its floor, and what appending to a `Vec` needs.
const CALLS: &[&[&str]] = &[
    &["pool_core", "lifecycle", "take_more"],
    &["pool_core", "lifecycle", "give_more"],
    &["pool_core", "capacity", "__restore", "grow"],
    &["raw_vec", "reserve"],
    &["memcpy"],
];

pub(crate) fn check() -> Result<(), String> {
    if !cfg!(target_arch = "x86_64") {
        if std::env::var_os("POOLABLE_REQUIRE").is_some() {
            return Err("hit-path: this check reads x86-64 code only".to_owned());
        }
        println!("skipped: hit-path reads x86-64 code only");
        return Ok(());
    }
    let target = PathBuf::from("target/hit-path");
    let _ = fs::remove_dir_all(target.join("release/deps"));
    run(cargo(&["rustc", "--profile", "bench", "--bench", "hit", "--target-dir"])
        .arg(&target)
        .args(["--", "--emit", "asm", "-C", "codegen-units=1"]))?;
    let assembly = read_assembly(&target.join("release/deps"))?;
    let function = body(&assembly, FUNCTION)
        .ok_or("hit-path: the function `hit::pooled` is not in the assembly")?;

    // The slow paths count with atomic read-modify-writes: if none is found anywhere,
    // this check has gone blind.
    if !assembly.lines().any(is_atomic_update) {
        return Err("hit-path: no atomic read-modify-write in the whole program?".to_owned());
    }
    if !function.iter().any(|line| line.contains("%fs:")) {
        return Err("hit-path: the function does not touch thread-local state?".to_owned());
    }
    // What lies behind the return is run while a panic unwinds.
    let is_return = |line: &&str| line.trim_start().starts_with("ret");
    let end = function.iter().rposition(is_return).unwrap_or(function.len());
    let mut faults = Vec::new();
    for (index, line) in function.iter().enumerate() {
        if is_atomic_update(line) {
            faults.push(format!("an atomic read-modify-write:{line}"));
        }
        let callee = call(line).filter(|_| index < end);
        if callee.is_some_and(|callee| !is_known(callee)) {
            faults.push(format!("a call that is not known to be cold:{line}"));
        }
    }
    if !faults.is_empty() {
        return Err(format!("hit-path: in `hit::pooled`\n{}", faults.join("\n")));
    }
    let count = function[..end].iter().filter(|line| is_instruction(line)).count();
    println!("hit-path: no atomic read-modify-write in {count} instructions");
    instructions::check(&target)
}

fn read_assembly(folder: &Path) -> Result<String, String> {
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let path = paths
        .find(|path| {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            name.starts_with("hit-") && name.ends_with(".s")
        })
        .ok_or_else(|| format!("no assembly in {}", folder.display()))?;
    fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))
}

/// The lines between a function's label and its end.
fn body<'a>(assembly: &'a str, function: &str) -> Option<Vec<&'a str>> {
    let mut lines = assembly.lines();
    lines.find(|line| line.contains(function) && line.ends_with(':'))?;
    Some(lines.take_while(|line| !line.starts_with(".Lfunc_end")).collect())
}

fn is_instruction(line: &str) -> bool {
    line.starts_with('\t') && !line.trim_start().starts_with(['.', '#'])
}

/// An instruction with a `lock` prefix, or an exchange with memory, which implies one.
fn is_atomic_update(line: &str) -> bool {
    let mut words = line.split_whitespace();
    match words.next() {
        Some("lock") => true,
        Some(name) if name.starts_with("xchg") => line.contains('('),
        _ => false,
    }
}

/// Whether a call leads to one of [`CALLS`].
fn is_known(callee: &str) -> bool {
    CALLS.iter().any(|parts| parts.iter().all(|part| callee.contains(part)))
}

/// Where a call goes.
fn call(line: &str) -> Option<&str> {
    let line = line.trim_start();
    line.strip_prefix("callq").or_else(|| line.strip_prefix("call")).map(str::trim)
}
