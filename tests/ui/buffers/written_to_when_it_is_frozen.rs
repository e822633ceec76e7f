use poolable::buffer::BufferPool;

fn main() {
    let pool = BufferPool::new();
    let mut buf = pool.get(64);
    buf.push(1);
    let bytes = buf.freeze();
    buf.push(2);
    assert_eq!(bytes.len(), 1);
}
