use poolable::{Poolable, Pooled};

#[derive(Poolable)]
struct Request {
    path: String,
}

#[derive(Poolable)]
struct Response {
    path: String,
}

fn main() {
    let request: Pooled<Request> = Response::pooled();
    drop(request);
}
