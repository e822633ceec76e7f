use poolable::Poolable;

#[derive(Poolable)]
enum State {
    Idle,
    Busy(String),
}

fn main() {}
