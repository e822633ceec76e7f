//! `deadpool::managed::Pool`. It recycles every connection that it hands out, and by default
//! waits for ever, without a timer.

use deadpool::managed::{Manager, Metrics, Object, Pool, RecycleResult};

use crate::managed::connection::{Connection, Never};
use crate::managed::pool::Awaited;

pub(in crate::managed) struct Made;

impl Manager for Made {
    type Type = Connection;
    type Error = Never;

    async fn create(&self) -> Result<Connection, Never> {
        Ok(Connection::new())
    }

    async fn recycle(&self, _: &mut Connection, _: &Metrics) -> RecycleResult<Never> {
        Ok(())
    }
}

#[derive(Clone)]
pub(in crate::managed) struct Deadpool(Pool<Made>);

impl Awaited for Deadpool {
    type Lease<'a> = Object<Made>;

    async fn new(size: usize) -> Self {
        Self(Pool::builder(Made).max_size(size).build().expect("it has no timeouts"))
    }

    #[inline(always)]
    async fn get(&self) -> Object<Made> {
        self.0.get().await.expect("nobody closes it")
    }
}
