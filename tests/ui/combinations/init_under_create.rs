use poolable::Poolable;

#[derive(Poolable)]
#[pool(create = Self::new)]
struct Request {
    #[pool(init = 1)]
    id: u64,
}

impl Request {
    fn new() -> Self {
        Self { id: 1 }
    }
}

fn main() {}
