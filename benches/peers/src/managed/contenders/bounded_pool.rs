//! `poolable::managed::BoundedPool`, by its shortest constructor: it resets what is returned,
//! and nobody waits for more than thirty seconds.

use poolable::managed::{BoundedPool, Lease};

use crate::managed::connection::Connection;
use crate::managed::pool::Blocking;

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
