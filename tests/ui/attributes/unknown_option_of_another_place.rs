use poolable::Poolable;

#[derive(Poolable)]
#[pool(zeroise)]
struct Request {
    #[pool(cahce = 64)]
    id: u64,
}

fn main() {}
