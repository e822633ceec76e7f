use std::sync::Arc;

use poolable::{Poolable, Pooled, Reset};

#[derive(Poolable)]
struct Request {
    id: u64,
    user: Arc<str>,
}

#[derive(Poolable)]
struct Connection {
    request: Request,
    next: Option<Pooled<Request>>,
}

fn main() {
    let mut request = Request::pooled();
    request.reset();
    assert_eq!(Request::blank().id, request.id);
    drop(Connection::pooled());
}
