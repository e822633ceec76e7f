use poolable::{Poolable, Pooled};

#[derive(Poolable)]
struct Batch<T> {
    items: Vec<T>,
}

fn fresh<T>() -> Pooled<Batch<T>> {
    Batch::pooled()
}

fn main() {}
