#![deny(unused_must_use)]

use poolable::Pool;

fn main() {
    Pool::<String>::builder().max_idle(5);
    Pool::<String>::builder().build();
}
