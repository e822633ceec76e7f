use poolable::Poolable;
use std::time::Instant;

#[derive(Poolable)]
struct Pair<T> {
    first: T,
    second: T,
}

fn main() {
    drop(Pair::<Instant>::pooled());
}
