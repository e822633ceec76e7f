use poolable::Poolable;

#[derive(Poolable)]
#[pool(create = Self::with_path, validate = Self::is_sound)]
struct Request {
    #[pool(with = truncate)]
    path: String,
    #[pool(with = next)]
    id: u64,
}

impl Request {
    fn with_path(path: String) -> Self {
        Self { path, id: 0 }
    }

    fn is_sound(&mut self) -> bool {
        true
    }
}

fn truncate(path: &mut String, length: usize) {
    path.truncate(length);
}

fn next(id: u64) -> u64 {
    id + 1
}

fn main() {}
