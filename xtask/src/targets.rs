//! Other systems, as far as their std is to be had: the code is checked, not run.

use std::path::Path;
use std::process::Command;

use crate::{cargo, output, run, skip};

/// A target, and what of the code is for the likes of it.
const TARGETS: [(&str, &str); 6] = [
    ("i686-unknown-linux-gnu", "addresses of 32 bits"),
    ("x86_64-pc-windows-msvc", "no calls to lock memory, files without modes"),
    ("x86_64-pc-windows-gnu", "thread-locals that are not native"),
    ("aarch64-apple-darwin", "fewer limits to be asked for, another clock"),
    ("aarch64-linux-android", "another libc, and thread-locals that are not native"),
    ("wasm32-unknown-unknown", "neither threads nor files nor a clock"),
];

/// Checks the targets that are named, or all of [`TARGETS`].
pub(crate) fn check(names: &[&str]) -> Result<(), String> {
    let mut skipped = Vec::new();
    let mut checked = 0;
    for (target, about) in TARGETS {
        if !names.is_empty() && !names.contains(&target) {
            continue;
        }
        println!("\n==> {target}: {about}");
        if let Err(why) = has_std(target) {
            println!("skipped: {target}: {why}");
            skipped.push(target);
            continue;
        }
        // What a target leaves unused is warned of there alone.
        let arguments = ["check", "--locked", "--package", "poolable", "--all-features"];
        run(cargo(&arguments)
            .args(["--target", target, "--target-dir", "target/targets"])
            .env("RUSTFLAGS", "-D warnings"))?;
        checked += 1;
    }
    if let Some(name) = names.iter().find(|name| TARGETS.iter().all(|(known, _)| known != *name)) {
        return Err(format!("targets: `{name}` is not one of {TARGETS:?}"));
    }
    println!("\ntargets: {checked} checked, {} skipped", skipped.len());
    if skipped.is_empty() { Ok(()) } else { skip(&format!("targets: {}", skipped.join(", "))) }
}

/// Whether std is there for a target. It is fetched if rustup can do that.
fn has_std(target: &str) -> Result<(), String> {
    let sysroot = output(Command::new("rustc").args(["--print", "sysroot"]))?;
    let installed = Path::new(sysroot.trim()).join("lib/rustlib").join(target).join("lib");
    if !installed.exists() {
        output(Command::new("rustup").args(["target", "add", target]))?;
    }
    if installed.exists() { Ok(()) } else { Err("its std has not come".to_owned()) }
}
