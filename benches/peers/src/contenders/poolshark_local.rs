//! poolshark's thread-local pools, which it recommends unless one thread gets and
//! another returns.

use core::marker::PhantomData;

use poolshark::local::{self, LPooled};

use crate::contender::{Contender, Who};
use crate::object::AnyObject;

/// Above the capacity of every object here: none is refused for its size.
pub(crate) const MAX_CAPACITY: usize = 1 << 20;

pub(crate) struct PoolsharkLocal<T: AnyObject>(PhantomData<fn() -> T>);

impl<T: AnyObject> Contender for PoolsharkLocal<T> {
    const WHO: Who = Who::PoolsharkLocal;
    type Local<'a> = ();
    type Item<'a> = LPooled<T>;

    fn new(idle: usize) -> Self {
        local::set_size::<T>(idle, MAX_CAPACITY);
        Self(PhantomData)
    }

    fn local(&self) -> Self::Local<'_> {}

    #[inline(always)]
    fn get<'a>((): &mut Self::Local<'a>) -> Self::Item<'a> {
        LPooled::take()
    }

    #[inline(always)]
    fn put<'a>((): &mut Self::Local<'a>, item: Self::Item<'a>) {
        drop(item);
    }
}

impl<T: AnyObject> Drop for PoolsharkLocal<T> {
    fn drop(&mut self) {
        local::clear_type::<T>();
    }
}
