use poolable::Poolable;

#[derive(Poolable)]
struct Request {
    #[pool(default)]
    id: Id,
}

struct Id(u64);

fn main() {}
