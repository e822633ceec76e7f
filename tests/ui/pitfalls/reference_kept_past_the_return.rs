use poolable::Poolable;

#[derive(Poolable)]
struct Request {
    path: String,
}

fn main() {
    let request = Request::pooled();
    let path: &str = &request.path;
    drop(request);
    println!("{path}");
}
