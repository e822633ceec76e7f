use poolable::Poolable;

#[derive(Poolable)]
#[pool(create = "Self::new", validate = "Self::is_sound")]
struct Request {
    #[pool(with = "String::clear")]
    path: String,
}

impl Request {
    fn new() -> Self {
        Self { path: String::new() }
    }

    fn is_sound(&self) -> bool {
        true
    }
}

fn main() {}
