use poolable::Poolable;

#[derive(Poolable)]
struct Request {
    #[pool(capacity = 1024, max_capacity = 512)]
    body: Vec<u8>,
}

fn main() {}
