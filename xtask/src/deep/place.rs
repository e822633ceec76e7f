//! Where a check builds, and how it is told to stop.

use core::time::Duration;
use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

/// The exit code of `timeout` for a command that it had to stop.
const STOPPED: i32 = 124;

/// A tree to check, and the folder that keeps what the checks build and fetch.
///
/// The folder is the same for the project's tree and for a copy with a bug in it: what
/// both depend on is built once.
pub(crate) struct Place {
    pub(crate) tree: PathBuf,
    pub(crate) deep: PathBuf,
    /// Where its builds go. Cargo tells two copies of the tree in one folder apart by the age
    /// of their files alone, and would take what was built of the one for the other's.
    pub(crate) targets: PathBuf,
}

impl Place {
    /// The project's own tree.
    pub(crate) fn here() -> Result<Self, String> {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
        let tree = manifest.parent().ok_or("xtask: no folder above")?.to_owned();
        let deep = tree.join("target/deep");
        Ok(Self { tree, targets: deep.clone(), deep })
    }

    /// Cargo, with a target folder for what `kind` builds: builds that differ in their
    /// flags would evict each other from a common one.
    pub(crate) fn cargo(&self, kind: &str) -> Command {
        let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.current_dir(&self.tree).env("CARGO_TARGET_DIR", self.target(kind));
        command
    }

    pub(crate) fn target(&self, kind: &str) -> PathBuf {
        self.targets.join(kind)
    }
}

/// The same command, which is stopped, with all that it started, when the time is over.
pub(crate) fn limited(command: &Command, limit: Duration) -> Command {
    let mut limited = Command::new("timeout");
    limited.arg("--kill-after=10").arg(limit.as_secs().to_string());
    limited.arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => limited.env(name, value),
            None => limited.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        limited.current_dir(folder);
    }
    limited
}

/// What an exit status means, if the command ran within a limit.
pub(crate) fn describe(status: ExitStatus) -> String {
    if status.code() == Some(STOPPED) {
        return "it did not come to an end".to_owned();
    }
    status.to_string()
}
