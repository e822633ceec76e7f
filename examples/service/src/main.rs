//! The service as a program.
//!
//! `cargo run --release --package service -- --listen 127.0.0.1:8080`, or with that address in
//! `SERVICE_LISTEN`, serves until it gets ctrl-c or SIGTERM. Without an address it shows itself:
//! it serves at a free port, asks itself for the prices of some hundred orders, good and bad,
//! prints what the pools have counted, and ends. That fails if an answer is wrong, or if
//! something is in use at the end.

#![forbid(unsafe_code)]

mod demo;

use core::error::Error;
use std::env;
use std::io;
use std::process::ExitCode;

use tokio::net::TcpListener;
use tokio::runtime::Builder;

type Failed = Box<dyn Error + Send + Sync>;

fn main() -> ExitCode {
    match run() {
        Ok(failed) => {
            failed.iter().for_each(|what| println!("FAILED: {what}"));
            if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("service: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Returns what does not hold, of all that must.
fn run() -> Result<Vec<String>, Failed> {
    let address = address(env::args().skip(1))?.or_else(|| env::var("SERVICE_LISTEN").ok());
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    match address {
        Some(address) => runtime.block_on(listen(&address))?,
        None => return runtime.block_on(demo::run()),
    }
    Ok(Vec::new())
}

/// The address that the arguments name.
fn address(mut arguments: impl Iterator<Item = String>) -> Result<Option<String>, Failed> {
    match (arguments.next().as_deref(), arguments.next(), arguments.next()) {
        (None, ..) => Ok(None),
        (Some("--listen"), Some(address), None) => Ok(Some(address)),
        _ => Err("usage: service [--listen ADDRESS:PORT]".into()),
    }
}

async fn listen(address: &str) -> io::Result<()> {
    // Before anybody is told the address: who ends the service then ends it gracefully.
    let end = end()?;
    let listener = TcpListener::bind(address).await?;
    println!("listening on {}", listener.local_addr()?);
    let ended = service::serve(listener, end).await;
    println!("the end; {} connections were cut\n{}", ended.cut, poolable::report());
    Ok(())
}

/// Waits until somebody wants the service to end.
#[cfg(unix)]
fn end() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};

    let (mut interrupt, mut terminate) =
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Waits until somebody wants the service to end.
#[cfg(not(unix))]
fn end() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        // If nobody can say so, the service goes on.
        if tokio::signal::ctrl_c().await.is_err() {
            core::future::pending().await
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address_of(arguments: &[&str]) -> Option<Option<String>> {
        address(arguments.iter().map(ToString::to_string)).ok()
    }

    #[test]
    fn address_is_optional_and_nothing_else_is_understood() {
        assert_eq!(address_of(&[]), Some(None));
        assert_eq!(address_of(&["--listen", "[::]:80"]), Some(Some("[::]:80".to_owned())));
        assert_eq!(address_of(&["--listen"]), None);
        assert_eq!(address_of(&["--listen", "a", "b"]), None);
        assert_eq!(address_of(&["--help"]), None);
    }
}
