use poolable::Poolable;

#[derive(Poolable)]
#[pool(name = requests, accessor = take)]
struct Request {
    id: u64,
}

fn main() {}
