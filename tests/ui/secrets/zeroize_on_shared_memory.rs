use std::sync::Arc;

use poolable::Poolable;

#[derive(Poolable)]
struct Session {
    #[pool(zeroize, default)]
    token: Arc<[u8; 32]>,
}

fn main() {}
