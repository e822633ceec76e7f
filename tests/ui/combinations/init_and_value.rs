use poolable::Poolable;

#[derive(Poolable)]
struct Request {
    #[pool(init = 1, value = 2)]
    id: u64,
}

fn main() {}
