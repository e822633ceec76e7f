use std::sync::Arc;

use poolable::Poolable;

#[derive(Poolable)]
struct Request {
    path: String,
    user: Arc<str>,
}

fn main() {
    let request = Request::pooled();
    println!("{} {}", request.path, request.user);
}
