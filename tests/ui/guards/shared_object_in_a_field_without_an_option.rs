use poolable::{Poolable, Shared};

#[derive(Poolable)]
struct Frame {
    body: Vec<u8>,
}

#[derive(Poolable)]
struct Outbox {
    last: Shared<Frame>,
}

fn main() {
    drop(Outbox::pooled());
}
