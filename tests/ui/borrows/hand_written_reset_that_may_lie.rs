use poolable::{Poolable, Reset};

struct Liar<'a>(Option<&'a str>);

impl Reset for Liar<'_> {
    fn blank() -> Self {
        Liar(None)
    }

    fn reset(&mut self) {}
}

#[derive(Poolable)]
struct Request<'a> {
    liar: Liar<'a>,
    boxed: Box<Liar<'a>>,
    many: [Liar<'a>; 2],
    emptied: Vec<Liar<'a>>,
}

fn main() {}
