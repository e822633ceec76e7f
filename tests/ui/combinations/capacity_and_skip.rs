use poolable::Poolable;

#[derive(Poolable)]
struct Request {
    #[pool(skip, capacity = 16)]
    path: String,
    #[pool(max_capacity = 1024, skip)]
    body: Vec<u8>,
}

fn main() {}
