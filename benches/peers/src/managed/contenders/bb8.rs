//! `bb8::Pool`. It checks every connection that it hands out, by default.

use core::marker::PhantomData;

use bb8::{ManageConnection, Pool, PooledConnection, QueueStrategy};

use crate::managed::check::{Check, Ready};
use crate::managed::connection::{Connection, Never};
use crate::managed::pool::Awaited;

pub(in crate::managed) struct Manager<C>(PhantomData<C>);

impl<C: Check> ManageConnection for Manager<C> {
    type Connection = Connection;
    type Error = Never;

    async fn connect(&self) -> Result<Connection, Never> {
        Ok(Connection::new())
    }

    async fn is_valid(&self, connection: &mut Connection) -> Result<(), Never> {
        C::check(connection).await;
        Ok(())
    }

    fn has_broken(&self, _: &mut Connection) -> bool {
        false
    }
}

/// `ALIKE`: as poolable does by default, it hands out the connection next that was returned
/// last.
pub(in crate::managed) struct Bb8<C: Check = Ready, const ALIKE: bool = false>(Pool<Manager<C>>);

impl<C: Check, const ALIKE: bool> Clone for Bb8<C, ALIKE> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<C: Check, const ALIKE: bool> Awaited for Bb8<C, ALIKE> {
    type Lease<'a> = PooledConnection<'a, Manager<C>>;

    async fn new(size: usize) -> Self {
        let mut builder = Pool::builder().max_size(u32::try_from(size).expect("a small pool"));
        if ALIKE {
            builder = builder.queue_strategy(QueueStrategy::Lifo);
        }
        Self(builder.build(Manager(PhantomData)).await.expect("connections are made"))
    }

    #[inline(always)]
    async fn get(&self) -> PooledConnection<'_, Manager<C>> {
        self.0.get().await.expect("nobody waits for long")
    }
}
