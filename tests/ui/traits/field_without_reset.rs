use std::sync::Arc;
use std::time::Instant;

use poolable::Poolable;

#[derive(Poolable)]
struct Request {
    started: Instant,
    upstream: Arc<str>,
}

fn main() {
    drop(Request::pooled());
}
