use poolable::{Poolable, Pooled};

#[derive(Poolable)]
struct Frame {
    body: Vec<u8>,
}

fn main() {
    let mut smuggled = None;
    let body = Pooled::map(Frame::pooled(), |frame| {
        smuggled = Some(&mut frame.body);
        &mut frame.body
    });
    drop(body);
    smuggled.unwrap().push(7);
}
