use std::time::Instant;

use poolable::Reset;

#[derive(Reset)]
struct Started(u64, Instant);

fn main() {}
