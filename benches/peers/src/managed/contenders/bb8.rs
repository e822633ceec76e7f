//! `bb8::Pool`. It checks every connection that it hands out, by default.

use bb8::{ManageConnection, Pool, PooledConnection};

use crate::managed::connection::{Connection, Never};
use crate::managed::pool::Awaited;

pub(in crate::managed) struct Manager;

impl ManageConnection for Manager {
    type Connection = Connection;
    type Error = Never;

    async fn connect(&self) -> Result<Connection, Never> {
        Ok(Connection::new())
    }

    async fn is_valid(&self, _: &mut Connection) -> Result<(), Never> {
        Ok(())
    }

    fn has_broken(&self, _: &mut Connection) -> bool {
        false
    }
}

#[derive(Clone)]
pub(in crate::managed) struct Bb8(Pool<Manager>);

impl Awaited for Bb8 {
    type Lease<'a> = PooledConnection<'a, Manager>;

    async fn new(size: usize) -> Self {
        let size = u32::try_from(size).expect("a small pool");
        Self(Pool::builder().max_size(size).build(Manager).await.expect("connections are made"))
    }

    #[inline(always)]
    async fn get(&self) -> PooledConnection<'_, Manager> {
        self.0.get().await.expect("nobody waits for long")
    }
}
