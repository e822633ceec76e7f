use poolable::Reset;

#[derive(Reset)]
#[pool(bound = T)]
struct Page<T> {
    items: Vec<T>,
}

fn main() {}
