use poolable::Poolable;

#[derive(Poolable)]
#[pool(cache = 6.5, max_idle = true)]
struct Request {
    #[pool(capacity = "1024")]
    body: Vec<u8>,
}

fn main() {}
