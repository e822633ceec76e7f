use poolable::Poolable;

#[derive(Poolable)]
#[pool(local, max_bytes = 1024)]
struct Request {
    id: u64,
}

fn main() {}
