use poolable::Pool;
use std::cell::Cell;
use std::rc::Weak;

static WEAKS: Pool<Weak<Cell<u8>>> = Pool::new(Weak::new);

fn main() {
    drop(WEAKS.get());
}
