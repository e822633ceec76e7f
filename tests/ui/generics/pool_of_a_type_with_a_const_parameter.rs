use poolable::Poolable;

#[derive(Poolable)]
struct Block<const N: usize> {
    bytes: [u8; N],
}

fn main() {
    drop(Block::<16>::pooled());
}
