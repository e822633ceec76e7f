//! What the figures were taken on, as far as the system says.

use std::env;
use std::fs;
use std::process::Command;
use std::thread;

pub(crate) struct Machine {
    /// Names and what stands behind them.
    pub(crate) facts: Vec<(&'static str, String)>,
}

impl Machine {
    pub(crate) fn here() -> Self {
        let rustc = env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
        let cores = thread::available_parallelism().map(|cores| cores.to_string());
        let facts = [
            ("processor", value_in("/proc/cpuinfo", "model name", ':')),
            ("cores", cores.ok()),
            ("system", value_in("/etc/os-release", "PRETTY_NAME", '=')),
            ("C library", says("ldd", &["--version"]).map(|line| version_of_libc(&line))),
            ("compiler", says(&rustc, &["--version"])),
            ("date", says("date", &["-u", "+%Y-%m-%d"])),
            ("load average when it began", load()),
        ];
        let unknown = || "unknown".to_owned();
        Self { facts: facts.map(|(name, fact)| (name, fact.unwrap_or_else(unknown))).into() }
    }
}

/// The value of the first line that begins with a name.
fn value_in(file: &str, name: &str, separator: char) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    let value = line.split_once(separator)?.1;
    Some(value.trim().trim_matches('"').to_owned())
}

/// The first line that a program prints.
fn says(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.lines().next().map(str::to_owned)
}

/// `ldd (Debian GLIBC 2.36-9) 2.36` ends with the version.
fn version_of_libc(line: &str) -> String {
    let version = line.rsplit(' ').next().unwrap_or(line);
    if line.contains("GLIBC") || line.contains("GNU libc") {
        format!("glibc {version}")
    } else {
        line.to_owned()
    }
}

fn load() -> Option<String> {
    let text = fs::read_to_string("/proc/loadavg").ok()?;
    text.split(' ').next().map(str::to_owned)
}
