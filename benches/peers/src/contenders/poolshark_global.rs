//! poolshark's pool shared between threads, kept by its user, as it recommends for speed.

use poolshark::global::{GPooled, Pool};

use super::poolshark_local::MAX_CAPACITY;
use crate::contender::{Contender, Who, crosses_as_it_is};
use crate::object::AnyObject;

pub(crate) struct PoolsharkGlobal<T: AnyObject>(Pool<T>);

impl<T: AnyObject> Contender for PoolsharkGlobal<T> {
    const WHO: Who = Who::PoolsharkGlobal;
    type Local<'a> = &'a Pool<T>;
    type Item<'a> = GPooled<T>;

    fn new(idle: usize) -> Self {
        Self(Pool::new(idle, MAX_CAPACITY))
    }

    fn local(&self) -> Self::Local<'_> {
        &self.0
    }

    #[inline(always)]
    fn get<'a>(local: &mut Self::Local<'a>) -> Self::Item<'a> {
        local.take()
    }

    #[inline(always)]
    fn put<'a>(_local: &mut Self::Local<'a>, item: Self::Item<'a>) {
        drop(item);
    }
}

crosses_as_it_is!(PoolsharkGlobal);
