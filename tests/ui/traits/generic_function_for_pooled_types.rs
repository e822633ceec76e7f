use poolable::{Poolable, Reset};

#[derive(Reset)]
struct Header {
    name: String,
}

fn prewarm<T: Poolable>() {
    T::pool().prewarm(8);
}

fn main() {
    prewarm::<Header>();
}
