use poolable::Poolable;

#[derive(Poolable)]
#[pool(accessor = "try")]
struct Request {
    id: u64,
}

fn main() {}
