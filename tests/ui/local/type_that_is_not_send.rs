use poolable::Poolable;
use std::rc::Rc;

#[derive(Poolable)]
struct Page {
    title: Option<Rc<str>>,
}

#[derive(Poolable)]
struct Batch<T> {
    items: Vec<T>,
}

fn main() {
    drop(Batch::<Rc<str>>::pooled());
}
