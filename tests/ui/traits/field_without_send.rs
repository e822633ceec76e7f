use std::rc::Weak;

use poolable::Poolable;

#[derive(Poolable)]
struct Request {
    id: u64,
    upstream: Weak<u8>,
}

#[derive(Poolable)]
struct Cursor {
    position: *const u8,
}

fn main() {
    drop(Request::pooled());
}
