use poolable::Poolable;

#[derive(Poolable)]
enum State {
    #[pool(blank)]
    Idle,
    #[pool(blank)]
    Busy(String),
}

fn main() {}
