//! Redis.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use rustix::process::Signal;

use crate::place::Place;
use crate::postgres::free_port;
use crate::program;
use crate::require::absent;
use crate::server::{Paused, Server};

/// A Redis that keeps nothing on disk.
#[derive(Debug)]
pub struct Redis {
    server: Server,
    program: PathBuf,
    clients: usize,
    port: u16,
}

impl Redis {
    /// Starts one that accepts so many clients. `None` if it is not installed.
    ///
    /// # Panics
    ///
    /// If it does not start, or is absent and required.
    #[must_use]
    pub fn start(clients: usize) -> Option<Self> {
        let Some(program) = program::in_path("redis-server") else {
            absent("Redis is not installed (`redis-server` in the PATH)");
            return None;
        };
        let started = Place::new("redis", &["redis", "nobody"], "TERM").and_then(|place| {
            let mut redis = Self { server: Server::new(place), program, clients, port: 0 };
            redis.run()?;
            Ok(redis)
        });
        match started {
            Ok(redis) => Some(redis),
            Err(why) => panic!("Redis does not start: {why}"),
        }
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
            let mut command = place.command(&self.program)?;
            command
                .args(["--bind", "127.0.0.1", "--port", &self.port.to_string()])
                .arg("--unixsocket")
                .arg(self.socket())
                .args(["--maxclients", &self.clients.to_string()])
                .args(["--save", "", "--appendonly", "no", "--daemonize", "no", "--dir"])
                .arg(place.data());
            match self.server.start(command, |place| answers(&socket(place))) {
                Ok(()) => return Ok(()),
                // Another was there first.
                Err(why) if is_new && attempts < 5 && why.contains("in use") => {}
                Err(why) => return Err(why),
            }
        }
    }

    /// Its socket.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        socket(self.server.place())
    }

    /// Its port of the loopback interface.
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

    /// Kills it, and waits until it has ended.
    pub fn stop(&mut self) {
        self.server.end(Signal::KILL);
    }

    /// Starts it again, where it was, and waits until it is ready.
    ///
    /// # Panics
    ///
    /// If it is running, or does not start.
    pub fn start_again(&mut self) {
        assert!(!self.server.is_running(), "it is running");
        if let Err(why) = self.run() {
            panic!("Redis does not start again: {why}");
        }
    }

    /// Stops it in its tracks (`SIGSTOP`), until the value is dropped.
    pub fn pause(&self) -> Paused<'_> {
        self.server.pause()
    }
}

fn socket(place: &Place) -> PathBuf {
    place.folder().join("redis.sock")
}

/// Whether somebody at a socket speaks as Redis does.
fn answers(socket: &std::path::Path) -> bool {
    let mut answer = [0; 7];
    UnixStream::connect(socket).is_ok_and(|mut stream| {
        stream.write_all(b"PING\r\n").is_ok()
            && stream.read_exact(&mut answer).is_ok()
            && answer == *b"+PONG\r\n"
    })
}
