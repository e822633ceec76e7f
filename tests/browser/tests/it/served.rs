//! A server in a process of its own.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, Stdio};

/// A server, until this is dropped.
pub(crate) struct Served {
    process: Child,
    voice: BufReader<ChildStdout>,
    pub(crate) address: String,
}

impl Served {
    /// Starts one that uses its pools as the arguments say.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_poolable-browser"))
            .args(arguments)
            // It ends when this is closed.
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the server is built");
        let mut voice = BufReader::new(process.stdout.take().expect("it is piped"));
        let mut line = String::new();
        voice.read_line(&mut line).expect("it says where it listens");
        let address = line.trim().strip_prefix("listening on ").map(str::to_owned);
        let address = address.unwrap_or_else(|| panic!("the server did not start: {line:?}"));
        Self { process, voice, address }
    }

    /// Another one at the same address.
    pub(crate) fn again(&self, arguments: &[&str]) -> Self {
        let port = self.address.rsplit(':').next().expect("there is a port").to_owned();
        Self::start(&[&["--port", &port], arguments].concat())
    }

    pub(crate) fn page(&self) -> String {
        format!("http://{}/pools", self.address)
    }

    /// Ends it, and returns what was asked for that is neither the page nor its JSON.
    pub(crate) fn end(&mut self) -> Vec<String> {
        // That it has ended already is seen by what it said.
        let _ = self.process.kill();
        let _ = self.process.wait();
        let mut said = String::new();
        self.voice.read_to_string(&mut said).expect("it is text");
        said.lines().map(str::to_owned).collect()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.end();
    }
}
