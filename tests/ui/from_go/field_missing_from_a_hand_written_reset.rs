use poolable::Reset;

struct Message {
    id: String,
    sent: bool,
}

impl Reset for Message {
    fn blank() -> Self {
        Self { id: String::new(), sent: false }
    }

    fn reset(&mut self) {
        let Self { id } = self;
        id.clear();
    }
}

fn main() {
    Message::blank().reset();
}
