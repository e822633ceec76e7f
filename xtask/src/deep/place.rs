//! Where a check builds, and how it is told to stop.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

/// The exit code of `timeout` for a command that it had to stop.
const STOPPED: i32 = 124;
/// The longest that one command of a check may take, in seconds. Nothing takes a tenth of
/// it; a deadlock takes all of it.
const LIMIT: &str = "3600";

/// A tree to check, and the folder that keeps what the checks build and fetch.
///
/// The folder is the same for the project's tree and for a copy with a bug in it: what
/// both depend on is built once.
pub(crate) struct Place {
    pub(crate) tree: PathBuf,
    pub(crate) deep: PathBuf,
    /// The longest that one command may take, in seconds.
    limit: &'static str,
}

impl Place {
    /// The project's own tree.
    pub(crate) fn here() -> Result<Self, String> {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
        let tree = manifest.parent().ok_or("xtask: no folder above")?.to_owned();
        let deep = tree.join("target/deep");
        Ok(Self { tree, deep, limit: LIMIT })
    }

    /// A copy of the tree, where a command is stopped after as many seconds.
    pub(crate) fn copy(&self, tree: PathBuf, limit: &'static str) -> Self {
        Self { tree, deep: self.deep.clone(), limit }
    }

    /// A program to be run in the tree, within the limit.
    pub(crate) fn program(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new("timeout");
        command.args(["--kill-after=10", self.limit]).arg(program).current_dir(&self.tree);
        command
    }

    /// Cargo, with a target folder for what `kind` builds: builds that differ in their
    /// flags would evict each other from a common one.
    pub(crate) fn cargo(&self, kind: &str) -> Command {
        let mut command = self.program(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.env("CARGO_TARGET_DIR", self.target(kind));
        command
    }

    pub(crate) fn target(&self, kind: &str) -> PathBuf {
        self.deep.join(kind)
    }
}

/// What an exit status means, if the command ran within a limit.
pub(crate) fn describe(status: ExitStatus) -> String {
    if status.code() == Some(STOPPED) {
        return "it did not come to an end".to_owned();
    }
    status.to_string()
}
