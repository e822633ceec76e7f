use poolable::Poolable;

#[derive(Poolable)]
enum State {
    #[pool(blank)]
    Idle,
    Busy {
        #[pool(skip)]
        id: u64,
        #[pool(default)]
        port: u16,
        #[pool(value = 1, init = 2)]
        version: u8,
        #[pool(with = String::clear)]
        path: String,
        #[pool(zeroize, capacity = 16, max_capacity = 64)]
        token: String,
    },
}

fn main() {}
