//! `regex_automata::util::pool::Pool`. The first thread to get owns one object without a
//! lock; everything else is in stacks behind locks. Its user clears.

use regex_automata::util::pool::{Pool, PoolGuard};

use crate::contender::{Contender, Crossing, Who};
use crate::object::{AnyObject, Object};

pub(crate) struct RegexAutomata<T>(Pool<T>);

impl<T: AnyObject> Contender for RegexAutomata<T> {
    const WHO: Who = Who::RegexAutomata;
    type Local<'a> = &'a Pool<T>;
    type Item<'a> = PoolGuard<'a, T, fn() -> T>;

    fn new(_idle: usize) -> Self {
        Self(Pool::new(T::new))
    }

    fn local(&self) -> Self::Local<'_> {
        &self.0
    }

    #[inline(always)]
    fn get<'a>(local: &mut Self::Local<'a>) -> Self::Item<'a> {
        let mut item = local.get();
        Object::clear(&mut *item);
        item
    }

    #[inline(always)]
    fn put<'a>(_local: &mut Self::Local<'a>, item: Self::Item<'a>) {
        PoolGuard::put(item);
    }
}

impl<T: AnyObject> Crossing for RegexAutomata<T> {
    type Parcel<'a> = Self::Item<'a>;

    /// With one stack. A thread takes from the stack that its number picks, and so with
    /// several the objects would pile up, without a limit, where nobody gets them.
    fn new_for_crossing(_idle: usize) -> Self {
        Self(Pool::with_capacity(1, T::new))
    }

    #[inline(always)]
    fn pack<'a>(item: Self::Item<'a>) -> Self::Parcel<'a> {
        item
    }

    #[inline(always)]
    fn return_parcel<'a>(local: &mut Self::Local<'a>, parcel: Self::Parcel<'a>) {
        Self::put(local, parcel);
    }
}
