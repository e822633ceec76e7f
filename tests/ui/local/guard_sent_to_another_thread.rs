use poolable::{Poolable, Pooled};

#[derive(Poolable)]
#[pool(local)]
struct Counts {
    hits: u64,
}

fn main() {
    let counts: Pooled<Counts> = Counts::pooled();
    std::thread::spawn(move || drop(counts));
}
