//! `poolable::managed::BoundedPool`, by its shortest constructor: it resets what is returned,
//! and nobody waits for more than thirty seconds.

use poolable::managed::{BoundedPool, Lease};

use crate::managed::connection::Connection;
use crate::managed::pool::{Awaited, Blocking};

#[derive(Clone)]
pub(in crate::managed) struct Bounded(BoundedPool<Connection>);

impl Blocking for Bounded {
    type Lease<'a> = Lease<Connection>;

    fn new(size: usize) -> Self {
        Self(BoundedPool::new(size, Connection::new))
    }

    #[inline(always)]
    fn get(&self) -> Lease<Connection> {
        self.0.get().expect("nobody waits for long")
    }

    fn waiting(&self) -> Option<usize> {
        Some(self.0.stats().waiting as usize)
    }
}

impl Awaited for Bounded {
    type Lease<'a> = Lease<Connection>;

    async fn new(size: usize) -> Self {
        Blocking::new(size)
    }

    #[inline(always)]
    async fn get(&self) -> Lease<Connection> {
        self.0.get_async().await.expect("nobody waits for long")
    }

    fn waiting(&self) -> Option<usize> {
        Blocking::waiting(self)
    }
}
