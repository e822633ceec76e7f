use poolable::{Poolable, Pooled, PooledMap};

#[derive(Poolable)]
struct Frame {
    channel: &'static str,
}

// What a covariant guard would allow: the object still believes in the longer life.
fn shorten<'short>(
    part: PooledMap<Frame, &'static str>,
    _: &'short str,
) -> PooledMap<Frame, &'short str> {
    part
}

fn main() {
    let line = String::from("of a short life");
    let mut channel = shorten(Pooled::map(Frame::pooled(), |frame| &mut frame.channel), &line);
    *channel = &line;
}
