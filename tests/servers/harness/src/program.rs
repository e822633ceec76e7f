//! Where the programs are.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

/// A program of this name in the `PATH`.
pub(crate) fn in_path(name: &str) -> Option<PathBuf> {
    let folders = env::var_os("PATH")?;
    env::split_paths(&folders).map(|folder| folder.join(name)).find(|program| program.is_file())
}

/// The folder of PostgreSQL's programs: in the `PATH`, or the newest of Debian's.
pub(crate) fn of_postgres() -> Option<PathBuf> {
    if let Some(program) = in_path("initdb") {
        // What is in the PATH may be a link to it: the others are beside the program itself.
        let program = fs::canonicalize(program).ok()?;
        return program.parent().map(Path::to_owned);
    }
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
    versions
        .filter_map(|version| {
            let version = version.ok()?;
            let number: u32 = version.file_name().to_str()?.parse().ok()?;
            let folder = version.path().join("bin");
            folder.join("initdb").is_file().then_some((number, folder))
        })
        .max()
        .map(|(_, folder)| folder)
}
