//! One crate of programs: written, built, and what the compiler said of each.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;

use crate::cargo;
use crate::dependencies::Dependencies;
use crate::program::Program;

/// What became of a crate.
#[derive(Debug, Default)]
pub(crate) struct Built {
    /// The binaries that there are, by the names of their programs.
    pub(crate) binaries: BTreeMap<String, PathBuf>,
    /// The codes of the errors of each of the others, and how they read.
    pub(crate) errors: BTreeMap<String, BTreeSet<String>>,
    pub(crate) rendered: BTreeMap<String, String>,
}

/// Builds `programs` in a crate of their own, with the versions of the checkout at `root`.
pub(crate) fn all<'p>(
    package: &str,
    dependencies: &Dependencies,
    programs: impl Iterator<Item = &'p Program>,
    root: &Path,
) -> Result<Built, String> {
    let target = root.join("target/guide");
    let folder = target.join("crates").join(package);
    let failed = |error| format!("{}: {error}", folder.display());
    // What was there before may be of other pages.
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(failed)?;
    }
    fs::create_dir_all(folder.join("src/bin")).map_err(failed)?;
    fs::write(folder.join("Cargo.toml"), dependencies.manifest(package, root)).map_err(failed)?;
    fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock")).map_err(failed)?;
    for program in programs {
        let file = folder.join("src/bin").join(program.binary()).with_extension("rs");
        fs::write(file, &program.source).map_err(failed)?;
    }

    let output = cargo()
        .args(["build", "--bins", "--keep-going", "--message-format=json"])
        .current_dir(&folder)
        .env("CARGO_TARGET_DIR", target.join("target"))
        // Programs of readers are built as readers build them.
        .env_remove("RUSTFLAGS")
        .stderr(Stdio::piped())
        .output()
        .map_err(failed)?;
    let built = read(&output.stdout, package)?;
    if built.binaries.is_empty() && built.errors.is_empty() {
        let message = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{package}: nothing was built\n{message}"));
    }
    Ok(built)
}

/// What cargo says of each binary of `package`.
fn read(messages: &[u8], package: &str) -> Result<Built, String> {
    let mut built = Built::default();
    for line in messages.split(|&byte| byte == b'\n').filter(|line| line.starts_with(b"{")) {
        let message: Value = serde_json::from_slice(line).map_err(|error| error.to_string())?;
        let is_program = message["package_id"].as_str().is_some_and(|id| id.contains(package))
            && message["target"]["kind"][0] == "bin";
        let Some(name) = message["target"]["name"].as_str().filter(|_| is_program) else {
            continue;
        };
        let reason = message["reason"].as_str();
        let said = &message["message"];
        if reason == Some("compiler-artifact") {
            if let Some(binary) = message["executable"].as_str() {
                built.binaries.insert(name.to_owned(), binary.into());
            }
        } else if reason == Some("compiler-message") && said["level"] == "error" {
            let errors = built.errors.entry(name.to_owned()).or_default();
            let text = said["rendered"].as_str().unwrap_or_default();
            match said["code"]["code"].as_str() {
                Some(code) => drop(errors.insert(code.to_owned())),
                // The last word: how many there were.
                None if text.starts_with("error: aborting due to") => {}
                None => drop(errors.insert("without a code".to_owned())),
            }
            built.rendered.entry(name.to_owned()).or_default().push_str(text);
        }
    }
    Ok(built)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cargo_says_is_told_apart_by_program() {
        let of = |name: &str, rest: &str| {
            format!(
                r#"{{"package_id":"path+file:///pages_one#0.0.0","target":{{"kind":["bin"],"name":"{name}"}},{rest}}}"#
            )
        };
        let error = |code: &str| {
            let code = format!(r#"{{"level":"error","code":{code},"rendered":"error: it is"}}"#);
            format!(r#""reason":"compiler-message","message":{code}"#)
        };
        let lines = [
            of("good", r#""reason":"compiler-artifact","executable":"/bin/good""#),
            of("bad", &error(r#"{"code":"E0382"}"#)),
            of("worse", &error("null")),
            of("bad", &error(r#"{"code":"E0382"}"#)).replace("pages_one", "another"),
            r#"{"reason":"build-finished","success":false}"#.to_owned(),
        ];
        let built = read(lines.join("\n").as_bytes(), "pages_one").unwrap();
        assert_eq!(built.binaries.into_keys().collect::<Vec<_>>(), ["good"]);
        let errors: Vec<_> =
            built.errors.iter().map(|(name, codes)| (name.as_str(), codes)).collect();
        let one = |code: &str| BTreeSet::from([code.to_owned()]);
        assert_eq!(errors, [("bad", &one("E0382")), ("worse", &one("without a code"))]);
        assert!(read(b"{no json", "pages_one").is_err());
    }
}
