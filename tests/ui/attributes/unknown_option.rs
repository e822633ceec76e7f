use poolable::Poolable;

#[derive(Poolable)]
#[pool(max_idel = 16)]
struct Request {
    #[pool(skp)]
    id: u64,
    #[pool(zeroise)]
    token: String,
}

#[derive(Poolable)]
enum State {
    #[pool(blnak)]
    Idle,
}

fn main() {}
