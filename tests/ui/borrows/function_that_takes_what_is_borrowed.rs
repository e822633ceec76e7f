use poolable::Poolable;

#[derive(Poolable)]
struct Visitor<'a> {
    #[pool(value = ignore)]
    visit: fn(&'a str),
    #[pool(skip, init = ignore)]
    again: fn(&'a str),
    words: Vec<&'a str>,
}

fn ignore(_: &str) {}

fn main() {}
