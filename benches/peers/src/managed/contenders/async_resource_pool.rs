//! `poolable::managed::AsyncResourcePool`, all defaults but its size: lifetimes, idle timeouts,
//! a check at every get, statistics, and thirty seconds to wait.

use core::marker::PhantomData;

use poolable::managed::{AsyncManager, AsyncResourcePool, Clock, Lease, Meta};

use crate::managed::check::{Check, Ready};
use crate::managed::connection::{Connection, Never};
use crate::managed::pool::Awaited;

pub(in crate::managed) struct Made<C>(PhantomData<C>);

impl<C: Check> AsyncManager for Made<C> {
    type Resource = Connection;
    type Error = Never;

    async fn create(&self) -> Result<Connection, Never> {
        Ok(Connection::new())
    }

    async fn check(&self, connection: &mut Connection, _: &Meta) -> Result<(), Never> {
        C::check(connection).await;
        Ok(())
    }
}

/// `TOKIO`: with creates and time limits of the runtime, as its users are told to build it.
pub(in crate::managed) struct Asynchronous<C: Check = Ready, const TOKIO: bool = false>(
    AsyncResourcePool<Made<C>>,
);

impl<C: Check, const TOKIO: bool> Clone for Asynchronous<C, TOKIO> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<C: Check, const TOKIO: bool> Awaited for Asynchronous<C, TOKIO> {
    type Lease<'a> = Lease<Connection>;

    async fn new(size: usize) -> Self {
        let mut builder = AsyncResourcePool::builder(Made(PhantomData)).max_open(size);
        if TOKIO {
            builder = builder.tokio().clock(&Clock::tokio());
        }
        Self(builder.build().expect("it is in order"))
    }

    #[inline(always)]
    async fn get(&self) -> Lease<Connection> {
        self.0.get().await.expect("nobody waits for long")
    }

    fn waiting(&self) -> Option<usize> {
        Some(self.0.stats().waiting as usize)
    }
}
