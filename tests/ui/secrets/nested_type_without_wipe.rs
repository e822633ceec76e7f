use poolable::{Poolable, Reset};

#[derive(Poolable)]
struct Session {
    #[pool(zeroize)]
    credentials: Credentials,
}

#[derive(Reset)]
struct Credentials {
    user: String,
    groups: std::collections::HashSet<String>,
}

fn main() {}
