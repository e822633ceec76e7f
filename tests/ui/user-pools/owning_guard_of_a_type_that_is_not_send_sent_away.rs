use poolable::{Pool, PooledOwned};
use std::rc::Weak;
use std::sync::Arc;

fn send<T: Send>(_: T) {}

fn main() {
    let pool = Arc::new(Pool::new(Weak::<u8>::new));
    let guard: PooledOwned<Weak<u8>> = pool.get_owned();
    send(guard);
}
