use poolable::Poolable;

#[derive(Poolable)]
struct Request {
    #[pool(init = Vec::<u8)]
    body: Vec<u8>,
}

fn main() {}
