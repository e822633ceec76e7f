//! What the crates offer, one item in a line, beside what is on file in `docs/api`.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::manifests::published;
use crate::{cargo, output, run, skip};

/// The compiler whose description of a crate `xtask/api` can read: rustdoc changes the format
/// from one version to the next, and the traits and paths of std change too.
const COMPILER: &str = "1.95";

/// Compares the lists, or writes them anew.
pub(crate) fn check(bless: bool) -> Result<(), String> {
    let rustc = output(Command::new("rustc").arg("--version"))?;
    let version = rustc.split(' ').nth(1).unwrap_or_default();
    if !version.starts_with(&format!("{COMPILER}.")) || version.contains('-') {
        return skip(&format!("api: the lists are of Rust {COMPILER}, and this is {version}"));
    }
    let packages = published()?;
    let [_, _, face] = &packages;
    let target = face.folder.join("target/api");
    let mut files = Vec::new();
    for package in &packages {
        let mut rustdoc = cargo(&["rustdoc", "--quiet", "--locked", "--lib", "--all-features"]);
        rustdoc.args(["--package", &package.name]).arg("--target-dir").arg(&target);
        rustdoc.args(["--", "-Z", "unstable-options", "--output-format", "json"]);
        run(rustdoc.env("RUSTC_BOOTSTRAP", "1").env_remove("RUSTDOCFLAGS"))?;
        let file: PathBuf = target.join("doc").join(package.name.replace('-', "_"));
        files.push((package, file.with_extension("json")));
    }
    let mut differences = 0;
    for (package, description) in files {
        let mut list = cargo(&["run", "--quiet", "--locked", "--package", "poolable-api", "--"]);
        let actual = output(list.arg(description))?;
        let path = face.folder.join(format!("docs/api/{}.txt", package.name));
        let told = |error: std::io::Error| format!("{}: {error}", path.display());
        // Another end of lines is none of its contents.
        let expected = fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
        if actual.lines().count() == 0 {
            return Err(format!("api: {} offers nothing?", package.name));
        }
        if actual == expected {
            println!("api: {} offers {} items, as before", package.name, actual.lines().count());
        } else if bless {
            fs::write(&path, &actual).map_err(told)?;
            println!("api: wrote {}", path.display());
        } else {
            differences += 1;
            println!("api: {} offers something else than docs/api says", package.name);
            let new = env::temp_dir().join(format!("{}.txt", package.name));
            fs::write(&new, &actual).map_err(told)?;
            // Its exit code says that there are differences.
            let _ = Command::new("diff").arg("-U0").arg(&path).arg(&new).status();
        }
    }
    if differences == 0 {
        return Ok(());
    }
    Err("api: if that is right, run `cargo xtask api --bless`, and read the difference beside \
         docs/policy.md"
        .to_owned())
}
