//! A PostgreSQL to talk to: the one of `DATABASE_URL`, or one of our own.

use core::time::Duration;
use std::env;
use std::io::{self, Write};

use tokio_postgres::Config;

use crate::Failure;

#[cfg(unix)]
mod own;

#[cfg(not(unix))]
mod own {
    //! How to start a server is not known here.

    #[derive(Debug)]
    pub(super) enum Own {}

    impl Own {
        pub(super) fn start() -> Result<Option<Self>, crate::Failure> {
            Ok(None)
        }

        pub(super) fn config(&self) -> tokio_postgres::Config {
            match *self {}
        }
    }
}

use own::Own;

/// A server that takes connections.
#[derive(Debug)]
pub(crate) struct Server {
    config: Config,
    own: Option<Own>,
}

impl Server {
    /// The server of `DATABASE_URL`, or one that is started now; `None` if PostgreSQL is not
    /// installed.
    pub(crate) fn find() -> Result<Option<Self>, Failure> {
        if let Ok(url) = env::var("DATABASE_URL") {
            return Ok(Some(Self { config: url.parse()?, own: None }));
        }
        let Some(own) = Own::start()? else { return Ok(None) };
        Ok(Some(Self { config: own.config(), own: Some(own) }))
    }

    /// How to connect, under a name that the server shows.
    pub(crate) fn config(&self, name: &str) -> Config {
        let mut config = self.config.clone();
        config.application_name(name).connect_timeout(Duration::from_secs(5));
        // What the server ends by itself, since it alone can see it: a transaction that was left
        // open while no borrower comes, with its locks, and a query whose client has gone.
        config.options(
            "-c search_path=postgres_pool -c statement_timeout=10s -c lock_timeout=2s \
             -c idle_in_transaction_session_timeout=2s -c client_connection_check_interval=100ms",
        );
        config
    }

    /// Where it runs, to print.
    pub(crate) fn place(&self) -> &'static str {
        if self.own.is_some() { "a server of our own" } else { "the server of DATABASE_URL" }
    }
}

/// Writes a line to the standard error, past the capture of a test.
pub(crate) fn report(line: &str) {
    // Nobody is left to be told if that fails.
    let _ = io::stderr().write_all(format!("postgres_pool: {line}\n").as_bytes());
}
