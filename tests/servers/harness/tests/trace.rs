//! Nothing of a server is left when its test is over, however that came.
#![cfg(target_os = "linux")]

use core::panic::AssertUnwindSafe;
use core::time::Duration;
use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::panic::{catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{io, thread};

use poolable_servers::{Postgres, Redis, Shutdown, until};

const PATIENCE: Duration = Duration::from_secs(60);

/// Set in a process that is to be killed: what it should start.
const VICTIM: &str = "POOLABLE_SERVERS_VICTIM";

/// How many processes work below a folder, or did before it was removed.
fn processes_in(folder: &Path) -> usize {
    fs::read_dir("/proc")
        .expect("this is Linux")
        .filter_map(|process| fs::read_link(process.ok()?.path().join("cwd")).ok())
        .filter(|cwd| cwd.starts_with(folder))
        .count()
}

fn assert_no_trace_of(folder: &Path) {
    until("the folder is gone", PATIENCE, || !folder.exists());
    assert_eq!(processes_in(folder), 0);
}

#[test]
fn postgres_goes_with_its_value() {
    let Some(postgres) = Postgres::start(10) else { return };
    let folder = postgres.folder().to_owned();
    assert!(processes_in(&folder) > 1);
    drop(postgres);
    assert_no_trace_of(&folder);
}

#[test]
fn stopped_postgres_goes_with_a_panic() {
    let Some(postgres) = Postgres::start(10) else { return };
    let folder = postgres.folder().to_owned();
    let panic = catch_unwind(AssertUnwindSafe(|| {
        let postgres = postgres;
        // It is not even woken.
        core::mem::forget(postgres.pause());
        resume_unwind(Box::new("planned"));
    }));
    assert!(panic.is_err_and(|panic| panic.downcast_ref() == Some(&"planned")));
    assert_no_trace_of(&folder);
}

#[test]
fn postgres_comes_back_where_it_was() {
    let Some(mut postgres) = Postgres::start(10) else { return };
    let (folder, port) = (postgres.folder().to_owned(), postgres.port());
    for how in [Shutdown::Fast, Shutdown::Immediate, Shutdown::Killed] {
        postgres.stop(how);
        assert_eq!(processes_in(&folder), 0, "{how:?}");
        postgres.start_again();
        assert_eq!((postgres.folder(), postgres.port()), (&*folder, port), "{how:?}");
    }
    drop(postgres);
    assert_no_trace_of(&folder);
}

#[test]
fn redis_goes_with_its_value() {
    let Some(mut redis) = Redis::start(10) else { return };
    let folder = redis.socket().parent().expect("it is in one").to_owned();
    assert_eq!(processes_in(&folder), 1);
    redis.stop();
    assert_eq!(processes_in(&folder), 0);
    redis.start_again();
    drop(redis);
    assert_no_trace_of(&folder);
}

#[test]
fn servers_go_when_their_process_is_killed() {
    for server in ["postgres", "redis"] {
        let mut victim = Command::new(env::current_exe().expect("it runs"))
            .args(["--exact", "victim", "--nocapture"])
            .env(VICTIM, server)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it runs already");
        let lines = BufReader::new(victim.stdout.take().expect("it is piped")).lines();
        let folder = lines
            .map_while(Result::ok)
            .find_map(|line| line.split_once("folder: ").map(|(_, folder)| PathBuf::from(folder)));
        if let Some(folder) = &folder {
            assert!(processes_in(folder) > 0, "{server}");
        }
        victim.kill().expect("it is ours");
        victim.wait().expect("it is ours");
        // It has said so if the server is not installed.
        if let Some(folder) = folder {
            assert_no_trace_of(&folder);
        }
    }
}

/// Not a test of its own: starts a server, and waits to be killed.
#[test]
fn victim() {
    let Ok(server) = env::var(VICTIM) else { return };
    let (postgres, redis);
    let folder = if server == "postgres" {
        postgres = Postgres::start(10);
        let Some(postgres) = &postgres else { return };
        // The worst moment: it cannot notice by itself.
        core::mem::forget(postgres.pause());
        postgres.folder().to_owned()
    } else {
        redis = Redis::start(10);
        let Some(redis) = &redis else { return };
        redis.socket().parent().expect("it is in one").to_owned()
    };
    writeln!(io::stdout(), "\nfolder: {}", folder.display()).expect("somebody reads it");
    loop {
        thread::park();
    }
}
