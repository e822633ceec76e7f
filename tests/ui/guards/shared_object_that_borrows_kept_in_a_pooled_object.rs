use poolable::{Poolable, Shared};

#[derive(Poolable)]
struct Words<'a> {
    words: Vec<&'a str>,
}

#[derive(Poolable)]
struct Outbox<'a> {
    #[pool(init = Words::pooled().into(), with = keep)]
    last: Shared<Words<'a>>,
}

fn keep(_: &mut Shared<Words<'_>>) {}

fn main() {
    drop(Outbox::pooled());
}
