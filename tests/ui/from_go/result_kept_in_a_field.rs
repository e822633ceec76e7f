use poolable::Poolable;

#[derive(Poolable)]
struct Buffer {
    bytes: Vec<u8>,
}

struct Cache<'a> {
    last_result: &'a [u8],
}

impl Cache<'_> {
    fn process(&mut self, input: &str) {
        let mut buf = Buffer::pooled();
        buf.bytes.extend(input.bytes());
        self.last_result = &buf.bytes;
    }
}

fn main() {
    let mut cache = Cache { last_result: &[] };
    cache.process("one");
    println!("{:?}", cache.last_result);
}
