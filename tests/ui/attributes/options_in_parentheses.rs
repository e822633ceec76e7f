use poolable::Poolable;

#[derive(Poolable)]
#[pool(cache(64))]
struct Request {
    #[pool(skip())]
    id: u64,
    #[pool(capacity(1024), max_capacity(65536))]
    body: Vec<u8>,
}

fn main() {}
