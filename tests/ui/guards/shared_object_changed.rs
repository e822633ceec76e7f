use poolable::{Poolable, Pooled};

#[derive(Poolable)]
struct Frame {
    body: Vec<u8>,
}

fn main() {
    let frame = Pooled::share(Frame::pooled());
    frame.body.push(7);
}
