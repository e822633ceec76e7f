//! lockfree-object-pool's linear pool, the fastest of its kinds by its own figures.

use lockfree_object_pool::{LinearObjectPool, LinearReusable};

use crate::contender::{Contender, Who, crosses_as_it_is};
use crate::object::{AnyObject, Object};

pub(crate) struct LockfreeObjectPool<T>(LinearObjectPool<T>);

impl<T: AnyObject> Contender for LockfreeObjectPool<T> {
    const WHO: Who = Who::LockfreeObjectPool;
    type Local<'a> = &'a LinearObjectPool<T>;
    type Item<'a> = LinearReusable<'a, T>;

    fn new(_idle: usize) -> Self {
        Self(LinearObjectPool::new(T::new, |object| Object::clear(object)))
    }

    fn local(&self) -> Self::Local<'_> {
        &self.0
    }

    #[inline(always)]
    fn get<'a>(local: &mut Self::Local<'a>) -> Self::Item<'a> {
        local.pull()
    }

    #[inline(always)]
    fn put<'a>(_local: &mut Self::Local<'a>, item: Self::Item<'a>) {
        drop(item);
    }
}

crosses_as_it_is!(LockfreeObjectPool);
