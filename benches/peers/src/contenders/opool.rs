//! opool's pool shared between threads: a bounded lock-free queue.

use opool::{Pool, PoolAllocator, RefGuard};

use crate::contender::{Contender, Who, crosses_as_it_is};
use crate::object::{AnyObject, Object};

/// Makes objects and clears them.
pub(crate) struct Allocator;

impl<T: Object> PoolAllocator<T> for Allocator {
    #[inline]
    fn allocate(&self) -> T {
        T::new()
    }

    #[inline]
    fn reset(&self, object: &mut T) {
        object.clear();
    }
}

pub(crate) struct Opool<T: AnyObject>(Pool<Allocator, T>);

impl<T: AnyObject> Contender for Opool<T> {
    const WHO: Who = Who::Opool;
    type Local<'a> = &'a Pool<Allocator, T>;
    type Item<'a> = RefGuard<'a, Allocator, T>;

    fn new(idle: usize) -> Self {
        Self(Pool::new(idle, Allocator))
    }

    fn local(&self) -> Self::Local<'_> {
        &self.0
    }

    #[inline(always)]
    fn get<'a>(local: &mut Self::Local<'a>) -> Self::Item<'a> {
        local.get()
    }

    #[inline(always)]
    fn put<'a>(_local: &mut Self::Local<'a>, item: Self::Item<'a>) {
        drop(item);
    }
}

crosses_as_it_is!(Opool);
