use poolable::{Poolable, Pooled};

#[derive(Poolable)]
struct Parsed<'a> {
    words: Vec<&'a str>,
}

fn shorten<'short>(guard: Pooled<Parsed<'static>>, _: &'short str) -> Pooled<Parsed<'short>> {
    guard
}

fn main() {}
