use poolable::{Poolable, Pooled};

#[derive(Poolable)]
struct Session {
    user: String,
    #[pool(zeroize)]
    token: String,
}

fn main() {
    let session = Pooled::into_inner(Session::pooled());
    let user = session.user;
    assert_eq!(user, "");
}
