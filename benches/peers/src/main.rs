//! poolable timed beside the other pools of its field.
//!
//! `cargo xtask bench` runs it and writes `docs/benchmarks.md`.

mod allocations;
mod cases;
mod contender;
mod contenders;
mod field;
mod gate;
mod object;
mod owned;
mod timing;

use std::alloc::System;

use allocations::Counting;

#[global_allocator]
static ALLOCATOR: Counting<System> = Counting(System);

fn main() {
    for case in cases::all() {
        let start = std::time::Instant::now();
        println!("{}", case.title);
        let figures = timing::measure(&case.entries, case.effort.quick());
        for (entry, figures) in case.entries.iter().zip(figures) {
            match figures {
                Ok(f) => println!("{:40} {:9.2} {:9.2} {:.4}", entry.who.name(), f.best, f.median, f.allocations_per_object()),
                Err(why) => println!("{:40} {why}", entry.who.name()),
            }
        }
        println!("{:?}", start.elapsed());
    }
}
