use poolable::Poolable;

#[derive(Poolable)]
#[pool(validate = true)]
struct Request {
    #[pool(with = { String::clear })]
    path: String,
}

fn main() {}
