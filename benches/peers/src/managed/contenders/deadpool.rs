//! `deadpool::managed::Pool`. It recycles every connection that it hands out, and by default
//! waits for ever, without a timer.

use core::marker::PhantomData;
use core::time::Duration;

use deadpool::Runtime;
use deadpool::managed::{Manager, Metrics, Object, Pool, QueueMode, RecycleResult};

use crate::managed::check::{Check, Ready};
use crate::managed::connection::{Connection, Never};
use crate::managed::pool::Awaited;

pub(in crate::managed) struct Made<C>(PhantomData<C>);

impl<C: Check> Manager for Made<C> {
    type Type = Connection;
    type Error = Never;

    async fn create(&self) -> Result<Connection, Never> {
        Ok(Connection::new())
    }

    async fn recycle(&self, connection: &mut Connection, _: &Metrics) -> RecycleResult<Never> {
        C::check(connection).await;
        Ok(())
    }
}

/// `ALIKE`: with the settings that poolable has by default, thirty seconds to wait and the
/// connection next that was returned last.
pub(in crate::managed) struct Deadpool<C: Check = Ready, const ALIKE: bool = false>(Pool<Made<C>>);

impl<C: Check, const ALIKE: bool> Clone for Deadpool<C, ALIKE> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<C: Check, const ALIKE: bool> Awaited for Deadpool<C, ALIKE> {
    type Lease<'a> = Object<Made<C>>;

    async fn new(size: usize) -> Self {
        let mut builder = Pool::builder(Made(PhantomData)).max_size(size);
        if ALIKE {
            builder = builder
                .runtime(Runtime::Tokio1)
                .wait_timeout(Some(Duration::from_secs(30)))
                .queue_mode(QueueMode::Lifo);
        }
        Self(builder.build().expect("its timeouts have a runtime"))
    }

    #[inline(always)]
    async fn get(&self) -> Object<Made<C>> {
        self.0.get().await.expect("nobody closes it, and nobody waits for long")
    }

    fn waiting(&self) -> Option<usize> {
        Some(self.0.status().waiting)
    }
}
