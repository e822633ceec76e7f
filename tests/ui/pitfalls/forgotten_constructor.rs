use std::time::Instant;

use poolable::Poolable;

#[derive(Poolable)]
struct Request {
    #[pool(skip)]
    started: Instant,
    #[pool(with = restart)]
    lap: Instant,
}

fn restart(lap: &mut Instant) {
    *lap = Instant::now();
}

fn main() {}
