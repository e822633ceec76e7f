#![deny(unused_must_use)]

use poolable::buffer::{BufferPool, PooledBuf};

fn main() {
    let pool = BufferPool::new();
    pool.get(64);
    pool.get_zeroed(64);
    pool.attach(vec![1, 2, 3]);
    PooledBuf::into_inner(pool.get(64));
    PooledBuf::with_capacity(64).freeze();
    BufferPool::builder().sizes([64]);
}
