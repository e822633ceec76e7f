use poolable::Poolable;

#[derive(Poolable)]
#[pool(local)]
struct Request {
    id: u64,
}

fn main() {}
