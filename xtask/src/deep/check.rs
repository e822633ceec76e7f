//! The checks, each with its command lines.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use super::outcome::Unable;
use super::place::Place;
use super::toolchain::{TARGET, Toolchain};

/// One way to find a bug.
pub(crate) struct Check {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    /// Whether it is part of the deep run. The others run for every change; here they are
    /// names that a planted bug can give.
    pub(crate) is_deep: bool,
    /// How often it runs, where to see a bug is a matter of luck.
    pub(crate) rounds: u32,
    /// What to run in a place. Where a check consists of tests, it can be restricted to
    /// those whose path contains a text.
    pub(crate) steps: fn(&Place, &str) -> Result<Vec<Step>, Unable>,
}

/// One command of a check.
pub(crate) struct Step {
    pub(crate) command: Command,
    /// Whether it only builds: a bug is not caught by it.
    pub(crate) is_build: bool,
}

impl Step {
    fn build(command: Command) -> Self {
        Self { command, is_build: true }
    }

    fn run(command: Command) -> Self {
        Self { command, is_build: false }
    }
}

/// The restriction to random sequences, where a check consists of those and of tests.
const STRESS: &str = "stress";

const RELEASE: &[&str] = &["--release"];
/// The tests of the public behaviour, of the runtime and of the resets of random shapes.
const IT: &[&str] = &["--package", "poolable", "--test", "it"];
const CORE: &[&str] = &["--package", "pool-core", "--lib"];
/// Scripts of what is done to buffers.
const BUFFERS: &[&str] = &["--package", "poolable-stress", "--test", "buffers"];
const SHAPES: &[&str] = &["--package", "poolable-shapes"];
const LOOM: &[&str] = &["--package", "poolable-loom"];
const EXECUTORS: &[&str] = &["--package", "poolable-executors"];

pub(crate) static ALL: &[Check] = &[
    Check {
        name: "it",
        about: "the public behaviour",
        is_deep: false,
        rounds: 1,
        steps: |place, filter| Ok(tests(place, "debug", &[IT], filter, |_| {})),
    },
    Check {
        name: "core",
        about: "the runtime, module by module",
        is_deep: false,
        rounds: 1,
        steps: |place, filter| Ok(tests(place, "debug", &[CORE], filter, |_| {})),
    },
    Check {
        name: "release",
        about: "both, as the optimiser leaves them",
        is_deep: false,
        rounds: 1,
        steps: |place, filter| Ok(tests(place, "debug", &[RELEASE, CORE, IT], filter, |_| {})),
    },
    Check {
        name: "hit-path",
        about: "the machine code of a hit, and how many instructions it takes",
        is_deep: false,
        rounds: 1,
        steps: hit_path,
    },
    Check {
        name: "wipe-asm",
        about: "wipes in the machine code, in front of the end of what they wipe",
        is_deep: false,
        rounds: 1,
        steps: wipe_asm,
    },
    Check {
        name: "residue",
        about: "what wiped secrets leave in memory, and in freed blocks",
        is_deep: false,
        rounds: 1,
        steps: residue,
    },
    Check {
        name: "stress",
        about: "random sequences of operations against a model",
        is_deep: true,
        rounds: 1,
        steps: |place, _| {
            Ok(stress(place, "debug", "2000", |command| {
                command.arg("--release");
            }))
        },
    },
    Check {
        name: "waiting",
        about: "the tests of pools that are waited for, over and over, on threads and executors",
        is_deep: true,
        rounds: 100,
        steps: |place, _| {
            let mut steps = tests(place, "debug", &[IT], "managed", |_| {});
            steps.extend(tests(place, "debug", &[EXECUTORS], "", |_| {}));
            Ok(steps)
        },
    },
    Check {
        name: "loom",
        about: "all interleavings of small models",
        is_deep: true,
        rounds: 1,
        steps: |place, filter| Ok(tests(place, "loom", &[RELEASE, LOOM], filter, |_| {})),
    },
    Check {
        name: "asan",
        about: "AddressSanitizer with idle objects poisoned, and LeakSanitizer",
        is_deep: true,
        rounds: 1,
        steps: asan,
    },
    Check {
        name: "tsan",
        about: "ThreadSanitizer, std rebuilt",
        is_deep: true,
        rounds: 3,
        steps: tsan,
    },
    Check {
        name: "msan",
        about: "MemorySanitizer, std rebuilt",
        is_deep: true,
        rounds: 1,
        steps: msan,
    },
    Check {
        name: "valgrind",
        about: "memcheck over random sequences of operations",
        is_deep: true,
        rounds: 1,
        steps: valgrind,
    },
    Check {
        name: "fuzz",
        about: "what is done to pools, buffers and a ring, and read as JSON, as a fuzzer makes it up",
        is_deep: true,
        rounds: 1,
        steps: fuzz,
    },
    Check {
        name: "soak",
        about: "managed pools at a PostgreSQL to which something happens each second",
        is_deep: true,
        rounds: 1,
        steps: soak,
    },
    Check {
        name: "passthrough",
        about: "pools that keep nothing",
        is_deep: true,
        rounds: 1,
        steps: |place, filter| Ok(with_cfg(place, "passthrough", filter)),
    },
    Check {
        name: "chaos",
        about: "pools that drop one return in four and shuffle the others",
        is_deep: true,
        rounds: 1,
        steps: |place, filter| Ok(with_cfg(place, "chaos", filter)),
    },
];

