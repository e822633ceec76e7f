//! A pool that the user makes.

use poolable::{Pool, PooledRef};

use crate::contender::{Contender, Who, crosses_as_it_is};
use crate::object::AnyObject;

pub(crate) struct PoolableMade<T: AnyObject>(Pool<T>);

impl<T: AnyObject> Contender for PoolableMade<T> {
    const WHO: Who = Who::PoolableMade;
    type Local<'a> = &'a Pool<T>;
    type Item<'a> = PooledRef<'a, T>;

    fn new(idle: usize) -> Self {
        Self(Pool::builder().create(T::new).max_idle(idle).build())
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

crosses_as_it_is!(PoolableMade);
