//! sharded-slab's `Pool`: a slab for each thread, its objects named by keys.

use sharded_slab::Pool;
use sharded_slab::pool::RefMut;

use crate::contender::{Contender, Crossing, Who};
use crate::object::AnyObject;

pub(crate) struct ShardedSlab<T: AnyObject>(Pool<T>);

impl<T: AnyObject> Contender for ShardedSlab<T> {
    const WHO: Who = Who::ShardedSlab;
    type Local<'a> = &'a Pool<T>;
    type Item<'a> = RefMut<'a, T>;

    fn new(_idle: usize) -> Self {
        Self(Pool::new())
    }

    fn local(&self) -> Self::Local<'_> {
        &self.0
    }

    #[inline(always)]
    fn get<'a>(local: &mut Self::Local<'a>) -> Self::Item<'a> {
        local.create().expect("the slab has room")
    }

    #[inline(always)]
    fn put<'a>(local: &mut Self::Local<'a>, item: Self::Item<'a>) {
        let key = item.key();
        drop(item);
        local.clear(key);
    }
}

/// A guard stays on its thread; what crosses is the key, as the slab is meant to be used.
impl<T: AnyObject> Crossing for ShardedSlab<T> {
    type Parcel<'a> = usize;

    #[inline(always)]
    fn pack<'a>(item: Self::Item<'a>) -> Self::Parcel<'a> {
        item.key()
    }

    #[inline(always)]
    fn return_parcel<'a>(local: &mut Self::Local<'a>, parcel: Self::Parcel<'a>) {
        local.clear(parcel);
    }
}
