use poolable::Poolable;

#[derive(Poolable)]
#[pool(create = Self::new, validate = Self::is_sound)]
struct Request {
    path: String,
}

impl Request {
    fn new() -> Option<Self> {
        None
    }

    fn is_sound(&self) -> u8 {
        1
    }
}

fn main() {}
