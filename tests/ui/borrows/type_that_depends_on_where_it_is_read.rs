use std::ops::{Deref, DerefMut};

use poolable::{Poolable, Reset};

static __POOL: u8 = 0;

struct Is<const IS_SMALL: bool>;

trait Choose<'a> {
    type Type;
}

impl<'a> Choose<'a> for Is<true> {
    type Type = Lender<'a>;
}

impl Choose<'_> for Is<false> {
    type Type = u8;
}

#[derive(Reset)]
struct Lender<'a> {
    text: &'a str,
    number: u8,
}

impl Deref for Lender<'_> {
    type Target = u8;

    fn deref(&self) -> &u8 {
        &self.number
    }
}

impl DerefMut for Lender<'_> {
    fn deref_mut(&mut self) -> &mut u8 {
        &mut self.number
    }
}

#[derive(Poolable)]
#[pool(create = Self::new)]
struct Request<'a> {
    lender: <Is<{ size_of_val(&__POOL) == 1 }> as Choose<'a>>::Type,
}

impl Request<'_> {
    fn new() -> Self {
        Self { lender: Lender { text: "", number: 0 } }
    }
}

fn main() {}
