//! The least that reuse can cost: a list that one loop owns.

use core::marker::PhantomData;

use crate::contender::{Contender, Who};
use crate::object::{AnyObject, Object};

pub(crate) struct Floor<T>(PhantomData<fn() -> T>);

impl<T: AnyObject> Contender for Floor<T> {
    const WHO: Who = Who::Floor;
    type Local<'a> = Vec<Box<T>>;
    type Item<'a> = Box<T>;

    fn new(_idle: usize) -> Self {
        Self(PhantomData)
    }

    fn local(&self) -> Self::Local<'_> {
        Vec::new()
    }

    #[inline(always)]
    fn get<'a>(local: &mut Self::Local<'a>) -> Self::Item<'a> {
        local.pop().unwrap_or_else(|| Box::new(T::new()))
    }

    #[inline(always)]
    fn put<'a>(local: &mut Self::Local<'a>, mut item: Self::Item<'a>) {
        Object::clear(&mut *item);
        local.push(item);
    }

    /// A list that the compiler sees filled: it then knows what the pop of each round
    /// finds, and leaves the load out. No floor is lower.
    #[inline(never)]
    fn hits(local: Self::Local<'_>, count: u64) -> Self::Local<'_> {
        let mut free = vec![Box::new(T::new())];
        for _ in 0..count {
            let mut item = free.pop().unwrap_or_else(|| Box::new(T::new()));
            item.fill();
            Object::clear(&mut *item);
            free.push(item);
        }
        core::hint::black_box(free.len());
        local
    }
}
