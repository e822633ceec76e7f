//! PostgreSQL.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use rustix::process::Signal;

use crate::place::Place;
use crate::program;
use crate::require::absent;
use crate::server::{Paused, Server};

/// How a server is told to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shutdown {
    /// It ends its sessions, and says so to them (`pg_ctl stop -m fast`).
    Fast,
    /// It ends at once, as after a crash (`pg_ctl stop -m immediate`).
    Immediate,
    /// It is not asked (`kill -9`).
    Killed,
}

/// A PostgreSQL with a cluster of its own, which accepts `postgres`, a superuser, and
/// [`USER`](Self::USER), for whom the connection limit holds, without a password.
#[derive(Debug)]
pub struct Postgres {
    server: Server,
    programs: PathBuf,
    settings: Vec<String>,
    port: u16,
}

impl Postgres {
    /// An ordinary user.
    pub const USER: &'static str = "app";

    /// Connections that are kept for superusers, such as those who look on.
    const RESERVED: usize = 5;

    /// Starts one that has room for so many sessions of ordinary users, less those that superusers
    /// have at the moment. `None` if it is not installed.
    ///
    /// # Panics
    ///
    /// If it does not start, or is absent and required.
    #[must_use]
    pub fn start(sessions: usize) -> Option<Self> {
        let Some(programs) = program::of_postgres() else {
            absent("PostgreSQL is not installed (`initdb` in the PATH or /usr/lib/postgresql)");
            return None;
        };
        match Self::try_start(programs, sessions) {
            Ok(postgres) => Some(postgres),
            Err(why) => panic!("PostgreSQL does not start: {why}"),
        }
    }

    fn try_start(programs: PathBuf, sessions: usize) -> Result<Self, String> {
        let place = Place::new("pg", USERS, STOP)?;
        let mut copy = place.command(Path::new("/bin/cp"))?;
        copy.arg("-a").arg(model(&programs)?.join(".")).arg(place.data());
        run(&place, &mut copy)?;
        let settings = [
            format!("max_connections={}", sessions + Self::RESERVED),
            format!("superuser_reserved_connections={}", Self::RESERVED),
            format!("unix_socket_directories={}", place.folder().display()),
            "listen_addresses=127.0.0.1".into(),
            "shared_buffers=8MB".into(),
            "max_wal_size=8MB".into(),
            "min_wal_size=2MB".into(),
            "wal_level=minimal".into(),
            "max_wal_senders=0".into(),
            "fsync=off".into(),
            "autovacuum=off".into(),
            // Files in the folder, and not in the memory of the machine, where a kill leaves them.
            "dynamic_shared_memory_type=mmap".into(),
        ];
        let mut server =
            Self { server: Server::new(place), programs, settings: settings.into(), port: 0 };
        server.run()?;
        Ok(server)
    }

    /// Starts it at a port that is free, or at the one it had.
    fn run(&mut self) -> Result<(), String> {
        let is_new = self.port == 0;
        let mut attempts = 0;
        loop {
            attempts += 1;
            if is_new {
                self.port = free_port()?;
            }
            let place = self.server.place();
            let _ = fs::remove_file(place.data().join("postmaster.pid"));
            let mut command = place.command(&self.programs.join("postgres"))?;
            command.arg("-D").arg(place.data()).arg("-p").arg(self.port.to_string());
            for setting in &self.settings {
                command.args(["-c", setting]);
            }
            match self.server.start(command, is_ready) {
                Ok(()) => return Ok(()),
                // Another was there first.
                Err(why) if is_new && attempts < 5 && why.contains("could not bind") => {}
                Err(why) => return Err(why),
            }
        }
    }

    /// The folder of its socket.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.server.place().folder()
    }

    /// Its port: of the loopback interface, and in the name of its socket.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What it has written.
    ///
    /// # Panics
    ///
    /// If that cannot be read.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.server.place().log()).expect("the log is ours")
    }

    /// Ends it, and waits until it has ended.
    pub fn stop(&mut self, how: Shutdown) {
        self.server.end(match how {
            Shutdown::Fast => Signal::INT,
            Shutdown::Immediate => Signal::QUIT,
            Shutdown::Killed => Signal::KILL,
        });
    }

    /// Starts it again, where it was, and waits until it is ready.
    ///
    /// # Panics
    ///
    /// If it is running, or does not start.
    pub fn start_again(&mut self) {
        assert!(!self.server.is_running(), "it is running");
        if let Err(why) = self.run() {
            panic!("PostgreSQL does not start again: {why}");
        }
    }

    /// Stops it in its tracks (`SIGSTOP`), until the value is dropped.
    pub fn pause(&self) -> Paused<'_> {
        self.server.pause()
    }
}

/// The data of a cluster that nobody has used yet. To make one takes a second of work, to copy it
/// next to nothing: one is made for the process, and goes with it.
fn model(programs: &Path) -> Result<PathBuf, String> {
    static MODEL: OnceLock<Result<Place, String>> = OnceLock::new();

    let make = || {
        let place = Place::new("pg-model", USERS, STOP)?;
        let mut command = place.command(&programs.join("initdb"))?;
        command
            .args(["--auth=trust", "--username=postgres", "--encoding=UTF8", "--no-locale"])
            .args(["--no-sync", "--wal-segsize=1", "--pgdata"])
            .arg(place.data());
        run(&place, &mut command)?;
        let role = place.folder().join("role.sql");
        let user = Postgres::USER;
        let statements =
            format!("CREATE ROLE {user} LOGIN;\nGRANT ALL ON SCHEMA public TO {user};\n");
        let script = fs::write(&role, statements).and_then(|()| fs::File::open(&role));
        let script = script.map_err(|error| format!("cannot write {}: {error}", role.display()))?;
        let mut alone = place.command(&programs.join("postgres"))?;
        alone.args(["--single", "-F", "-D"]).arg(place.data()).arg("postgres").stdin(script);
        run(&place, &mut alone)?;
        Ok(place)
    };
    MODEL.get_or_init(make).as_ref().map(Place::data).map_err(Clone::clone)
}

/// Whom it runs as, the first that there is.
const USERS: &[&str] = &["postgres", "nobody"];

/// What ends it at once.
const STOP: &str = "QUIT";

/// The eighth line of this file is where PostgreSQL tells `pg_ctl` the same.
fn is_ready(place: &Place) -> bool {
    fs::read_to_string(place.data().join("postmaster.pid"))
        .is_ok_and(|lines| lines.lines().nth(7).is_some_and(|state| state.trim() == "ready"))
}

/// Runs a command to its end.
fn run(place: &Place, command: &mut Command) -> Result<(), String> {
    let status = command.status().map_err(|error| format!("cannot run {command:?}: {error}"))?;
    if status.success() {
        return Ok(());
    }
    let log = fs::read_to_string(place.log()).unwrap_or_default();
    Err(format!("{command:?} failed: {status}:\n{log}"))
}

/// A port that nobody has at the moment.
pub(crate) fn free_port() -> Result<u16, String> {
    TcpListener::bind(("127.0.0.1", 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(|error| format!("no port is to be had: {error}"))
}
