use std::collections::HashMap;

use poolable::Poolable;

#[derive(Poolable)]
struct Session {
    #[pool(zeroize)]
    claims: HashMap<String, String>,
}

fn main() {
    drop(Session::pooled());
}
