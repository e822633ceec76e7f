//! The oldest Rust that the manifests promise: the crates are built and tested with it.
//!
//! The compiler is the one in `POOLABLE_RUSTC_1_85`, a folder with `bin/rustc` or
//! `usr/bin/rustc`; or one of rustup's; or Debian's, unpacked to `target/msrv` and not installed.
//! Cargo is the one at hand: it is no part of the promise.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::manifests::published;
use crate::{cargo, output, run, skip};

const VARIABLE: &str = "POOLABLE_RUSTC_1_85";
/// Debian's packages of the compiler.
const PACKAGES: [&str; 2] = ["rustc-web", "libstd-rust-web-dev"];

/// A compiler: its program, its documentation tool, and where its libraries lie.
struct Compiler {
    bin: PathBuf,
    libraries: PathBuf,
}

impl Compiler {
    /// What a folder has, be it a prefix or a root.
    fn in_folder(folder: &Path) -> Option<Self> {
        let prefix = [folder.to_owned(), folder.join("usr")]
            .into_iter()
            .find(|prefix| prefix.join("bin/rustc").is_file())?;
        Some(Self { bin: prefix.join("bin"), libraries: prefix.join("lib/x86_64-linux-gnu") })
    }

    /// Has a command compile with this.
    fn compile<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        // Rustup's finds its libraries by itself, and Debian's does not outside of `/usr`.
        if self.libraries.is_dir() {
            command.env("LD_LIBRARY_PATH", &self.libraries);
        }
        command.env("RUSTC", self.bin.join("rustc")).env("RUSTDOC", self.bin.join("rustdoc"))
    }

    /// The version, as `1.85.0`.
    fn version(&self) -> Result<String, String> {
        let mut command = Command::new(self.bin.join("rustc"));
        let text = output(self.compile(&mut command).arg("--version"))?;
        Ok(text.split(' ').nth(1).unwrap_or_default().to_owned())
    }
}

/// Builds everything that is published, and runs its tests; with `deep`, also the examples in
/// the documentation.
pub(crate) fn check(deep: bool) -> Result<(), String> {
    let packages = published()?;
    let [_, _, face] = &packages;
    let wanted = &face.rust_version;
    if let Some(other) = packages.iter().find(|package| package.rust_version != *wanted) {
        return Err(format!(
            "msrv: {} promises Rust {:?}, and poolable {wanted:?}",
            other.name, other.rust_version
        ));
    }
    let compiler = match find(wanted, &face.folder.join("target/msrv")) {
        Ok(compiler) => compiler,
        Err(why) => return skip(&format!("msrv: there is no Rust {wanted}: {why}")),
    };
    let version = compiler.version()?;
    if !version.starts_with(&format!("{wanted}.")) {
        return Err(format!("msrv: the compiler is of {version}, and should be of {wanted}"));
    }
    println!("msrv: with rustc {version}");
    let step = |arguments: &[&str]| {
        let mut command = cargo(arguments);
        command.args(["--locked", "--all-features", "--target-dir", "target/msrv/target"]);
        println!("\n==> cargo {}", arguments.join(" "));
        run(compiler.compile(&mut command))
    };
    step(&["test", "--package", "pool-derive", "--package", "pool-core", "--lib"])?;
    step(&["test", "--package", "poolable", "--test", "it"])?;
    if deep {
        step(&["test", "--package", "poolable", "--package", "pool-core", "--doc"])?;
    }
    Ok(())
}

fn find(wanted: &str, folder: &Path) -> Result<Compiler, String> {
    if let Some(given) = env::var_os(VARIABLE) {
        return Compiler::in_folder(Path::new(&given))
            .ok_or_else(|| format!("{VARIABLE} has no `bin/rustc`"));
    }
    from_rustup(wanted).or_else(|no_rustup| {
        from_debian(wanted, folder).map_err(|no_debian| format!("{no_rustup}; {no_debian}"))
    })
}

/// A toolchain that rustup has, or can fetch.
fn from_rustup(wanted: &str) -> Result<Compiler, String> {
    let toolchain = format!("{wanted}.0");
    let sysroot = || {
        let mut command = Command::new("rustup");
        output(command.args(["run", &toolchain, "rustc", "--print", "sysroot"]))
    };
    let found = sysroot().or_else(|_| {
        let mut command = Command::new("rustup");
        command.args(["toolchain", "install", &toolchain, "--profile", "minimal"]);
        output(command.arg("--no-self-update")).and_then(|_| sysroot())
    })?;
    Compiler::in_folder(Path::new(found.trim())).ok_or_else(|| format!("{found} has no rustc"))
}

/// Debian's, which is fetched and unpacked.
fn from_debian(wanted: &str, folder: &Path) -> Result<Compiler, String> {
    let root = folder.join("root");
    let complete = folder.join("complete");
    if !complete.exists() {
        let listed = output(Command::new("apt-cache").args(["madison", PACKAGES[0]]))?;
        let version = listed
            .lines()
            .filter_map(|line| line.split('|').nth(1))
            .map(str::trim)
            .find(|version| version.starts_with(&format!("{wanted}.")))
            .ok_or_else(|| format!("apt knows no `{}` of it", PACKAGES[0]))?;
        let packages = folder.join("packages");
        // A download that broke off is of no use to anybody.
        let _ = fs::remove_dir_all(&packages);
        let _ = fs::remove_dir_all(&root);
        let failed = |error: std::io::Error| format!("{}: {error}", packages.display());
        fs::create_dir_all(&packages).map_err(failed)?;
        let mut download = Command::new("apt-get");
        download.arg("download").current_dir(&packages);
        download.args(PACKAGES.map(|name| format!("{name}={version}")));
        // The libraries that the compiler consists of, and LLVM's.
        let std = format!("libstd-rust-web-{wanted}");
        let depends = output(Command::new("apt-cache").args(["depends", &std]))?;
        let llvm = depends
            .lines()
            .filter_map(|line| line.trim().strip_prefix("Depends: "))
            .find(|name| name.starts_with("libllvm"))
            .ok_or_else(|| format!("apt knows no LLVM for `{std}`"))?;
        output(download.args([&std, llvm]))?;
        for package in fs::read_dir(&packages).map_err(failed)? {
            let package = package.map_err(failed)?.path();
            output(Command::new("dpkg").arg("-x").arg(package).arg(&root))?;
        }
        fs::remove_dir_all(&packages).map_err(failed)?;
        fs::write(&complete, "").map_err(failed)?;
    }
    Compiler::in_folder(&root).ok_or_else(|| format!("{} has no rustc", root.display()))
}
