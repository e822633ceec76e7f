use poolable::Pool;

static LINES: Pool<String> = Pool::new(String::new);

fn main() {
    let bytes: &mut Vec<u8> = &mut LINES.get();
    bytes.push(b'a');
}
