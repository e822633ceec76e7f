use poolable::Poolable;

#[derive(Poolable)]
struct Batch<T> {
    items: Vec<T>,
}

fn main() {
    let line = String::from("GET /");
    let mut batch = Batch::<&str>::pooled();
    batch.items.push(&line);
}
