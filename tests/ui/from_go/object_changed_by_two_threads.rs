use std::thread;

use poolable::Poolable;

#[derive(Poolable)]
struct Totals {
    lines: Vec<u64>,
}

fn main() {
    let mut totals = Totals::pooled();
    thread::scope(|scope| {
        scope.spawn(|| totals.lines.push(1));
        scope.spawn(|| totals.lines.push(2));
    });
}
