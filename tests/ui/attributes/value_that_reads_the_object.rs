use poolable::Poolable;

#[derive(Poolable)]
struct Request {
    id: u64,
    #[pool(value = self.id + 1)]
    next: u64,
}

fn main() {}
