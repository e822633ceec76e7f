use poolable::Poolable;

#[derive(Poolable)]
#[pool(crate = pools)]
struct Request {
    id: u64,
}

fn main() {}
