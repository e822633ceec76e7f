//! Connections for threads: the crate `redis` under a `ResourcePool`.

use core::time::Duration;

use poolable::managed::{Fate, Manager, Meta};
use redis::{Client, Connection, ConnectionLike, RedisError};

use crate::probe::Probe;

/// How a pool connects to Redis.
///
/// `check_after` has to stay at zero, as it is: a connection is cleaned by its check.
#[derive(Clone, Debug)]
pub struct Connections {
    /// Where to.
    pub client: Client,
    /// What the server shows of its clients.
    pub name: String,
    /// How long the server may take for an answer. A check waits for three.
    pub patience: Duration,
}

impl Manager for Connections {
    type Resource = Connection;
    type Error = RedisError;

    fn create(&self) -> Result<Connection, RedisError> {
        let mut connection = self.client.get_connection_with_timeout(self.patience)?;
        connection.set_read_timeout(Some(self.patience))?;
        connection.set_write_timeout(Some(self.patience))?;
        redis::cmd("CLIENT").arg("SETNAME").arg(&self.name).exec(&mut connection)?;
        Ok(connection)
    }

    fn check(&self, connection: &mut Connection, meta: &Meta) -> Result<(), RedisError> {
        let probe = Probe::new(meta);
        probe.judge(probe.question().query(connection)?)
    }

    fn on_release(&self, connection: &mut Connection, _: &Meta) -> Fate {
        if connection.is_open() { Fate::keep_unless_panicking() } else { Fate::Discard }
    }
}
