use poolable::{Poolable, Reset};

struct Held<T>(Option<T>);

impl<T> Reset for Held<T> {
    fn blank() -> Self {
        Held(None)
    }

    fn reset(&mut self) {}
}

#[derive(Poolable)]
struct Node<'a> {
    name: &'a str,
    held: Held<Box<Self>>,
}

fn main() {}
