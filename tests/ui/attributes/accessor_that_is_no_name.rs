use poolable::Poolable;

#[derive(Poolable)]
#[pool(accessor = "take one")]
struct Request {
    id: u64,
}

#[derive(Poolable)]
#[pool(accessor = "")]
struct Reply {
    id: u64,
}

#[derive(Poolable)]
#[pool(accessor = "self")]
struct Session {
    id: u64,
}

fn main() {}
