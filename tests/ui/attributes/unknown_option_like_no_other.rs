use poolable::Poolable;

#[derive(Poolable)]
#[pool(banana = 3)]
enum State {
    #[pool(banana)]
    #[pool(blank)]
    Idle {
        #[pool(banana)]
        since: u64,
    },
}

fn main() {}
