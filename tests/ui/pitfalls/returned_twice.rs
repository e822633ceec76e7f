use poolable::Poolable;

#[derive(Poolable)]
struct Request {
    path: String,
}

fn main() {
    let request = Request::pooled();
    drop(request);
    drop(request);
}
