use poolable::{Poolable, Reset};

#[derive(Poolable)]
struct Request {
    id: u64,
}

impl Reset for Request {
    fn blank() -> Self {
        Self { id: 0 }
    }

    fn reset(&mut self) {
        self.id = 0;
    }
}

fn main() {}
