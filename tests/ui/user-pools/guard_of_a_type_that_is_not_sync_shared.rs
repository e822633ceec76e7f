use poolable::Pool;
use std::cell::Cell;

fn share<T: Sync>(_: &T) {}

fn main() {
    let pool = Pool::new(Cell::<u8>::default);
    let guard = pool.get();
    share(&guard);
}
