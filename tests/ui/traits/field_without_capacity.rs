use poolable::Poolable;

#[derive(Poolable)]
struct Request {
    #[pool(capacity = 16)]
    id: u64,
    #[pool(max_capacity = 16)]
    port: u16,
    #[pool(capacity = 16, max_capacity = 32)]
    version: u8,
}

fn main() {}
