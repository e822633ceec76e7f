use poolable::Poolable;

#[derive(Poolable)]
#[pool(crate = 3)]
struct Request {
    id: u64,
}

fn main() {}
