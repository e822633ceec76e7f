//! object-pool: a list behind a lock, born full; its user clears.

use object_pool::{Pool, Reusable};

use crate::contender::{Contender, Who, crosses_as_it_is};
use crate::object::{AnyObject, Object};

/// As many as its documentation starts with.
const AT_BIRTH: usize = 32;

pub(crate) struct ObjectPool<T>(Pool<T>);

impl<T: AnyObject> Contender for ObjectPool<T> {
    const WHO: Who = Who::ObjectPool;
    type Local<'a> = &'a Pool<T>;
    type Item<'a> = Reusable<'a, T>;

    fn new(_idle: usize) -> Self {
        Self(Pool::new(AT_BIRTH, T::new))
    }

    fn local(&self) -> Self::Local<'_> {
        &self.0
    }

    #[inline(always)]
    fn get<'a>(local: &mut Self::Local<'a>) -> Self::Item<'a> {
        let mut item = local.pull(T::new);
        Object::clear(&mut *item);
        item
    }

    #[inline(always)]
    fn put<'a>(_local: &mut Self::Local<'a>, item: Self::Item<'a>) {
        drop(item);
    }
}

crosses_as_it_is!(ObjectPool);
