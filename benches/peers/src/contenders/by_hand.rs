//! What programs write by hand: a thread-local list, without limits or counters.

use core::marker::PhantomData;

use crate::contender::{Contender, Who};
use crate::object::{AnyObject, Object};

pub(crate) struct ByHand<T: AnyObject>(PhantomData<fn() -> T>);

impl<T: AnyObject> Contender for ByHand<T> {
    const WHO: Who = Who::ByHand;
    type Local<'a> = ();
    type Item<'a> = Box<T>;

    fn new(_idle: usize) -> Self {
        Self(PhantomData)
    }

    fn local(&self) -> Self::Local<'_> {}

    #[inline(always)]
    fn get<'a>((): &mut Self::Local<'a>) -> Self::Item<'a> {
        T::free_list()
            .with(|free| free.borrow_mut().pop())
            .unwrap_or_else(|| Box::new(Object::new()))
    }

    #[inline(always)]
    fn put<'a>((): &mut Self::Local<'a>, mut item: Self::Item<'a>) {
        Object::clear(&mut *item);
        T::free_list().with(|free| free.borrow_mut().push(item));
    }
}

impl<T: AnyObject> Drop for ByHand<T> {
    fn drop(&mut self) {
        T::free_list().take();
    }
}
