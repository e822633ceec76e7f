use poolable::{Poolable, Reset};

#[derive(Reset)]
struct Header<T> {
    #[pool(skp)]
    name: String,
    value: Option<T>,
}

#[derive(Poolable)]
struct Request {
    headers: Vec<Header<u8>>,
    first: Header<u8>,
}

fn main() {
    let request = Request::pooled();
    assert_eq!(request.first.name, Header::<u8>::blank().name);
}
