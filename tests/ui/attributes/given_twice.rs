use poolable::Poolable;

#[derive(Poolable)]
#[pool(cache = 64, cache = 32)]
struct Request {
    #[pool(skip, skip)]
    id: u64,
    #[pool(capacity = 1024)]
    #[pool(capacity = 2048)]
    body: Vec<u8>,
}

fn main() {}
