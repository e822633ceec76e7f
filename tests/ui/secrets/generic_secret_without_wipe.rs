use poolable::{Reset, Wipe};

#[derive(Reset)]
struct Sealed<T> {
    #[pool(zeroize)]
    key: Vec<T>,
}

#[derive(Reset)]
struct Pair<T, U: Wipe> {
    #[pool(zeroize)]
    first: [T; 2],
    #[pool(zeroize)]
    second: U,
}

fn main() {}
