//! How much memory buffers of all sizes take: `poolable-peaks WHO GETS`.
//!
//! A program of its own for its allocator, which keeps account of all bytes: where time counts
//! that would flatter those who do not allocate. It prints four numbers; what they are stands
//! with `Memory` in `buffers/mixed.rs`.

#[path = "../buffers/mixed/load.rs"]
mod load;

use core::alloc::{GlobalAlloc, Layout};
use core::sync::atomic::{AtomicUsize, Ordering};
use std::alloc::System;
use std::env;
use std::process::ExitCode;
use std::sync::Barrier;
use std::thread;

use load::{Holder, Lender, THREADS};

/// How often all threads stand still.
const STOPS: u64 = 50;

#[global_allocator]
static ALLOCATOR: Watched = Watched;

/// Bytes that are allocated now, and the most there ever were.
static LIVE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

struct Watched;

// Relaxed, all of them: it is numbers that are counted, and they are read when nobody counts.
fn add(bytes: usize) {
    let live = LIVE.fetch_add(bytes, Ordering::Relaxed) + bytes;
    PEAK.fetch_max(live, Ordering::Relaxed);
}

fn remove(bytes: usize) {
    LIVE.fetch_sub(bytes, Ordering::Relaxed);
}

// SAFETY: every call is handed to the system's allocator, which keeps the contract; counting
// neither allocates nor panics.
unsafe impl GlobalAlloc for Watched {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        add(layout.size());
        // SAFETY: the caller answers for `layout`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        add(layout.size());
        // SAFETY: the caller answers for `layout`.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        remove(layout.size());
        // SAFETY: the caller answers for `block`, which came from the system through this.
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // For a while both may be there.
        add(size);
        remove(layout.size());
        // SAFETY: the caller answers for `block`, which came from the system through this.
        unsafe { System.realloc(block, layout, size) }
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [who, gets] = &arguments[..] else { return usage() };
    let Ok(gets) = gets.parse() else { return usage() };
    let seen = match who.as_str() {
        "poolable" => watch::<load::Poolable>(gets),
        "zeropool" => watch::<load::Zeropool>(gets),
        "system" => watch::<load::System>(gets),
        _ => return usage(),
    };
    println!("{} {} {} {}", seen.peak, seen.held, seen.idle, seen.left);
    ExitCode::SUCCESS
}

fn usage() -> ExitCode {
    eprintln!("poolable-peaks poolable|zeropool|system GETS");
    ExitCode::FAILURE
}

#[derive(Default)]
struct Seen {
    peak: usize,
    held: usize,
    idle: usize,
    left: usize,
}

fn watch<L: Lender>(gets: u64) -> Seen {
    let lender = L::new();
    let still = Barrier::new(THREADS + 1);
    let held = AtomicUsize::new(0);
    let part = gets / THREADS as u64 / STOPS;
    let mut seen = Seen::default();
    thread::scope(|scope| {
        let (lender, still, total) = (&lender, &still, &held);
        for number in 0..THREADS {
            scope.spawn(move || {
                let mut holder = Holder::new(lender, number);
                // The threads are there, and what they are made of: everything else is the load's.
                still.wait();
                still.wait();
                for _ in 0..STOPS {
                    assert!(part == 0 || holder.get(part) > 0, "nothing was written");
                    total.fetch_add(holder.bytes(), Ordering::Relaxed);
                    still.wait();
                    still.wait();
                }
                holder.release();
                still.wait();
                still.wait();
            });
        }
        still.wait();
        let before = LIVE.load(Ordering::Relaxed);
        let added = || LIVE.load(Ordering::Relaxed).saturating_sub(before);
        still.wait();
        for _ in 0..STOPS {
            // The threads stand between two barriers: what is counted is all there is.
            still.wait();
            let held = total.swap(0, Ordering::Relaxed);
            seen.held = seen.held.max(held);
            seen.idle = seen.idle.max(added().saturating_sub(held));
            still.wait();
        }
        still.wait();
        seen.left = added();
        seen.peak = PEAK.load(Ordering::Relaxed).saturating_sub(before);
        still.wait();
    });
    seen
}
