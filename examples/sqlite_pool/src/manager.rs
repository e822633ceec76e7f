//! How connections to a SQLite file are made, checked and given up.

use core::time::Duration;
use std::path::PathBuf;

use poolable::managed::{Fate, Manager, Meta, Reason};
use rusqlite::Connection;

/// How long a statement waits for another connection's write before it fails.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// Makes connections to one file.
#[derive(Debug)]
pub(crate) struct SqliteFile {
    pub(crate) path: PathBuf,
}

impl Manager for SqliteFile {
    type Resource = Connection;
    type Error = rusqlite::Error;

    fn create(&self) -> Result<Connection, rusqlite::Error> {
        let connection = Connection::open(&self.path)?;
        // Before anything that may find the file locked.
        connection.busy_timeout(BUSY_TIMEOUT)?;
        // Readers then go on beside the one writer. The file remembers this setting, and all
        // others end with the connection.
        connection.pragma_update(None, "journal_mode", "wal")?;
        // With a write-ahead log that is safe, and a commit need not wait for the disk.
        connection.pragma_update(None, "synchronous", "normal")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        Ok(connection)
    }

    /// Runs when a connection is taken. A file does not hang up as a server would, so this
    /// looks at the setting that a borrower may have changed, too: no row is an error.
    fn check(&self, connection: &mut Connection, _: &Meta) -> Result<(), rusqlite::Error> {
        connection
            .prepare_cached("SELECT 1 FROM pragma_foreign_keys WHERE foreign_keys = 1")?
            .query_row([], |_| Ok(()))
    }

    /// Runs when a lease is dropped, and decides whether anybody else gets the connection.
    fn on_release(&self, connection: &mut Connection, _: &Meta) -> Fate {
        // Outside of a transaction SQLite commits by itself. If not, one was left open: the
        // next borrower would write into it, and the file stays locked until it ends.
        if !connection.is_autocommit() {
            return Fate::Discard;
        }
        // If the borrower panics, half of what it was about to do has been done, and nobody knows
        // which.
        Fate::keep_unless_panicking()
    }

    /// Runs in the thread that gave the connection back, when its place is free already.
    fn destroy(&self, connection: Connection, why: Reason) {
        // Rolls back what is open. A drop would do that as well, and hide the error.
        if let Err((_, error)) = connection.close() {
            eprintln!("closing a connection ({why:?}): {error}");
        }
    }
}
