use poolable::{Poolable, Reset};

#[derive(Reset)]
struct Part<'a> {
    #[pool(skip)]
    name: &'a str,
}

#[derive(Poolable)]
struct Request<'a> {
    part: Part<'a>,
}

fn main() {}
