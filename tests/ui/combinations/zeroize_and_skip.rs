use poolable::Poolable;

#[derive(Poolable)]
struct Session {
    #[pool(zeroize, skip)]
    token: String,
}

fn main() {}
