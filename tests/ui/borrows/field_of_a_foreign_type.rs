use poolable::Poolable;
use std::str::Chars;

#[derive(Poolable)]
struct Scanner<'a> {
    rest: Chars<'a>,
}

fn main() {}
