use poolable::Poolable;

#[derive(Poolable)]
struct Request {
    #[pool(value = String::from("/"), capacity = 16)]
    path: String,
    #[pool(max_capacity = 1024, value = Vec::new())]
    body: Vec<u8>,
}

fn main() {}
