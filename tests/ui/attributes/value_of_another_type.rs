use poolable::Poolable;

#[derive(Poolable)]
struct Request {
    #[pool(value = "first")]
    id: u64,
    #[pool(init = b"/")]
    path: String,
}

fn main() {}
