use poolable::{Poolable, Reset};

#[derive(Poolable)]
struct Session {
    #[pool(zeroize)]
    credentials: Credentials,
}

#[derive(Reset)]
struct Credentials {
    user: String,
    group: std::cell::OnceCell<String>,
}

fn main() {}
