use poolable::Poolable;

#[derive(Poolable)]
enum State {
    Idle {
        #[pool(skip, default)]
        since: u64,
    },
    Busy {
        #[pool(capacity = 64, max_capacity = 32)]
        body: Vec<u8>,
    },
}

fn main() {}