pub(crate) fn find(name: &str) -> Result<&'static Check, String> {
    ALL.iter().find(|check| check.name == name).ok_or_else(|| {
        let names: Vec<_> = ALL.iter().map(|check| check.name).collect();
        format!("deep: no check is called `{name}`; there are {}, and `planted`", names.join(", "))
    })
}

/// Builds tests, and then runs those that the filter leaves.
fn tests(
    place: &Place,
    kind: &str,
    selection: &[&[&str]],
    filter: &str,
    prepare: impl Fn(&mut Command),
) -> Vec<Step> {
    if filter == STRESS {
        return Vec::new();
    }
    let command = || {
        let mut command = place.cargo(kind);
        command.arg("test").args(selection.concat());
        if selection.contains(&IT) {
            command.arg("--all-features");
        }
        prepare(&mut command);
        command
    };
    let mut build = command();
    build.arg("--no-run");
    let mut run = command();
    if !filter.is_empty() {
        run.arg(filter);
    }
    vec![Step::build(build), Step::run(run)]
}

/// Builds the player of random sequences, and has it play as many.
fn stress(place: &Place, kind: &str, rounds: &str, prepare: impl Fn(&mut Command)) -> Vec<Step> {
    let command = |subcommand| {
        let mut command = place.cargo(kind);
        command.args([subcommand, "--quiet", "--package", "poolable-stress"]);
        prepare(&mut command);
        command
    };
    let mut run = command("run");
    run.args(["--", "--seed", "1", "--rounds", rounds]);
    vec![Step::build(command("build")), Step::run(run)]
}

/// Tests, random sequences, or both.
fn tests_and_stress(
    place: &Place,
    kind: &str,
    selection: &[&[&str]],
    (filter, rounds): (&str, &str),
    prepare: impl Fn(&mut Command),
) -> Vec<Step> {
    let mut steps = tests(place, kind, selection, filter, &prepare);
    if filter.is_empty() || filter == STRESS {
        steps.extend(stress(place, kind, rounds, prepare));
    }
    steps
}

fn hit_path(place: &Place, _: &str) -> Result<Vec<Step>, Unable> {
    let mut build = place.cargo("debug");
    build.args(["bench", "--bench", "hit", "--no-run"]);
    let mut run = place.cargo("debug");
    run.args(["run", "--quiet", "--package", "xtask", "--", "hit-path"]);
    Ok(vec![Step::build(build), Step::run(run)])
}

fn wipe_asm(place: &Place, _: &str) -> Result<Vec<Step>, Unable> {
    let mut build = place.cargo("debug");
    build.args(["build", "--release", "--package", "poolable-wipes"]);
    let mut run = place.cargo("debug");
    run.args(["run", "--quiet", "--package", "xtask", "--", "wipe-asm"]);
    Ok(vec![Step::build(build), Step::run(run)])
}

/// The filter leaves the types and the ways that contain it.
fn residue(place: &Place, filter: &str) -> Result<Vec<Step>, Unable> {
    if !cfg!(target_os = "linux") {
        return Err(Unable::Absent("memory is read through /proc, which is Linux's".to_owned()));
    }
    let mut build = place.cargo("debug");
    build.args(["build", "--release", "--package", "poolable-residue"]);
    let run = |program| {
        let mut command = place.cargo("debug");
        command.args(["run", "--quiet", "--release", "--package", "poolable-residue"]);
        command.args(["--bin", program, "--"]);
        if !filter.is_empty() {
            command.arg(filter);
        }
        Step::run(command)
    };
    Ok(vec![Step::build(build), run("residue"), run("residue-spy")])
}

fn asan(place: &Place, filter: &str) -> Result<Vec<Step>, Unable> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64", target_env = "gnu")) {
        return Err(Unable::Absent(format!("the sanitizers run on {TARGET} only")));
    }
    let leaks = place.tree.join("xtask/leaks.supp");
    // The heap of an idle object is reached through the object, which is poisoned.
    let leaks = format!("suppressions={}:print_suppressions=0:use_poisoned=1", leaks.display());
    Ok(tests_and_stress(place, "asan", &[CORE, IT, BUFFERS], (filter, "500"), |command| {
        command
            // Without a target, build scripts and macros would be instrumented as well.
            .args(["--target", TARGET])
            .env("RUSTC_BOOTSTRAP", "1")
            .env("RUSTFLAGS", "-Zsanitizer=address --cfg poolable_asan")
            .env("ASAN_OPTIONS", "detect_stack_use_after_return=1")
            .env("LSAN_OPTIONS", &leaks);
    }))
}

