use poolable::Poolable;

#[derive(Poolable)]
enum Never {}

fn main() {}
