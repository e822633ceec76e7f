//! A folder for a server, and the guard that clears it.

use core::sync::atomic::{AtomicU32, Ordering};
use std::env;
use std::fs::{self, DirBuilder};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{self, Child, Command, Stdio};

use rustix::process::{Pid, RawPid};

use crate::account::Account;

/// Waits for the end of its input, which comes when nobody holds the other end any more. Then it
/// tells whatever works in the folder to end, and sees to it that it does. What is stopped is woken
/// for that. Everything in the folder is the server's, so that nothing else can be hit.
///
/// It asks before it kills: a PostgreSQL that is killed leaves a piece of shared memory behind.
const GUARD: &str = r#"
folder=$1 signal=$2
read -r nothing
round=0
while :; do
  found=
  for process in /proc/[0-9]*; do
    if [ "$process/cwd" -ef "$folder" ] || [ "$process/cwd" -ef "$folder/data" ]; then
      found="$found ${process#/proc/}"
    fi
  done
  [ -n "$found" ] || break
  if [ $round = 0 ]; then
    kill -"$signal" $found; kill -CONT $found
  elif [ $round -ge 150 ]; then
    kill -KILL $found
  fi
  round=$((round + 1))
  sleep 0.02
done 2>/dev/null
rm -rf -- "$folder"
"#;

/// A folder whose processes end, and which goes, with this value.
#[derive(Debug)]
pub(crate) struct Place {
    folder: PathBuf,
    account: Option<Account>,
    guard: Child,
}

impl Place {
    /// Makes one. The user is the first of those names; the signal is what asks the server to
    /// end at once.
    pub(crate) fn new(kind: &str, users: &[&str], signal: &str) -> Result<Self, String> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);

        let account = Account::find(users)?;
        // Relaxed: it is a number of its own for each.
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        // Short: the path of a socket has at most 107 bytes.
        let name = format!("poolable-{kind}-{}-{number}", process::id());
        let folder = env::temp_dir().join(name);
        DirBuilder::new()
            .mode(0o700)
            .create(&folder)
            .map_err(|error| format!("cannot create {}: {error}", folder.display()))?;
        if let Some(account) = account {
            account.give(&folder)?;
        }
        let mut guard = Command::new("/bin/sh");
        guard
            .args(["-c", GUARD, "poolable-guard"])
            .arg(&folder)
            .arg(signal)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // What is typed at the terminal, or sent to all that was started from it, ends the
            // test, and not who is to clean up behind it.
            .process_group(0);
        if let Some(account) = account {
            account.run(&mut guard);
        }
        let guard = guard.spawn().map_err(|error| format!("cannot start /bin/sh: {error}"))?;
        let place = Self { folder, account, guard };
        fs::create_dir(place.data())
            .and_then(|()| fs::set_permissions(place.data(), fs::Permissions::from_mode(0o700)))
            .map_err(|error| format!("cannot create {}: {error}", place.data().display()))?;
        if let Some(account) = account {
            account.give(&place.data())?;
        }
        Ok(place)
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where the server keeps its data, and works.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// Where the server writes what it has to say.
    pub(crate) fn log(&self) -> PathBuf {
        self.folder.join("log")
    }

    /// A command that runs in here, as the user that the folder belongs to, and writes to the log.
    pub(crate) fn command(&self, program: &Path) -> Result<Command, String> {
        let log = fs::OpenOptions::new().create(true).append(true).open(self.log());
        let log = log.map_err(|error| format!("cannot open {}: {error}", self.log().display()))?;
        let again = log.try_clone().map_err(|error| format!("cannot share the log: {error}"))?;
        let mut command = Command::new(program);
        command
            .current_dir(self.data())
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(again)
            .process_group(0);
        if let Some(account) = self.account {
            account.run(&mut command);
        }
        Ok(command)
    }

    /// All processes that work in here.
    pub(crate) fn processes(&self) -> Vec<Pid> {
        let Ok(data) = fs::metadata(self.data()) else { return Vec::new() };
        let Ok(all) = fs::read_dir("/proc") else { return Vec::new() };
        all.filter_map(|process| {
            let process = process.ok()?;
            let id: RawPid = process.file_name().to_str()?.parse().ok()?;
            // One that has ended has no folder, or nobody may look.
            let folder = fs::metadata(process.path().join("cwd")).ok()?;
            let is_here = (folder.dev(), folder.ino()) == (data.dev(), data.ino());
            is_here.then(|| Pid::from_raw(id)).flatten()
        })
        .collect()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        // It has an end: whatever does not go is killed after three seconds.
        let _ = self.guard.wait();
    }
}
