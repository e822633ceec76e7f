use poolable::Poolable;

#[derive(Poolable)]
#[pool(crate = "::poolable")]
struct Request {
    id: u64,
}

fn main() {}
