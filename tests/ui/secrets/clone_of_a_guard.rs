use poolable::Poolable;

#[derive(Poolable)]
struct Session {
    #[pool(zeroize)]
    token: String,
}

fn main() {
    let session = Session::pooled();
    let copy = session.clone();
    assert_eq!(copy.token, "");
}
