use poolable::Poolable;

#[derive(Poolable)]
#[pool(cache = 64 max_idle = 16)]
struct Request {
    #[pool(zeroize capacity = 256)]
    token: String,
    #[pool(skip; default)]
    id: u64,
}

fn main() {}
