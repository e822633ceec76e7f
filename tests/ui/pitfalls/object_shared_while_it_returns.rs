use poolable::Poolable;

#[derive(Poolable)]
struct Request {
    path: String,
}

fn main() {
    let request = Request::pooled();
    let printer = || println!("{}", request.path);
    drop(request);
    printer();
}
