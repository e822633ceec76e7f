use poolable::Poolable;

#[derive(Poolable)]
struct Parsed<'a> {
    words: Vec<&'a str>,
}

fn main() {
    drop(Parsed::pooled());
}
