use poolable::Poolable;

#[derive(Poolable)]
#[pool(create, validate, cache, max_idle, max_object_bytes, max_bytes)]
#[pool(accessor, name, drop_wipe, bound, crate)]
struct Request {
    #[pool(value)]
    id: u64,
    #[pool(init, with)]
    path: String,
    #[pool(capacity, max_capacity)]
    body: Vec<u8>,
}

fn main() {}
