//! A pool made of crossbeam's bounded lock-free queue.

use crossbeam_queue::ArrayQueue;

use crate::contender::{Contender, Who, crosses_as_it_is};
use crate::object::{AnyObject, Object};
use crate::owned::Owned;

pub(crate) struct Queue<T>(ArrayQueue<T>);

impl<T: AnyObject> Contender for Queue<T> {
    const WHO: Who = Who::ArrayQueue;
    type Local<'a> = &'a ArrayQueue<T>;
    type Item<'a> = Owned<T>;

    fn new(idle: usize) -> Self {
        Self(ArrayQueue::new(idle))
    }

    fn local(&self) -> Self::Local<'_> {
        &self.0
    }

    #[inline(always)]
    fn get<'a>(local: &mut Self::Local<'a>) -> Self::Item<'a> {
        Owned(local.pop().unwrap_or_else(T::new))
    }

    #[inline(always)]
    fn put<'a>(local: &mut Self::Local<'a>, mut item: Self::Item<'a>) {
        Object::clear(&mut item.0);
        // One that finds the queue full is freed.
        let _ = local.push(item.0);
    }
}

crosses_as_it_is!(Queue);
