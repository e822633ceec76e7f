use poolable::Poolable;

#[derive(Poolable)]
struct Request {
    path: String,
}

fn main() {
    let request = Request::pooled();
    if request.path.is_empty() {
        drop(request);
    }
    println!("{}", request.path);
}
