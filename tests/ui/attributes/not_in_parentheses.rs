use poolable::Poolable;

#[derive(Poolable)]
#[pool]
enum State {
    #[pool]
    #[pool(blank)]
    Idle(#[pool = "skip"] u64),
}

fn main() {}
