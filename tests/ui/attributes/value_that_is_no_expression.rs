use poolable::Poolable;

#[derive(Poolable)]
struct Request {
    #[pool(value = +)]
    id: u64,
    #[pool(init = struct, zeroize)]
    token: String,
}

fn main() {}
