use poolable::{Poolable, Reset};

#[derive(Poolable)]
#[repr(C, packed)]
struct Frame {
    kind: u8,
    length: u32,
}

#[derive(Reset)]
#[repr(packed(2))]
struct Tail {
    sum: u32,
}

fn main() {}
