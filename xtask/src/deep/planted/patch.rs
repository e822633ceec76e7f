//! The files that hold planted bugs.
//!
//! ```text
//! # What the bug is, in a sentence or more.
//! #
//! # checks: it:limits::, tsan:conservation => data race
//! --- a/pool-core/src/depot.rs
//! +++ b/pool-core/src/depot.rs
//! ...
//! ```
//!
//! A check may be followed by what the names of its tests contain, and by what it must
//! print when it fails.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use crate::deep::check::{self, Check};

/// A bug to be planted.
pub(crate) struct Patch {
    pub(crate) name: String,
    pub(crate) about: String,
    pub(crate) file: PathBuf,
    pub(crate) catches: Vec<Catch>,
}

/// A check that must fail.
pub(crate) struct Catch {
    pub(crate) check: &'static Check,
    /// What the names of the tests contain; empty for all.
    pub(crate) filter: String,
    /// What the check prints when it fails.
    pub(crate) says: Option<String>,
}

/// How it runs, without what it must print.
impl fmt::Display for Catch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.check.name)?;
        if self.filter.is_empty() { Ok(()) } else { write!(f, ":{}", self.filter) }
    }
}

/// Reads the patches that are named, or all in the folder.
pub(crate) fn read_all(folder: &Path, names: &[&str]) -> Result<Vec<Patch>, String> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .map_err(|error| format!("{}: {error}", folder.display()))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "patch"))
        .collect();
    files.sort();
    let mut patches = files.into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
    if let Some(unknown) =
        names.iter().find(|name| patches.iter().all(|patch| patch.name != **name))
    {
        let known: Vec<_> = patches.iter().map(|patch| patch.name.as_str()).collect();
        return Err(format!(
            "planted: no bug is called `{unknown}`; there are {}",
            known.join(", ")
        ));
    }
    if !names.is_empty() {
        patches.retain(|patch| names.contains(&patch.name.as_str()));
    }
    Ok(patches)
}

fn read(file: PathBuf) -> Result<Patch, String> {
    let at = |message: &str| format!("{}: {message}", file.display());
    let text = fs::read_to_string(&file).map_err(|error| at(&error.to_string()))?;
    let name = file.file_stem().and_then(|name| name.to_str()).ok_or(at("an odd name"))?;
    let mut about = Vec::new();
    let mut catches = Vec::new();
    for line in text.lines().map_while(|line| line.strip_prefix('#')).map(str::trim) {
        match line.strip_prefix("checks:") {
            Some(listed) => {
                for one in listed.split(',') {
                    catches.push(catch(one).map_err(|message| at(&message))?);
                }
            }
            None => about.push(line),
        }
    }
    let about = about.join(" ").trim().to_owned();
    if about.is_empty() || catches.is_empty() {
        return Err(at("it must begin with `# what the bug is` and `# checks: NAME, ..`"));
    }
    Ok(Patch { name: name.to_owned(), about, catches, file })
}

fn catch(text: &str) -> Result<Catch, String> {
    let (run, says) = match text.split_once("=>") {
        Some((run, says)) => (run, Some(says.trim().to_owned())),
        None => (text, None),
    };
    let (name, filter) = run.trim().split_once(':').unwrap_or((run.trim(), ""));
    Ok(Catch { check: check::find(name)?, filter: filter.to_owned(), says })
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn every_bug_can_be_planted_in_the_code_as_it_is() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
        let patches = read_all(&root.join("xtask/planted"), &[]).expect("patches");
        assert!(!patches.is_empty());
        for patch in patches {
            let mut apply = Command::new("git");
            apply.args(["apply", "--check"]).arg(&patch.file).current_dir(root);
            let output = apply.output().expect("git");
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{}: {said}", patch.name);
        }
    }
}
