use poolable::Pool;
use std::rc::Weak;

fn share<T: Sync>(_: &T) {}

fn main() {
    let pool = Pool::new(Weak::<u8>::new);
    share(&pool);
}