fn tsan(place: &Place, filter: &str) -> Result<Vec<Step>, Unable> {
    let toolchain = Toolchain::find(&place.target("toolchain"))?;
    Ok(tests_and_stress(place, "tsan", &[CORE, IT, BUFFERS], (filter, "200"), |command| {
        toolchain.build_with(command);
        command
            .args(["-Zbuild-std", "--target", TARGET])
            .env("RUSTFLAGS", "-Zsanitizer=thread --cfg tsan")
            .env("TSAN_OPTIONS", "halt_on_error=1");
    }))
}

/// `tests/it` is not among it: its allocator hands out zeroed memory, in which nothing is
/// uninitialised, and reads every block that is freed, padding included.
fn msan(place: &Place, filter: &str) -> Result<Vec<Step>, Unable> {
    let toolchain = Toolchain::find(&place.target("toolchain"))?;
    Ok(tests_and_stress(place, "msan", &[CORE, SHAPES, BUFFERS], (filter, "200"), |command| {
        toolchain.build_with(command);
        command
            .args(["-Zbuild-std", "--target", TARGET])
            .env("RUSTFLAGS", "-Zsanitizer=memory -Zsanitizer-memory-track-origins");
    }))
}

fn valgrind(place: &Place, _: &str) -> Result<Vec<Step>, Unable> {
    needs("valgrind", "--version")?;
    let mut build = place.cargo("debug");
    build.args(["build", "--release", "--package", "poolable-stress"]);
    let mut run = Command::new("valgrind");
    run.args(["--quiet", "--error-exitcode=1", "--leak-check=full"])
        .args(["--show-leak-kinds=definite", "--errors-for-leak-kinds=definite"])
        .arg(place.target("debug").join("release/poolable-stress"))
        .args(["--seed", "1", "--rounds", "200"]);
    Ok(vec![Step::build(build), Step::run(run)])
}

/// Each of the targets for two minutes.
fn fuzz(place: &Place, _: &str) -> Result<Vec<Step>, Unable> {
    let program = cargo_fuzz(place)?;
    let mut steps = Vec::new();
    for target in ["sequences", "ring", "buffers", "json"] {
        let corpus = place.target("fuzz").join("corpus").join(target);
        fs::create_dir_all(&corpus)
            .map_err(|error| Unable::Broken(format!("{}: {error}", corpus.display())))?;
        let command = |subcommand| {
            let mut command = Command::new(&program);
            command
                .current_dir(&place.tree)
                .args(["fuzz", subcommand, "--fuzz-dir"])
                .arg(place.tree.join("fuzz"))
                .arg(target)
                .env("RUSTC_BOOTSTRAP", "1")
                .env("CARGO_TARGET_DIR", place.target("fuzz"));
            command
        };
        let mut run = command("run");
        // What was found to be interesting is where the next run begins.
        run.arg(corpus).args(["--", "-max_total_time=120"]);
        steps.extend([Step::build(command("build")), Step::run(run)]);
    }
    Ok(steps)
}

/// Five minutes. It looks for the server itself, and is to end with an error if there is none:
/// whether that is to be tolerated is asked here.
fn soak(place: &Place, _: &str) -> Result<Vec<Step>, Unable> {
    let in_path = needs("initdb", "--version").is_ok();
    let of_debian = fs::read_dir("/usr/lib/postgresql").is_ok_and(|mut all| all.next().is_some());
    if !in_path && !of_debian {
        return Err(Unable::Absent("PostgreSQL is not installed".to_owned()));
    }
    let command = |subcommand| {
        let mut command = place.cargo("debug");
        command.args([subcommand, "--quiet", "--release"]);
        command.args(["--package", "poolable-postgres", "--bin", "soak"]);
        command
    };
    let mut run = command("run");
    run.args(["--", "--seconds", "300"]).env("POOLABLE_REQUIRE", "1");
    Ok(vec![Step::build(command("build")), Step::run(run)])
}

/// The cargo-fuzz of the user, or one that is installed beside what the checks build.
fn cargo_fuzz(place: &Place) -> Result<PathBuf, Unable> {
    if needs("cargo-fuzz", "--version").is_ok() {
        return Ok("cargo-fuzz".into());
    }
    let tools = place.target("tools");
    let program = tools.join("bin/cargo-fuzz");
    if program.exists() {
        return Ok(program);
    }
    let mut install = place.cargo("tools");
    install
        .args(["install", "--locked", "--root"])
        .arg(&tools)
        .arg("cargo-fuzz")
        // It starts other programs, and that is all.
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0")
        .env("CARGO_PROFILE_RELEASE_LTO", "off");
    match install.status() {
        Ok(status) if status.success() => Ok(program),
        _ => Err(Unable::Absent("cargo-fuzz cannot be installed".to_owned())),
    }
}

fn with_cfg(place: &Place, mode: &str, filter: &str) -> Vec<Step> {
    tests_and_stress(place, mode, &[CORE], (filter, "1000"), |command| {
        command.env("RUSTFLAGS", format!("--cfg poolable_{mode}"));
    })
}

/// Whether a program is there to be run.
pub(crate) fn needs(program: &str, question: &str) -> Result<(), Unable> {
    match Command::new(program).arg(question).output() {
        Ok(output) if output.status.success() => Ok(()),
        _ => Err(Unable::Absent(format!("`{program}` is not installed"))),
    }
}
