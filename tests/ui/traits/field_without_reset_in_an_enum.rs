use std::time::Instant;

use poolable::Poolable;

#[derive(Poolable)]
enum State {
    #[pool(blank)]
    Idle {
        since: Instant,
    },
    Busy,
}

fn main() {}
