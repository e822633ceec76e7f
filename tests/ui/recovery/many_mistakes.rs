use poolable::{Poolable, Pooled, Reset};

#[derive(Poolable)]
#[pool(cahce = 64, validate, name = requests, drop_wipe = 1)]
struct Request {
    #[pool(skp)]
    id: u64,
    #[pool(skip, default)]
    port: u16,
    #[pool(zeroize = true)]
    token: String,
    #[pool(capacity = 64, max_capacity = 32)]
    body: Vec<u8>,
    #[pool(with = String::clear())]
    path: String,
    #[pool(cache = 3)]
    method: String,
    #[pool(init = 1, value = 2)]
    version: u8,
}

#[derive(Poolable)]
struct Connection {
    current: Request,
    next: Option<Pooled<Request>>,
}

fn fresh<T: Poolable>() -> Pooled<T> {
    T::pooled()
}

fn main() {
    let mut request = Request::pooled();
    request.path.push_str("/health");
    request.reset();
    assert_eq!(request.id, Request::blank().id);
    let taken: Request = Pooled::into_inner(request);
    drop(Pooled::attach(taken));
    assert_eq!(Request::pool().stats().idle, 1);
    Request::pool().prewarm(8);
    Request::pool().clear();
    drop(fresh::<Request>());
    let mut connection = Connection::pooled();
    connection.next = Some(Request::pooled());
}
