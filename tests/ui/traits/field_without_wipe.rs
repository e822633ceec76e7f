use std::cell::OnceCell;

use poolable::Poolable;

#[derive(Poolable)]
struct Session {
    #[pool(zeroize)]
    claims: OnceCell<String>,
}

fn main() {
    drop(Session::pooled());
}
