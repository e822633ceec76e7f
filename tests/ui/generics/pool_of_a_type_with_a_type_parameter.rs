use poolable::Poolable;

#[derive(Poolable)]
struct Page<T> {
    items: Vec<T>,
}

fn main() {
    drop(Page::<u8>::pooled());
}
