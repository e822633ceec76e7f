use poolable::Poolable;

#[derive(Poolable)]
#[pool(create = || Request { path: String::new() }, validate = |request| request.path.is_empty())]
struct Request {
    #[pool(with = |path| path.clear())]
    path: String,
}

fn main() {}
