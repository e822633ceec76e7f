//! The least that a pool between threads can cost: a list behind std's lock. It waits for
//! nobody, and so it stands where nobody has to.

use core::marker::PhantomData;
use core::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex};

use crate::managed::check::Check;
use crate::managed::connection::Connection;
use crate::managed::pool::{Awaited, Blocking};

pub(in crate::managed) struct ByHand(Mutex<Vec<Connection>>);

/// Returns its connection on drop.
pub(in crate::managed) struct Taken<'a> {
    connection: Option<Connection>,
    home: &'a ByHand,
}

impl Blocking for ByHand {
    type Lease<'a> = Taken<'a>;

    fn new(size: usize) -> Self {
        Self(Mutex::new((0..size).map(|_| Connection::new()).collect()))
    }

    #[inline(always)]
    fn get(&self) -> Taken<'_> {
        let connection = self.0.lock().expect("no panic").pop();
        Taken { connection: Some(connection.expect("one is idle")), home: self }
    }
}

/// The same for a task, who checks by itself.
pub(in crate::managed) struct CheckedByHand<C>(Arc<ByHand>, PhantomData<C>);

impl<C> Clone for CheckedByHand<C> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0), PhantomData)
    }
}

impl<C: Check> Awaited for CheckedByHand<C> {
    type Lease<'a> = Taken<'a>;

    async fn new(size: usize) -> Self {
        Self(Arc::new(ByHand::new(size)), PhantomData)
    }

    #[inline(always)]
    async fn get(&self) -> Taken<'_> {
        let mut taken = self.0.get();
        C::check(&mut taken).await;
        taken
    }
}

impl Deref for Taken<'_> {
    type Target = Connection;

    #[inline(always)]
    fn deref(&self) -> &Connection {
        self.connection.as_ref().expect("it is out")
    }
}

impl DerefMut for Taken<'_> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut Connection {
        self.connection.as_mut().expect("it is out")
    }
}

impl Drop for Taken<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            self.home.0.lock().expect("no panic").push(connection);
        }
    }
}
