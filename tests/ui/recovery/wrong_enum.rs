use poolable::{Poolable, Reset};

#[derive(Poolable)]
#[pool(accessor = "take")]
enum State {
    Idle,
    Busy(#[pool(skp)] String),
}

#[derive(Poolable)]
struct Worker {
    #[pool(zeroize)]
    state: State,
}

fn main() {
    let mut state = State::take();
    state.reset();
    assert!(matches!(*state, State::Idle));
    drop(Worker::pooled());
}
