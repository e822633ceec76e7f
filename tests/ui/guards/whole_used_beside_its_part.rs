use poolable::{Poolable, Pooled};

#[derive(Poolable)]
struct Frame {
    body: Vec<u8>,
}

fn main() {
    let mut frame = Frame::pooled();
    let body = Pooled::map(frame, |frame| &mut frame.body);
    frame.body = Vec::new();
    assert!(body.is_empty());
}
