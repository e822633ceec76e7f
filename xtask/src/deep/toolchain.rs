//! A toolchain that can rebuild std.
//!
//! ThreadSanitizer and MemorySanitizer see only what they instrumented. With the std that
//! is shipped they report races, and uninitialised memory, that are none. Where rustup has
//! the source of std, the toolchain at hand will do. Where it has not, Debian's security
//! suite has both a compiler and the source for it; they are unpacked, not installed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::outcome::Unable;

pub(crate) const TARGET: &str = "x86_64-unknown-linux-gnu";
/// Debian's packages of the compiler and of std's source.
const COMPILER: &[&str] = &["rustc-web", "libstd-rust-web-dev", "rust-web-src"];
/// Written when all has been unpacked, so that half a toolchain is never taken for one.
const COMPLETE: &str = "complete";

pub(crate) enum Toolchain {
    /// The one that runs this, which has std's source.
    AtHand,
    /// One that was unpacked to a folder.
    Unpacked(PathBuf),
}

impl Toolchain {
    /// Finds a toolchain, and fetches it into `folder` if there is none.
    pub(crate) fn find(folder: &Path) -> Result<Self, Unable> {
        if !cfg!(all(target_os = "linux", target_arch = "x86_64", target_env = "gnu")) {
            return Err(Unable::Absent(format!("std is rebuilt for {TARGET} only")));
        }
        let root = folder.join("root");
        let sysroot = PathBuf::from(output(Command::new("rustc").args(["--print", "sysroot"]))?);
        if sysroot.join("lib/rustlib/src/rust/library/Cargo.lock").exists() {
            return Ok(Self::AtHand);
        }
        if !folder.join(COMPLETE).exists() {
            fetch(folder, &root, &sysroot)?;
        }
        Ok(Self::Unpacked(root))
    }

    /// Has a cargo command build with this toolchain, std included.
    pub(crate) fn build_with(&self, command: &mut Command) {
        command.env("RUSTC_BOOTSTRAP", "1");
        if let Self::Unpacked(root) = self {
            command
                .env("LD_LIBRARY_PATH", root.join("usr/lib/x86_64-linux-gnu"))
                .env("RUSTC", root.join("usr/bin/rustc"))
                .env("RUSTDOC", root.join("usr/bin/rustdoc"));
        }
    }
}

/// Downloads and unpacks the packages, and puts the sanitizers' runtimes beside them, which
/// Debian leaves out.
fn fetch(folder: &Path, root: &Path, sysroot: &Path) -> Result<(), Unable> {
    let std = dependency("libstd-rust-web-dev", "libstd-rust-web-")?;
    let llvm = dependency(&std, "libllvm")?;
    let ours = output(Command::new("rustc").arg("-vV"))?;
    let ours = ours.split_once("LLVM version: ").map_or("", |(_, version)| version);
    let (major, _) = ours.split_once('.').unwrap_or((ours, ""));
    if llvm != format!("libllvm{major}") {
        return Err(Unable::Absent(format!(
            "the sanitizers' runtimes are for LLVM {major}, and Debian's rustc is of {llvm}"
        )));
    }

    // A download that broke off is of no use to anybody.
    let _ = fs::remove_dir_all(folder);
    let packages = folder.join("packages");
    fs::create_dir_all(&packages).map_err(broken)?;
    let mut download = Command::new("apt-get");
    download.arg("download").args(COMPILER).args([&std, &llvm]).current_dir(&packages);
    output(&mut download)?;
    for package in fs::read_dir(&packages).map_err(broken)? {
        output(Command::new("dpkg").arg("-x").arg(package.map_err(broken)?.path()).arg(root))?;
    }
    let runtimes = format!("lib/rustlib/{TARGET}/lib");
    let to = root.join("usr").join(&runtimes);
    for file in fs::read_dir(sysroot.join(&runtimes)).map_err(broken)? {
        let file = file.map_err(broken)?;
        if file.file_name().to_string_lossy().starts_with("librustc-stable_rt.") {
            fs::copy(file.path(), to.join(file.file_name())).map_err(broken)?;
        }
    }
    fs::remove_dir_all(&packages).map_err(broken)?;
    fs::write(folder.join(COMPLETE), "").map_err(broken)
}

/// The dependency of a package whose name starts like this, of the newest version there is.
fn dependency(package: &str, prefix: &str) -> Result<String, Unable> {
    let listed = output(Command::new("apt-cache").args(["depends", package]))?;
    let mut names = listed.lines().filter_map(|line| line.trim().strip_prefix("Depends: "));
    let name = names.find(|name| name.starts_with(prefix));
    name.map(str::to_owned).ok_or_else(|| {
        Unable::Absent(format!("apt knows no `{prefix}..` for `{package}`; try `apt-get update`"))
    })
}

/// What a program prints. One that is absent, or cannot do its work, is a tool that is absent.
fn output(command: &mut Command) -> Result<String, Unable> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command
        .output()
        .map_err(|error| Unable::Absent(format!("to rebuild std takes `{program}`: {error}")))?;
    if !output.status.success() {
        let error = String::from_utf8_lossy(&output.stderr);
        let last = error.lines().last().unwrap_or("no reason given");
        return Err(Unable::Absent(format!(
            "to rebuild std takes `{program}`, which failed: {last}"
        )));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that `map_err` wants")]
fn broken(error: std::io::Error) -> Unable {
    Unable::Broken(format!("the toolchain for a rebuilt std: {error}"))
}
