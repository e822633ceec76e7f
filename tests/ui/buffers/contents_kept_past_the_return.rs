use poolable::buffer::BufferPool;

static BUFFERS: BufferPool = BufferPool::new();

fn main() {
    let mut buf = BUFFERS.get(64);
    buf.extend_from_slice(b"GET /");
    let method = &buf[..3];
    drop(buf);
    assert_eq!(method, b"GET");
}
