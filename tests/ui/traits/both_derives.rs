use poolable::{Poolable, Reset};

#[derive(Poolable, Reset)]
struct Request {
    id: u64,
}

fn main() {
    drop(Request::pooled());
}
