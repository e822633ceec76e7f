//! Connections for tasks: the crate `tokio-postgres` under an `AsyncResourcePool`.

use core::fmt;
use core::ops::{Deref, DerefMut};
use core::pin::pin;
use core::task::{Context, Waker};

use poolable::managed::{AsyncManager, Fate, Meta};
use tokio::task::AbortHandle;
use tokio_postgres::{Client, Config, NoTls};

use crate::session::{CLEAN, SessionError, is_clean};

/// A client, and the task that speaks with the server for it.
///
/// The task would wait for what has been asked already, when its client has gone: for as long as the
/// query takes, or the server is frozen. It ends with this value instead, and the connection with it.
pub struct Session {
    client: Client,
    connection: AbortHandle,
}

impl Deref for Session {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl DerefMut for Session {
    fn deref_mut(&mut self) -> &mut Client {
        &mut self.client
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.connection.abort();
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Session")
    }
}

/// How a pool connects to PostgreSQL, within a runtime of tokio's.
///
/// `check_after` has to stay at zero, as it is: a session is cleaned by its check. Set
/// `timeouts.check` to what an answer may take: a query whose future was dropped goes on at the
/// server, and whoever comes next waits for its end, or for that time.
#[derive(Clone, Debug)]
pub struct Sessions {
    /// Where to.
    pub config: Config,
}

impl AsyncManager for Sessions {
    type Resource = Session;
    type Error = SessionError;

    async fn create(&self) -> Result<Session, SessionError> {
        let (client, connection) = self.config.connect(NoTls).await?;
        // Its error is that of the query which it breaks.
        let connection = tokio::spawn(async move { drop(connection.await) }).abort_handle();
        Ok(Session { client, connection })
    }

    async fn check(&self, session: &mut Session, _: &Meta) -> Result<(), SessionError> {
        is_clean(&session.simple_query(CLEAN).await?)
    }

    fn on_release(&self, session: &mut Session, _: &Meta) -> Fate {
        if session.is_closed() {
            return Fate::Discard;
        }
        // Ends a transaction that was left open, and lets go of its locks, without waiting for an
        // answer: the first poll sends it. (A lone `ROLLBACK` would have the server warn in its log
        // if there was none.) Whether it helped, the check asks.
        let rollback = pin!(session.batch_execute("BEGIN; ROLLBACK"));
        let _ = rollback.poll(&mut Context::from_waker(Waker::noop()));
        Fate::keep_unless_panicking()
    }
}
