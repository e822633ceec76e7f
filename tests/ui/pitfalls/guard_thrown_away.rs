#![deny(unused_must_use)]

use poolable::Poolable;

#[derive(Poolable)]
struct Request {
    path: String,
}

fn main() {
    Request::pooled();
}
