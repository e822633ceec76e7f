//! Who lends vectors of 16 KiB.

use std::sync::Arc;

use lockfree_object_pool::{
    LinearObjectPool, LinearOwnedReusable, LinearReusable, MutexObjectPool, MutexOwnedReusable,
    MutexReusable, NoneObjectPool, NoneReusable, SpinLockObjectPool, SpinLockOwnedReusable,
    SpinLockReusable,
};
use poolable::{Pool, Poolable, Pooled, PooledOwned, PooledRef};

use super::SIZE;

pub(super) trait Lender: Sync {
    type Item<'a>
    where
        Self: 'a;

    /// One that has nothing idle.
    fn new() -> Self;

    fn get(&self) -> Self::Item<'_>;
}

/// One whose objects may go to other threads.
pub(super) trait Forwarder: Sync {
    type Item: Send;

    fn new() -> Self;

    fn get_owned(&self) -> Self::Item;
}

fn vector() -> Vec<u8> {
    Vec::with_capacity(SIZE)
}

#[derive(Poolable)]
#[pool(max_idle = usize::MAX, max_bytes = usize::MAX)]
pub(super) struct Vector {
    #[pool(capacity = SIZE)]
    _bytes: Vec<u8>,
}

pub(super) struct OfType;

impl Lender for OfType {
    type Item<'a> = Pooled<Vector>;

    fn new() -> Self {
        Vector::pool().clear();
        Self
    }

    #[inline(always)]
    fn get(&self) -> Pooled<Vector> {
        Vector::pooled()
    }
}

impl Forwarder for OfType {
    type Item = Pooled<Vector>;

    fn new() -> Self {
        Lender::new()
    }

    #[inline(always)]
    fn get_owned(&self) -> Pooled<Vector> {
        Vector::pooled()
    }
}

fn made() -> Pool<Vec<u8>> {
    Pool::builder().create(vector).max_idle(usize::MAX).max_bytes(usize::MAX).build()
}

pub(super) struct MadePool(Pool<Vec<u8>>);

impl Lender for MadePool {
    type Item<'a> = PooledRef<'a, Vec<u8>>;

    fn new() -> Self {
        Self(made())
    }

    #[inline(always)]
    fn get(&self) -> PooledRef<'_, Vec<u8>> {
        self.0.get()
    }
}

pub(super) struct MadePooled(Arc<Pool<Vec<u8>>>);

impl Forwarder for MadePooled {
    type Item = PooledOwned<Vec<u8>>;

    fn new() -> Self {
        Self(Arc::new(made()))
    }

    #[inline(always)]
    fn get_owned(&self) -> PooledOwned<Vec<u8>> {
        self.0.get_owned()
    }
}

/// The three pools of the package that keep what is returned. As in its benchmark, they are told
/// to reset nothing.
macro_rules! lenders {
    ($($name:ident, $pool:ident, $item:ident, $owned:ident;)+) => { $(
        pub(super) struct $name(Arc<$pool<Vec<u8>>>);

        impl Lender for $name {
            type Item<'a> = $item<'a, Vec<u8>>;

            fn new() -> Self {
                Self(Arc::new($pool::new(vector, |_| {})))
            }

            #[inline(always)]
            fn get(&self) -> $item<'_, Vec<u8>> {
                self.0.pull()
            }
        }

        impl Forwarder for $name {
            type Item = $owned<Vec<u8>>;

            fn new() -> Self {
                Lender::new()
            }

            #[inline(always)]
            fn get_owned(&self) -> $owned<Vec<u8>> {
                self.0.pull_owned()
            }
        }
    )+ };
}

lenders! {
    Linear, LinearObjectPool, LinearReusable, LinearOwnedReusable;
    Spinning, SpinLockObjectPool, SpinLockReusable, SpinLockOwnedReusable;
    Locked, MutexObjectPool, MutexReusable, MutexOwnedReusable;
}

/// It hands out objects as they are, without a guard.
pub(super) struct NoPool(Arc<NoneObjectPool<Vec<u8>>>);

impl Lender for NoPool {
    type Item<'a> = NoneReusable<Vec<u8>>;

    fn new() -> Self {
        Self(Arc::new(NoneObjectPool::new(vector)))
    }

    #[inline(always)]
    fn get(&self) -> NoneReusable<Vec<u8>> {
        self.0.pull()
    }
}

impl Forwarder for NoPool {
    type Item = NoneReusable<Vec<u8>>;

    fn new() -> Self {
        Lender::new()
    }

    #[inline(always)]
    fn get_owned(&self) -> NoneReusable<Vec<u8>> {
        self.0.pull_owned()
    }
}
