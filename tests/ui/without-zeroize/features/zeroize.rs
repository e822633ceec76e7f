use poolable::Poolable;

#[derive(Poolable)]
struct Session {
    id: u64,
    #[pool(zeroize)]
    token: String,
}

fn main() {
    let session = Session::pooled();
    assert_eq!(session.token, "");
}
