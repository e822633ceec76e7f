use poolable::{Poolable, Pooled};

#[derive(Poolable)]
struct Frame {
    body: Vec<u8>,
}

fn main() {
    let body = Pooled::map(Frame::pooled(), |frame| &mut frame.body);
    let slice = body.as_slice();
    drop(body);
    assert!(slice.is_empty());
}
