use poolable::Poolable;

#[derive(Poolable)]
struct Request {
    header: Header,
}

struct Header {
    name: String,
}

fn main() {}
