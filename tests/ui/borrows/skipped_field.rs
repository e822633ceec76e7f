use poolable::Poolable;

#[derive(Poolable)]
struct Request<'a> {
    #[pool(skip)]
    path: &'a str,
    #[pool(with = Vec::clear)]
    words: Vec<&'a str>,
}

fn main() {}
