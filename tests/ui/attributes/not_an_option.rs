use poolable::Poolable;

#[derive(Poolable)]
#[pool(64)]
enum State {
    #[pool(blank, !)]
    Idle {
        #[pool("skip")]
        id: u64,
        #[pool(, zeroize)]
        token: String,
    },
}

fn main() {}
