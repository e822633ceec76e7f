//! The copy of the tree that bugs are planted in.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::deep::place::Place;

/// A copy of all that git would commit of the tree.
pub(crate) struct Scratch {
    pub(crate) place: Place,
    /// Pairs of a path in the tree and its contents, as they are when the run begins.
    files: Vec<(String, Vec<u8>)>,
}

impl Scratch {
    pub(crate) fn new(original: &Place) -> Result<Self, String> {
        let listed = Command::new("git")
            .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .current_dir(&original.tree)
            .output()
            .map_err(|error| format!("planted: cannot run git: {error}"))?;
        if !listed.status.success() {
            return Err(format!("planted: {}", String::from_utf8_lossy(&listed.stderr).trim()));
        }
        let mut files = Vec::new();
        for path in String::from_utf8_lossy(&listed.stdout).split_terminator('\0') {
            // What was deleted and not committed yet is listed, too.
            if let Ok(contents) = fs::read(original.tree.join(path)) {
                files.push((path.to_owned(), contents));
            }
        }
        let deep = original.deep.clone();
        let targets = deep.join("planted-builds");
        let place = Place { tree: deep.join("planted"), deep, targets };
        let scratch = Self { place, files };
        scratch.restore()?;
        Ok(scratch)
    }

    /// Makes the copy like the tree again. Files that are alike are left alone, so that
    /// cargo builds again only what changed.
    pub(crate) fn restore(&self) -> Result<(), String> {
        self.remove_others()?;
        for (path, contents) in &self.files {
            let path = self.place.tree.join(path);
            if fs::read(&path).is_ok_and(|there| there == *contents) {
                continue;
            }
            let written = match path.parent() {
                Some(folder) => fs::create_dir_all(folder),
                None => Ok(()),
            };
            written
                .and_then(|()| fs::write(&path, contents))
                .map_err(|error| format!("{}: {error}", path.display()))?;
        }
        Ok(())
    }

    /// Applies a patch, or says why not.
    pub(crate) fn apply(&self, patch: &Path) -> Result<(), String> {
        let applied = Command::new("git")
            .args(["apply", "--whitespace=nowarn"])
            .arg(patch)
            .current_dir(&self.place.tree)
            // In a repository, git would take the paths as those of that one, and pass over
            // all of them without a word.
            .env("GIT_CEILING_DIRECTORIES", &self.place.deep)
            .output()
            .map_err(|error| format!("cannot run git: {error}"))?;
        if !applied.status.success() {
            return Err(String::from_utf8_lossy(&applied.stderr).trim().to_owned());
        }
        let is_changed = |(path, contents): &(String, Vec<u8>)| {
            fs::read(self.place.tree.join(path)).is_ok_and(|there| there != *contents)
        };
        if !self.files.iter().any(is_changed) {
            return Err("it changes nothing".to_owned());
        }
        Ok(())
    }

    /// Removes what is in the copy and not in the tree: a stray test would run with the
    /// others. Build output inside the copy stays.
    fn remove_others(&self) -> Result<(), String> {
        let mut folders = vec![self.place.tree.clone()];
        while let Some(folder) = folders.pop() {
            let Ok(entries) = fs::read_dir(&folder) else { continue };
            for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
                let relative = path.strip_prefix(&self.place.tree).unwrap_or(&path);
                let is_known = self.files.iter().any(|(known, _)| Path::new(known) == relative);
                if path.is_dir() && relative != Path::new("target") {
                    folders.push(path);
                } else if path.is_file() && !is_known {
                    fs::remove_file(&path)
                        .map_err(|error| format!("{}: {error}", path.display()))?;
                }
            }
        }
        Ok(())
    }
}
