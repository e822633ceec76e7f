use poolable::{Poolable, Pooled};
use std::cell::Cell;

#[derive(Poolable)]
struct Frame {
    channel: u32,
    readers: Cell<u32>,
}

fn lend<T: Sync>(_: &T) {}

fn main() {
    lend(&Pooled::map(Frame::pooled(), |frame| &mut frame.channel));
}
