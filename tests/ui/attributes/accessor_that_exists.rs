use poolable::Poolable;

#[derive(Poolable)]
struct Request {
    id: u64,
}

impl Request {
    fn pooled() -> u64 {
        0
    }
}

fn main() {}
