//! `r2d2::Pool`. It checks every connection that it hands out, by default.

use r2d2::{ManageConnection, Pool, PooledConnection};

use crate::managed::connection::{Connection, Never};
use crate::managed::pool::Blocking;

pub(in crate::managed) struct Manager;

impl ManageConnection for Manager {
    type Connection = Connection;
    type Error = Never;

    fn connect(&self) -> Result<Connection, Never> {
        Ok(Connection::new())
    }

    fn is_valid(&self, connection: &mut Connection) -> Result<(), Never> {
        connection.check();
        Ok(())
    }

    fn has_broken(&self, _: &mut Connection) -> bool {
        false
    }
}

pub(in crate::managed) struct R2d2(Pool<Manager>);

impl Blocking for R2d2 {
    type Lease<'a> = PooledConnection<Manager>;

    fn new(size: usize) -> Self {
        let size = u32::try_from(size).expect("a small pool");
        Self(Pool::builder().max_size(size).build(Manager).expect("connections are made"))
    }

    #[inline(always)]
    fn get(&self) -> PooledConnection<Manager> {
        self.0.get().expect("nobody waits for long")
    }
}
