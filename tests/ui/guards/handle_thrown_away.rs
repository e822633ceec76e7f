#![deny(unused_must_use)]

use poolable::{Poolable, Pooled};

#[derive(Poolable)]
struct Frame {
    body: Vec<u8>,
}

fn main() {
    Pooled::share(Frame::pooled());
    Pooled::map(Frame::pooled(), |frame| &mut frame.body);
}
