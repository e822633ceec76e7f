use std::marker::PhantomData;

use poolable::{Poolable, Reset, Wipe};

struct Liar<'a>(&'a str);

impl Reset for Liar<'_> {
    fn blank() -> Self {
        Liar("")
    }

    fn reset(&mut self) {}
}

impl Wipe for Liar<'_> {
    fn wipe(&mut self) {}
}

macro_rules! word {
    ('a $(, $param:ty)?) => { Liar<'a> };
    ('b) => { Liar<'b> };
    ($other:lifetime $(, $param:ty)?) => { &$other str };
}

#[derive(Poolable)]
struct Generic<'a, T> {
    word: word!('a, T),
    of: PhantomData<T>,
}

#[derive(Reset)]
struct Pair<'a, 'b> {
    first: word!('a),
    second: word!('b),
}

#[derive(Poolable)]
struct Request<'a> {
    pair: Pair<'a, 'a>,
}

fn main() {
    drop(Generic::<u8>::pooled());
}
