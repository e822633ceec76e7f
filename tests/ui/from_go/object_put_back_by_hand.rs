use poolable::{Pool, Poolable};

#[derive(Poolable)]
struct Request {
    path: String,
}

static LINES: Pool<String> = Pool::new(String::new);

fn main() {
    let line = LINES.get();
    LINES.put(line);
    let request = Request::pooled();
    Request::pool().put(request);
}
