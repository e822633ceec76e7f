//! poolable timed beside the other pools of its field.
//!
//! `cargo xtask bench` runs it and writes `docs/benchmarks.md`.

mod cases;
mod contender;
mod contenders;
mod field;
mod gate;
mod object;
mod owned;
mod timing;

use poolable_peers as _;

fn main() {
    let only = std::env::args().nth(1).unwrap_or_default();
    for case in cases::all() {
        if !case.file.contains(&only) { continue }
        let start = std::time::Instant::now();
        println!("{}", case.title);
        let figures = timing::measure(&case.entries, case.effort);
        for (entry, figures) in case.entries.iter().zip(figures) {
            match figures {
                Ok(f) => println!("{:40} {:9.2} {:9.2} {:.4}", entry.who.name(), f.best, f.median, f.allocations_per_object()),
                Err(why) => println!("{:40} {why}", entry.who.name()),
            }
        }
        println!("{:?}", start.elapsed());
    }
}
