use poolable::Poolable;

#[derive(Poolable)]
struct Frame {
    kind: u8,
    payload: [u8],
}

#[derive(Poolable)]
struct Line {
    text: str,
}

#[derive(Poolable)]
struct Task {
    run: dyn Fn() + Send,
}

fn main() {}
