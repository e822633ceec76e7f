use std::time::Instant;

use poolable::{Poolable, Reset};

#[derive(Reset)]
struct Pair<T> {
    first: T,
    second: T,
}

#[derive(Poolable)]
struct Request {
    times: Pair<Instant>,
}

fn main() {}
