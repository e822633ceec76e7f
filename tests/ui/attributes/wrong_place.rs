use poolable::Poolable;

#[derive(Poolable)]
#[pool(skip, blank)]
struct Request {
    #[pool(cache = 64)]
    id: u64,
    #[pool(blank)]
    path: String,
}

#[derive(Poolable)]
enum State {
    #[pool(blank, name = "states")]
    Idle,
    #[pool(zeroize)]
    Busy(String),
}

fn main() {}
