use poolable::Poolable;

const IDLE: u32 = 16;

#[derive(Poolable)]
#[pool(cache = -1, max_idle = IDLE)]
struct Request {
    #[pool(capacity = IDLE, max_capacity = 1024_u32)]
    body: Vec<u8>,
}

fn main() {}
