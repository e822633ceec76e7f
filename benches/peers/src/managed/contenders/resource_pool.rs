//! `poolable::managed::ResourcePool`, all defaults but its size: lifetimes, idle timeouts, a
//! check at every get, statistics, and thirty seconds to wait.

use poolable::managed::{Lease, Manager, Meta, ResourcePool};

use crate::managed::connection::{Connection, Never};
use crate::managed::pool::Blocking;

pub(in crate::managed) struct Made;

impl Manager for Made {
    type Resource = Connection;
    type Error = Never;

    fn create(&self) -> Result<Connection, Never> {
        Ok(Connection::new())
    }

    fn check(&self, connection: &mut Connection, _: &Meta) -> Result<(), Never> {
        connection.check();
        Ok(())
    }
}

pub(in crate::managed) struct Resource(ResourcePool<Made>);

impl Blocking for Resource {
    type Lease<'a> = Lease<Connection>;

    fn new(size: usize) -> Self {
        Self(ResourcePool::builder(Made).max_open(size).build().expect("it is in order"))
    }

    #[inline(always)]
    fn get(&self) -> Lease<Connection> {
        self.0.get().expect("nobody waits for long")
    }

    fn waiting(&self) -> Option<usize> {
        Some(self.0.stats().waiting as usize)
    }
}
