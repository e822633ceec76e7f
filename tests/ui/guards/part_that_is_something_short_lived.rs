use poolable::{Poolable, Pooled};

#[derive(Poolable)]
struct Frame {
    body: Vec<u8>,
}

fn main() {
    let part = {
        let mut beside = vec![7];
        Pooled::map(Frame::pooled(), |_| &mut beside)
    };
    assert_eq!(*part, [7]);
}
