//! The other programs of this package, as processes.
//!
//! # Invariants
//!
//! 1. A server ends with its value: it is killed by the drop.
//! 2. It ends, too, if this program is killed: it reads from a pipe, and leaves at the pipe's end.

use core::net::SocketAddr;
use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use poolable_load::Variant;

/// A server.
pub(crate) struct Process {
    child: Child,
    address: SocketAddr,
}

impl Process {
    /// Starts a program, and waits until it listens.
    pub(crate) fn start(program: &str, variant: Variant) -> Result<Self, String> {
        let mut child = Command::new(sibling(program)?)
            .arg(variant.name())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("cannot run {program}: {error}"))?;
        let output = child.stdout.take();
        // From here on the drop kills it.
        let mut process = Self { child, address: SocketAddr::from(([0; 4], 0)) };
        let mut line = String::new();
        if let Some(output) = output {
            BufReader::new(output)
                .read_line(&mut line)
                .map_err(|error| format!("cannot hear {program}: {error}"))?;
        }
        let odd = |_| format!("{program} said no address, but {line:?}");
        process.address = line.trim().parse().map_err(odd)?;
        Ok(process)
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The most memory that it has had, in KiB.
    pub(crate) fn peak(&self) -> Result<u64, String> {
        let file = format!("/proc/{}/status", self.child.id());
        let status = fs::read_to_string(&file).map_err(|error| format!("{file}: {error}"))?;
        peak(&status).ok_or_else(|| format!("{file} says nothing of VmHWM"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself, and then there is nothing to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a program prints that ends by itself.
pub(crate) fn output(program: &str, variant: Variant) -> Result<String, String> {
    let output = Command::new(sibling(program)?)
        .arg(variant.name())
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("cannot run {program}: {error}"))?;
    if !output.status.success() {
        return Err(format!("{program}: {}", output.status));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The programs are built together, and lie beside each other.
fn sibling(program: &str) -> Result<PathBuf, String> {
    let this = env::current_exe().map_err(|error| format!("cannot find myself: {error}"))?;
    Ok(this.with_file_name(program))
}

fn peak(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peak_is_read_from_what_the_system_says() {
        assert_eq!(peak("Name:\tx\nVmPeak:\t  9000 kB\nVmHWM:\t    7168 kB\n"), Some(7168));
        assert_eq!(peak("Name:\tx\nVmHWM:\tmuch\n"), None);
        assert_eq!(peak(""), None);
        let own = fs::read_to_string("/proc/self/status").expect("the system says it");
        assert!(peak(&own).is_some_and(|kib| kib > 0));
    }

    #[test]
    fn program_that_is_not_there_is_an_error() {
        assert!(Process::start("poolable-load-nobody", Variant::Pooled).is_err());
        assert!(output("poolable-load-nobody", Variant::Pooled).is_err());
    }
}
