use poolable::Poolable;

#[derive(Poolable)]
struct Session {
    #[pool(zeroize, skip)]
    token: String,
}

impl Drop for Session {
    fn drop(&mut self) {}
}

fn main() {
    drop(Session::pooled());
}
