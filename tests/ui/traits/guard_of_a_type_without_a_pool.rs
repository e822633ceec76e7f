use poolable::{Pooled, Reset};

#[derive(Reset)]
struct Header {
    name: String,
}

struct Request {
    header: Pooled<Header>,
}

fn main() {}
