use poolable::{Poolable, Pooled};
use std::mem;

#[derive(Poolable)]
struct Parsed<'a> {
    words: Vec<&'a str>,
}

fn main() {
    let mut long: Pooled<Parsed<'static>> = Parsed::pooled();
    {
        let line = String::from("GET /");
        let mut short = Parsed::pooled();
        short.words.extend(line.split(' '));
        mem::swap(&mut long, &mut short);
    }
    assert_eq!(long.words.len(), 2);
}
