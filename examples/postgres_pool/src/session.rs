//! What a session looks like that may be handed out, for both kinds of connections.

use core::error::Error;
use core::fmt;

use tokio_postgres::SimpleQueryMessage;

/// Asks whether a transaction was left open, and sweeps up what does not end with one. It goes out
/// as one message, and comes back as one answer.
///
/// Time stands still in a transaction: outside of one, `now()` is the time of this very statement.
/// The rest is `DISCARD ALL`, but for the prepared statements, which the client has a list of. What
/// is not there is a `ROLLBACK`: where there is nothing to roll back the server warns in its log,
/// and that at each get.
pub(crate) const SWEEP: &str = "SELECT now() = statement_timestamp();
    RESET ALL; SET SESSION AUTHORIZATION DEFAULT; CLOSE ALL; UNLISTEN *;
    SELECT pg_advisory_unlock_all(); DISCARD TEMP; DISCARD SEQUENCES";

/// What the server says to it. One who is in a transaction that has failed hears an error instead.
pub(crate) fn judge(answer: &[SimpleQueryMessage]) -> Result<(), SessionError> {
    let is_outside = answer.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    if is_outside == Some("t") { Ok(()) } else { Err(SessionError::LeftOpen) }
}

/// Why there is no session, or none to be handed out.
#[derive(Debug)]
pub(crate) enum SessionError {
    /// What the server says, or what keeps us from it.
    Postgres(tokio_postgres::Error),
    /// A borrower has left a transaction open.
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
