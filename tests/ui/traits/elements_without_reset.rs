use std::time::Instant;

use poolable::Poolable;

#[derive(Poolable)]
struct Laps {
    times: [Instant; 4],
    best: (u64, Instant),
}

fn main() {}
