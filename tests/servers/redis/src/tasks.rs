//! Connections for tasks: the crate `redis` under an `AsyncResourcePool`.

use core::time::Duration;

use poolable::managed::{AsyncManager, Meta};
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, RedisError};

use crate::probe::Probe;

/// How a pool connects to Redis, within a runtime of tokio's.
///
/// Whoever only gets and sets may share a single one of these connections, which is made to be
/// cloned. A pool is for what takes one for itself: transactions with `WATCH`, and calls that
/// block, such as `BLPOP`. Do not keep a clone of what was borrowed.
///
/// `check_after` has to stay at zero, as it is: a connection is cleaned by its check. Set
/// `timeouts.check`: a call that blocks goes on at the server when its future was dropped, and
/// whoever comes next waits for its end, or for that time.
#[derive(Clone, Debug)]
pub struct Connections {
    /// Where to.
    pub client: Client,
    /// What the server shows of its clients.
    pub name: String,
    /// How long the server may take for an answer; `None` is for as long as it takes, which is for
    /// ever now and then when the connection ends (seen with version 1.2 of the crate).
    pub patience: Option<Duration>,
}

impl AsyncManager for Connections {
    type Resource = MultiplexedConnection;
    type Error = RedisError;

    async fn create(&self) -> Result<MultiplexedConnection, RedisError> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(self.patience)
            .set_response_timeout(self.patience);
        let mut connection =
            self.client.get_multiplexed_async_connection_with_config(&config).await?;
        let mut name = redis::cmd("CLIENT");
        name.arg("SETNAME").arg(&self.name).exec_async(&mut connection).await?;
        Ok(connection)
    }

    async fn check(
        &self,
        connection: &mut MultiplexedConnection,
        meta: &Meta,
    ) -> Result<(), RedisError> {
        let probe = Probe::new(meta);
        probe.judge(probe.question().query_async(connection).await?)
    }
}
