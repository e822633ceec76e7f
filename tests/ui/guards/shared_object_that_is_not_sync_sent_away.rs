use poolable::{Poolable, Pooled};
use std::cell::Cell;

#[derive(Poolable)]
struct Frame {
    readers: Cell<u32>,
}

fn main() {
    let frame = Pooled::share(Frame::pooled());
    let other = frame.clone();
    std::thread::spawn(move || other.readers.set(1));
    frame.readers.set(2);
}
