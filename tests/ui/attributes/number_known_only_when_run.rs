use poolable::Poolable;

#[derive(Poolable)]
struct Request {
    #[pool(capacity = room())]
    body: Vec<u8>,
}

fn room() -> usize {
    std::env::args().count()
}

fn main() {}
