use poolable::Poolable;

#[derive(Poolable)]
struct Request {
    path: String,
}

fn main() {
    let mut request = Request::pooled();
    drop(request);
    request.path.push_str("/health");
}
