#![deny(unused_must_use)]

use poolable::{Pool, PooledRef};

fn main() {
    let pool = Pool::new(String::new);
    pool.get();
    pool.try_get();
    pool.attach(String::new());
    PooledRef::into_inner(pool.get());
}
