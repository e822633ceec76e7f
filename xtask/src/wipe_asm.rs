//! Reads the machine code of wipes that nobody can see, as `xtask/wipes` has them.
//!
//! A store to memory that is freed next, or that leaves with the stack, is one that the
//! optimiser may take out. The functions of `xtask/wipes` wipe at such places, and their
//! zeroes must stand in the assembly in front of the free or the return: with and without
//! optimisation across crates. The same file has functions that keep nothing; if the
//! zeroes are still there in one of those, this check is blind, and fails.

mod assembly;
mod operand;
mod ways;

use std::fs;
use std::path::{Path, PathBuf};

use self::assembly::Program;
use self::ways::{End, Ends, Goal, Holds, follow};
use crate::{cargo, run};

/// One function, by its path in `xtask/wipes`.
struct Case {
    path: [&'static str; 2],
    goal: Goal,
}

const fn bytes(bytes: u64, end: End) -> Goal {
    Goal { bytes, sweep: false, end, holds: Holds::Always }
}

/// All of a buffer.
const SWEEP: Goal = Goal { bytes: 0, sweep: true, end: End::Free, holds: Holds::Always };
/// A buffer, and 32 bytes in the object itself.
const SESSION: Goal = Goal { bytes: 32, sweep: true, end: End::Free, holds: Holds::Sometimes };

const fn kept(name: &'static str, goal: Goal) -> Case {
    Case { path: ["kept", name], goal }
}

const fn control(name: &'static str, bytes: u64, end: End) -> Case {
    Case { path: ["control", name], goal: Goal { bytes, sweep: false, end, holds: Holds::Never } }
}

const CASES: &[Case] = &[
    kept("vec_of_4096", bytes(4096, End::Free)),
    kept("string_of_4096", bytes(4096, End::Free)),
    kept("any_vec", SWEEP),
    kept("any_string", SWEEP),
    kept("array_on_stack", bytes(32, End::Return)),
    kept("array_in_box", bytes(4096, End::Free)),
    kept("scalar_on_stack", bytes(8, End::Return)),
    kept("scalar_in_box", bytes(8, End::Free)),
    kept("option_on_stack", bytes(33, End::Return)),
    kept("option_in_box", bytes(33, End::Free)),
    kept("session_in_box", SESSION),
    kept("sessions_in_vec", SESSION),
    kept("session_discarded", SESSION),
    control("vec_of_4096", 4096, End::Free),
    control("array_on_stack", 32, End::Return),
    control("array_in_box", 4096, End::Free),
    control("scalar_on_stack", 8, End::Return),
    control("scalar_in_box", 8, End::Free),
    control("option_in_box", 33, End::Free),
];

/// The crates whose code a wipe may be in. With optimisation across crates it is all in the
/// program.
const CRATES: &[&str] = &["poolable_wipes-", "pool_core-", "poolable-", "zeroize-"];

pub(crate) fn check() -> Result<(), String> {
    if !cfg!(target_arch = "x86_64") {
        if std::env::var_os("POOLABLE_REQUIRE").is_some() {
            return Err("wipe-asm: this check reads x86-64 code only".to_owned());
        }
        println!("skipped: wipe-asm reads x86-64 code only");
        return Ok(());
    }
    let mut faults = Vec::new();
    for (lto, crates) in [("off", CRATES), ("fat", &CRATES[..1])] {
        let target = PathBuf::from("target/wipe-asm").join(lto);
        let _ = fs::remove_dir_all(target.join("release/deps"));
        let build = ["build", "--quiet", "--release", "--package", "poolable-wipes"];
        run(cargo(&build)
            .arg("--target-dir")
            .arg(&target)
            .env("CARGO_PROFILE_RELEASE_LTO", lto)
            .env("RUSTFLAGS", "--emit=asm -Ccodegen-units=1"))?;
        let files = read_assembly(&target.join("release/deps"), crates)?;
        let program = Program::read(&files);
        for case in CASES {
            if let Err(fault) = judge(&program, case) {
                let path = case.path.join("::");
                faults.push(format!("wipe-asm: `{path}`, lto {lto}: {fault}"));
            }
        }
    }
    if !faults.is_empty() {
        return Err(faults.join("\n"));
    }
    let controls = CASES.iter().filter(|case| case.path[0] == "control").count();
    println!(
        "wipe-asm: {} wipes are in front of the end of what they wipe, {controls} that nothing \
         keeps are gone, with and without optimisation across crates",
        CASES.len() - controls
    );
    Ok(())
}

fn judge(program: &Program<'_>, case: &Case) -> Result<(), String> {
    let [module, name] = case.path;
    let mangled = format!("poolable_wipes{}{module}{}{name}", module.len(), name.len());
    let start = program.function_like(&mangled).ok_or("it is not in the assembly")?;
    let ends = follow(program, start, case.goal)?;
    if ends.hold(case.goal.holds) {
        return Ok(());
    }
    let Ends { wiped, bare, lost } = ends;
    let found = format!("{wiped} ends with the zeroes in front, {bare} without, {lost} not found");
    Err(if case.goal.holds == Holds::Never {
        format!("blind: the optimiser is expected to take these out: {found}")
    } else {
        format!("the zeroes are not there: {found}")
    })
}

fn read_assembly(folder: &Path, crates: &[&str]) -> Result<Vec<String>, String> {
    let at = |path: &Path, error| format!("wipe-asm: {}: {error}", path.display());
    let entries = fs::read_dir(folder).map_err(|error| at(folder, error))?;
    let mut files = Vec::new();
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.ends_with(".s") && crates.iter().any(|start| name.starts_with(start)) {
            files.push(fs::read_to_string(&path).map_err(|error| at(&path, error))?);
        }
    }
    Ok(files)
}
