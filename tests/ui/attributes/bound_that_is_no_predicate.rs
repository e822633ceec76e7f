use poolable::Reset;

#[derive(Reset)]
#[pool(bound = "T")]
struct Page<T> {
    items: Vec<T>,
}

#[derive(Reset)]
#[pool(bound = "T: Clone; U: Clone")]
struct Pair<T, U> {
    first: Vec<T>,
    second: Vec<U>,
}

fn main() {}
