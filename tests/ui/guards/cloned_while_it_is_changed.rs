use poolable::{Poolable, Pooled, Shared};

#[derive(Poolable)]
struct Frame {
    body: Vec<u8>,
}

fn main() {
    let mut frame = Pooled::share(Frame::pooled());
    let changing = Shared::get_mut(&mut frame).unwrap();
    let other = frame.clone();
    changing.body.push(7);
    assert_eq!(other.body, [7]);
}
