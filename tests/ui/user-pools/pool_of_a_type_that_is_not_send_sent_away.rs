use poolable::Pool;
use std::rc::Weak;

fn send<T: Send>(_: T) {}

fn main() {
    let pool = Pool::new(Weak::<u8>::new);
    send(pool);
}
