use poolable::Reset;

#[derive(Reset)]
#[pool(local)]
struct Page {
    title: String,
}

fn main() {}
