//! The program, as it is started and ended.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Output, Stdio};

use service::client::{self, Client, TOKEN};

use crate::harness::{Outcome, alone, data, receipt};

fn program() -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_service"));
    program.env_remove("SERVICE_LISTEN").stdout(Stdio::piped()).stderr(Stdio::piped());
    program
}

/// A program that is ended on every path.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended, as it should.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What it printed, which shows no token.
fn printed(output: &[u8]) -> String {
    let printed = String::from_utf8_lossy(output).into_owned();
    assert!(!printed.contains(TOKEN), "{printed}");
    printed
}

#[test]
fn program_without_an_address_shows_itself_and_ends() {
    let Output { status, stdout, stderr } = program().output().expect("it starts");
    let (stdout, stderr) = (printed(&stdout), printed(&stderr));
    assert!(status.success(), "{stdout}{stderr}");
    assert!(stdout.contains("\norders ") && stdout.contains("\nreceipts "), "{stdout}");
    assert_eq!(stderr, "");
}

/// Starts it, has it price an order, and ends it by a signal while a client is connected.
fn ends_by(signal: &str) {
    let mut running = Running(program().args(["--listen", "127.0.0.1:0"]).spawn().expect("it is"));
    let mut stdout = BufReader::new(running.0.stdout.take().expect("it is piped"));
    let mut line = String::new();
    stdout.read_line(&mut line).expect("it says where it is");
    let address = line.trim_end().strip_prefix("listening on ").expect("it says where it is");
    let address = address.parse().expect("it is an address");
    alone(async || -> Outcome {
        let mut client = Client::connect(address).await?;
        let order = client::order(1, 20);
        assert_eq!(data(&client.order(order.as_bytes()).await?), receipt(&order));
        let process = running.0.id().to_string();
        assert!(Command::new("kill").args([signal, &process]).status()?.success());
        assert!(client.is_closed().await?);
        Ok(())
    });
    let mut rest = Vec::new();
    stdout.read_to_end(&mut rest).expect("it ends");
    assert!(running.0.wait().expect("it ends").success());
    let rest = printed(&rest);
    assert!(rest.starts_with("the end; 0 connections were cut\n"), "{rest}");
    assert!(rest.contains("\norders "), "{rest}");
}

#[test]
fn program_ends_gracefully_when_it_is_terminated() {
    ends_by("-TERM");
}

#[test]
fn program_ends_gracefully_when_it_is_interrupted() {
    ends_by("-INT");
}

#[test]
fn program_does_not_start_where_it_cannot_listen() {
    for arguments in [&["--listen", "nowhere"][..], &["--listen"], &["8080"]] {
        let Output { status, stderr, .. } = program().args(arguments).output().expect("it starts");
        assert_eq!(status.code(), Some(1));
        assert!(printed(&stderr).starts_with("service: "));
    }
}
