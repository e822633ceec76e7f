use poolable::Poolable;

#[derive(Poolable)]
struct Request {
    path: String,
}

fn main() {
    let mut request = Request::pooled();
    let first = &mut request.path;
    let second = &mut request.path;
    first.push('/');
    second.push('/');
}
