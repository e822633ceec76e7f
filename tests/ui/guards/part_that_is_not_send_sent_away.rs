use poolable::{Poolable, Pooled};
use std::fmt::Display;

#[derive(Poolable)]
struct Frame {
    channel: u32,
}

fn send<T: Send>(_: T) {}

fn main() {
    // It is a `u32`, and nobody can know.
    send(Pooled::map::<dyn Display>(Frame::pooled(), |frame| &mut frame.channel));
}
