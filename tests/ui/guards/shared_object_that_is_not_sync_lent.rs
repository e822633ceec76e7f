use poolable::{Poolable, Pooled};
use std::cell::Cell;

#[derive(Poolable)]
struct Frame {
    readers: Cell<u32>,
}

fn lend<T: Sync>(_: &T) {}

fn main() {
    lend(&Pooled::share(Frame::pooled()));
}
