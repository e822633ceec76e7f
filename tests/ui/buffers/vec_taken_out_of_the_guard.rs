use poolable::buffer::BufferPool;

fn main() {
    let buf = BufferPool::global().get(64);
    let bytes: Vec<u8> = *buf;
    assert!(bytes.is_empty());
}
