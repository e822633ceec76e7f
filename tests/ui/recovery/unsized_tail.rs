use poolable::Poolable;

#[derive(Poolable)]
struct Frame {
    kind: u8,
    #[pool(skp)]
    payload: [u8],
}

fn kind(frame: &Frame) -> u8 {
    frame.kind
}

fn main() {
    let _: fn(&Frame) -> u8 = kind;
}
