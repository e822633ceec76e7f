//! How all variants are served.

use core::future::pending;
use core::net::SocketAddr;
use std::env;
use std::io::{self, Write};
use std::process::ExitCode;

use service::{Limits, serve_router};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

use crate::Variant;

/// As many as the machines have cores that this is measured on.
const WORKERS: usize = 2;

/// A server that is there until it is dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    _runtime: Runtime,
}

impl Server {
    /// Serves on a port that is free, by threads of its own.
    ///
    /// # Errors
    ///
    /// If there are no threads or no ports to be had.
    pub fn start(variant: Variant) -> io::Result<Self> {
        let runtime = Builder::new_multi_thread().worker_threads(WORKERS).enable_all().build()?;
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
        let address = listener.local_addr()?;
        runtime.spawn(serve_router(listener, variant.router(), Limits::default(), pending()));
        Ok(Self { address, _runtime: runtime })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

/// What a program does that serves the variant that it is told: says the address, and ends with
/// its input. Whoever started it holds the other end of that, and lets go of it by dying, too.
pub fn serve_until_input_ends() -> ExitCode {
    let variant = env::args().nth(1).and_then(|name| Variant::named(&name));
    let Some(variant) = variant else {
        eprintln!("usage: PROGRAM pooled | unpooled | axum | floor");
        return ExitCode::FAILURE;
    };
    let served = Server::start(variant).and_then(|server| {
        let mut output = io::stdout();
        writeln!(output, "{}", server.address())?;
        output.flush()?;
        io::copy(&mut io::stdin(), &mut io::sink())
    });
    match served {
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{variant:?}: {error}");
            ExitCode::FAILURE
        }
    }
}
