use poolable::Poolable;

#[derive(Poolable)]
struct Request {
    #[pool(skip, default, value = 0, with = drop)]
    id: u64,
}

fn main() {}
