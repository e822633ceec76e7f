use poolable::Poolable;

#[derive(Poolable)]
#[pool(cache =)]
struct Request {
    #[pool(value =)]
    id: u64,
    #[pool(capacity = , zeroize)]
    token: String,
}

fn main() {}
