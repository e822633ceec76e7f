use poolable::Poolable;

#[derive(Poolable)]
#[pool(create = Self::new, validate = is_sound)]
struct Request {
    #[pool(with = clear_path)]
    path: String,
    #[pool(value = FIRST_ID)]
    id: u64,
}

fn main() {}
