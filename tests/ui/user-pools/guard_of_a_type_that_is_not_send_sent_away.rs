use poolable::{Pool, PooledRef};
use std::rc::Weak;

fn send<T: Send>(_: T) {}

fn main() {
    let pool = Pool::new(Weak::<u8>::new);
    let guard: PooledRef<'_, Weak<u8>> = pool.get();
    send(guard);
}
