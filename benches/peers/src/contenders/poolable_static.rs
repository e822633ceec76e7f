//! The pool that a type has by its derive.

use core::marker::PhantomData;

use poolable::Pooled;

use crate::contender::{Contender, Crossing, Who};
use crate::object::AnyObject;

/// Limits stand in the attributes of `T`, and nothing is switched off.
pub(crate) struct PoolableStatic<T: AnyObject>(PhantomData<fn() -> T>);

impl<T: AnyObject> Contender for PoolableStatic<T> {
    const WHO: Who = Who::PoolableStatic;
    type Local<'a> = ();
    type Item<'a> = Pooled<T>;

    fn new(_idle: usize) -> Self {
        Self(PhantomData)
    }

    fn local(&self) -> Self::Local<'_> {}

    #[inline(always)]
    fn get<'a>((): &mut Self::Local<'a>) -> Self::Item<'a> {
        T::pooled()
    }

    #[inline(always)]
    fn put<'a>((): &mut Self::Local<'a>, item: Self::Item<'a>) {
        drop(item);
    }
}

/// A static is never dropped: to start as the others do, the next one finds it empty.
impl<T: AnyObject> Drop for PoolableStatic<T> {
    fn drop(&mut self) {
        T::pool().clear();
    }
}

/// That a guard may be sent depends on the pool, too: those of local types may not.
impl<T: AnyObject> Crossing for PoolableStatic<T>
where
    Pooled<T>: Send,
{
    type Parcel<'a> = Self::Item<'a>;

    #[inline(always)]
    fn pack<'a>(item: Self::Item<'a>) -> Self::Parcel<'a> {
        item
    }

    #[inline(always)]
    fn return_parcel<'a>(local: &mut Self::Local<'a>, parcel: Self::Parcel<'a>) {
        Self::put(local, parcel);
    }
}
