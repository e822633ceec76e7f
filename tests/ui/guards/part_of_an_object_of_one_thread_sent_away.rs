use poolable::{Poolable, Pooled};

// What it holds may be sent, but its pool is one thread's.
#[derive(Poolable)]
#[pool(local)]
struct Frame {
    body: Vec<u8>,
}

fn send<T: Send>(_: T) {}

fn main() {
    send(Pooled::map(Frame::pooled(), |frame| &mut frame.body));
}
