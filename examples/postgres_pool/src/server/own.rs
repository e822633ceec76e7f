//! A PostgreSQL of our own.

use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::fs::{self, DirBuilder, File};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;
use std::{env, process, thread};

use tokio_postgres::{Config, NoTls};

use super::report;
use crate::Failure;

/// How long a server may take to start.
const START: Duration = Duration::from_secs(30);

/// Ends the server, and removes the folder that it is in, as soon as its own input ends: when we
/// close it, and when we are killed, so that nothing is left behind in any case. Its words are the
/// folder, the server, and the server's own.
///
/// The first signal ends what is not a server yet, and is deaf to the second. A server waits for
/// its sessions after the first, and hangs up on them after the second.
const KEEPER: &str = r#"
    "$@" &
    read -r _
    kill -TERM $!
    kill -INT $!
    wait $!
    rm -r "$0"
"#;

/// Who owns the database.
const USER: &str = "teller";

/// Where `initdb` and `postgres` are: on the path, or in Debian's place, the newest first.
fn binaries() -> Option<PathBuf> {
    let has_both =
        |folder: &PathBuf| folder.join("initdb").exists() && folder.join("postgres").exists();
    let path = env::var_os("PATH").unwrap_or_default();
    if let Some(found) = env::split_paths(&path).find(has_both) {
        return Some(found);
    }
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
    let mut versions: Vec<(u32, PathBuf)> = versions
        .filter_map(|entry| {
            let entry = entry.ok()?;
            Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin")))
        })
        .filter(|(_, folder)| has_both(folder))
        .collect();
    versions.sort();
    versions.pop().map(|(_, folder)| folder)
}

/// A server that we started. It ends, and its folder goes, when this drops.
#[derive(Debug)]
pub(super) struct Own {
    /// The shell that waits for us, and has the server for a child.
    keeper: Option<Child>,
    folder: PathBuf,
}

impl Own {
    /// `None` if PostgreSQL is not installed.
    pub(super) fn start() -> Result<Option<Self>, Failure> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let Some(binaries) = binaries() else { return Ok(None) };
        // Relaxed: the number need only be another one each time.
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = env::temp_dir().join(format!("postgres_pool-{}-{number}", process::id()));
        // The server asks for no password: nobody else may come in.
        DirBuilder::new().mode(0o700).create(&folder)?;
        let mut own = Self { keeper: None, folder };
        own.begin(&binaries)?;
        own.wait_until_it_serves()?;
        Ok(Some(own))
    }

    /// How to connect.
    pub(super) fn config(&self) -> Config {
        let mut config = Config::new();
        config.host_path(&self.folder).user(USER).dbname("postgres");
        config
    }

    fn begin(&mut self, binaries: &Path) -> Result<(), Failure> {
        let data = self.folder.join("data");
        let owner = ordinary_user(&self.folder)?;
        if let Some((user, group)) = owner {
            chown(&self.folder, Some(user), Some(group))?;
        }
        let command = |program: &Path| {
            let mut command = Command::new(program);
            if let Some((user, group)) = owner {
                command.uid(user).gid(group);
            }
            command.current_dir(&self.folder);
            command
        };

        // Nothing has to survive the machine: nobody waits for a disk.
        let initdb = command(&binaries.join("initdb"))
            .arg("--pgdata")
            .arg(&data)
            .args(["--username", USER, "--auth=trust", "--encoding=UTF8", "--locale=C"])
            .arg("--no-sync")
            .output()?;
        if !initdb.status.success() {
            return Err(String::from_utf8_lossy(&initdb.stderr).into());
        }

        let log = File::create(self.folder.join("log"))?;
        let keeper = command(Path::new("sh"))
            .args(["-c", KEEPER])
            .arg(&self.folder)
            .arg(binaries.join("postgres"))
            .arg("-D")
            .arg(&data)
            .arg("-k")
            .arg(&self.folder)
            .args(["-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=40"])
            .stdin(Stdio::piped())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        self.keeper = Some(keeper);
        Ok(())
    }

    fn wait_until_it_serves(&self) -> Result<(), Failure> {
        let config = postgres::Config::from(self.config());
        let deadline = Instant::now() + START;
        loop {
            match config.connect(NoTls) {
                Ok(_) => return Ok(()),
                Err(error) if Instant::now() > deadline => {
                    let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
                    return Err(format!("the server does not start: {error}\n{log}").into());
                }
                // It tells nobody when it is ready.
                Err(_) => thread::sleep(Duration::from_millis(20)),
            }
        }
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        if let Some(mut keeper) = self.keeper.take() {
            // The end of its input is what it waits for.
            drop(keeper.stdin.take());
            if let Err(error) = keeper.wait() {
                report(&format!("the server: {error}"));
            }
        }
        // There if the keeper never was, or was killed.
        if self.folder.exists() {
            if let Err(error) = fs::remove_dir_all(&self.folder) {
                report(&format!("{}: {error}", self.folder.display()));
            }
        }
    }
}

/// Who runs the server: PostgreSQL refuses to run as root. `None` is ourselves.
fn ordinary_user(folder: &Path) -> Result<Option<(u32, u32)>, Failure> {
    // A folder that we made is ours.
    if fs::metadata(folder)?.uid() != 0 {
        return Ok(None);
    }
    let users = fs::read_to_string("/etc/passwd")?;
    let ids = |name: &str| {
        let mut fields = users.lines().find_map(|line| {
            line.strip_prefix(name)?.strip_prefix(':').map(|rest| rest.split(':').skip(1))
        })?;
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    match ["postgres", "nobody"].into_iter().find_map(ids) {
        Some(user) => Ok(Some(user)),
        None => Err("no ordinary user to run the server as".into()),
    }
}
