use poolable::Poolable;

const FLOOR: usize = 1024;
const CEILING: usize = 512;

#[derive(Poolable)]
struct Request {
    #[pool(capacity = FLOOR, max_capacity = CEILING)]
    body: Vec<u8>,
    #[pool(capacity = 1024, max_capacity = Self::CEILING)]
    head: Vec<u8>,
}

impl Request {
    const CEILING: usize = 512;
}

fn main() {}
