use poolable::{Poolable, Shared};

#[derive(Poolable)]
struct Words<'a> {
    words: Vec<&'a str>,
}

fn shorten<'short>(words: Shared<Words<'static>>, _: &'short str) -> Shared<Words<'short>> {
    words
}

fn main() {
    shorten(Words::pooled().into(), &String::from("of a short life"));
}
