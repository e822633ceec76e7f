use poolable::Poolable;

#[derive(Poolable)]
struct Request {
    #[pool(skip, default)]
    id: u64,
    #[pool(value = 80, skip)]
    port: u16,
    #[pool(skip, with = String::clear)]
    path: String,
    #[pool(default, value = 1)]
    version: u8,
    #[pool(with = String::clear, default)]
    method: String,
    #[pool(value = String::new(), with = String::clear)]
    host: String,
}

fn main() {}
