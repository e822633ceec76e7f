use poolable::{Pooled, Reset};

#[derive(Reset)]
struct Page<T> {
    items: Vec<T>,
}

struct Shelf {
    page: Pooled<Page<u8>>,
}

fn main() {}
