//! No reuse at all: the system's allocator.
//!
//! The object lies on the stack and its buffers are allocated, as in a program without
//! a pool, which has no reason to box it.

use core::marker::PhantomData;

use crate::contender::{Contender, Who, crosses_as_it_is};
use crate::object::AnyObject;
use crate::owned::Owned;

pub(crate) struct Glibc<T>(PhantomData<fn() -> T>);

impl<T: AnyObject> Contender for Glibc<T> {
    const WHO: Who = Who::Glibc;
    type Local<'a> = ();
    type Item<'a> = Owned<T>;

    fn new(_idle: usize) -> Self {
        Self(PhantomData)
    }

    fn local(&self) -> Self::Local<'_> {}

    #[inline(always)]
    fn get<'a>((): &mut Self::Local<'a>) -> Self::Item<'a> {
        Owned(T::new())
    }

    #[inline(always)]
    fn put<'a>((): &mut Self::Local<'a>, item: Self::Item<'a>) {
        drop(item);
    }
}

crosses_as_it_is!(Glibc);
