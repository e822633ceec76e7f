//! What programs write by hand for several threads: a list behind a lock.

use std::sync::Mutex;

use crate::contender::{Contender, Who, crosses_as_it_is};
use crate::object::{AnyObject, Object};
use crate::owned::Owned;

pub(crate) struct MutexVec<T>(Mutex<Vec<T>>);

impl<T: AnyObject> Contender for MutexVec<T> {
    const WHO: Who = Who::MutexVec;
    type Local<'a> = &'a Mutex<Vec<T>>;
    type Item<'a> = Owned<T>;

    fn new(_idle: usize) -> Self {
        Self(Mutex::new(Vec::new()))
    }

    fn local(&self) -> Self::Local<'_> {
        &self.0
    }

    #[inline(always)]
    fn get<'a>(local: &mut Self::Local<'a>) -> Self::Item<'a> {
        let idle = local.lock().expect("nobody panics").pop();
        Owned(idle.unwrap_or_else(T::new))
    }

    #[inline(always)]
    fn put<'a>(local: &mut Self::Local<'a>, mut item: Self::Item<'a>) {
        Object::clear(&mut item.0);
        local.lock().expect("nobody panics").push(item.0);
    }
}

crosses_as_it_is!(MutexVec);
