use poolable::Poolable;

#[derive(Poolable)]
struct Request {
    #[pool(skip = true)]
    id: u64,
    #[pool(zeroize = false, capacity = 256)]
    token: String,
}

fn main() {}
