//! Connections for threads: the crate `postgres` under a `ResourcePool`.

use core::time::Duration;

use poolable::managed::{Fate, Manager, Meta};
use postgres::{Client, Config, NoTls};

use crate::session::{CLEAN, SessionError, is_clean};

/// How a pool connects to PostgreSQL.
///
/// `check_after` has to stay at zero, as it is: a session is cleaned by its check.
#[derive(Clone, Debug)]
pub struct Sessions {
    /// Where to.
    pub config: Config,
    /// How long a session may take to answer when it is checked.
    pub patience: Duration,
}

impl Manager for Sessions {
    type Resource = Client;
    type Error = SessionError;

    fn create(&self) -> Result<Client, SessionError> {
        Ok(self.config.connect(NoTls)?)
    }

    fn check(&self, client: &mut Client, _: &Meta) -> Result<(), SessionError> {
        // The one question that this client asks with a time limit. Once it has been answered,
        // the server is there, and the next answer takes no time.
        client.is_valid(self.patience)?;
        is_clean(&client.simple_query(CLEAN)?)
    }

    fn on_release(&self, client: &mut Client, _: &Meta) -> Fate {
        // Whether it is in a transaction only the server knows, and whoever gives a connection back
        // should not wait for an answer: its next borrower asks.
        if client.is_closed() { Fate::Discard } else { Fate::keep_unless_panicking() }
    }
}
