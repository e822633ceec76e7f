use std::cell::Cell;

use poolable::{Poolable, Pooled};

#[derive(Poolable)]
struct Request {
    hits: Cell<u64>,
}

fn assert_sync<T: Sync>() {}

fn main() {
    assert_sync::<Pooled<Request>>();
}
