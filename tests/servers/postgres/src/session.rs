//! What both kinds of connections have in common.

use core::error::Error;
use core::fmt;
use core::time::Duration;

use poolable_servers::Postgres;
use tokio_postgres::{Config, SimpleQueryMessage};

/// Brings a session back to where it began, and asks whether it was in a transaction: the time of
/// the transaction is that of this very query unless it was begun before. (In one simple message:
/// a prepared statement has a time of its own.)
///
/// That is `DISCARD ALL` without what would pull prepared statements from under the client that
/// remembers them. It goes to the server as one message, and takes one answer. Without `ROLLBACK`:
/// where there is nothing to roll back, the server would write a warning into its log, each time.
pub(crate) const CLEAN: &str = "SELECT now() = statement_timestamp(); RESET ALL; \
    SET SESSION AUTHORIZATION DEFAULT; CLOSE ALL; UNLISTEN *; SELECT pg_advisory_unlock_all(); \
    DISCARD TEMP; DISCARD SEQUENCES";

/// Judges the answer to [`CLEAN`].
pub(crate) fn is_clean(answer: &[SimpleQueryMessage]) -> Result<(), SessionError> {
    let first = answer.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    if first == Some("t") { Ok(()) } else { Err(SessionError::LeftOpen) }
}

/// Why there is no session, or none that can be handed out.
#[derive(Debug)]
pub enum SessionError {
    /// The server or the way to it.
    Postgres(tokio_postgres::Error),
    /// Somebody has left a transaction open in it.
    LeftOpen,
}

impl fmt::Display for SessionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Postgres(error) => error.fmt(f),
            Self::LeftOpen => f.write_str("a transaction was left open"),
        }
    }
}

impl Error for SessionError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Postgres(error) => error.source(),
            Self::LeftOpen => None,
        }
    }
}

impl From<tokio_postgres::Error> for SessionError {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Postgres(error)
    }
}

/// How to reach the server's socket, under a name that the server shows.
#[must_use]
pub fn by_socket(server: &Postgres, name: &str) -> Config {
    let mut config = config(server, name);
    config.host_path(server.folder());
    config
}

/// How to reach its port.
#[must_use]
pub fn by_loopback(server: &Postgres, name: &str) -> Config {
    let mut config = config(server, name);
    config.host("127.0.0.1");
    config
}

fn config(server: &Postgres, name: &str) -> Config {
    let mut config = Config::new();
    config
        .port(server.port())
        .user(Postgres::USER)
        .dbname("postgres")
        .application_name(name)
        .connect_timeout(Duration::from_secs(2))
        // The server looks now and then whether somebody still waits for what it computes, so that
        // a session that was given up in the middle of a query ends before the query does; and it
        // ends one that was left in a transaction, with all its locks, before anybody borrows it.
        .options(
            "-c client_connection_check_interval=100ms \
             -c idle_in_transaction_session_timeout=2s",
        );
    config
}
