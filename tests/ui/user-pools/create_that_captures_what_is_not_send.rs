use poolable::Pool;
use std::cell::Cell;
use std::rc::Rc;

fn main() {
    let count = Rc::new(Cell::new(0));
    let create = move || {
        count.set(count.get() + 1);
        String::new()
    };
    let pool: Pool<String> = Pool::builder().create(create).build();
    println!("{}", pool.get());
}
