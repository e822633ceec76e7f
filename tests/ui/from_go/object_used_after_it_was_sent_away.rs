use std::sync::mpsc;

use poolable::Poolable;

#[derive(Poolable)]
struct Request {
    path: String,
}

fn main() {
    let (sender, requests) = mpsc::channel();
    let mut request = Request::pooled();
    sender.send(request).unwrap();
    request.path.push_str("/late");
    drop(requests);
}
