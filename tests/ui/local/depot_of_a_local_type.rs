use poolable::Poolable;

#[derive(Poolable)]
#[pool(local, max_idle = 8)]
struct Page {
    title: String,
}

fn main() {}
