use poolable::Poolable;

#[derive(Poolable)]
struct Task {
    run: Box<dyn Fn() + Send>,
}

fn main() {
    drop(Task::pooled());
}
