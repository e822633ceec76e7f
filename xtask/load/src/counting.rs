//! How often a server allocates.
//!
//! It is counted in a program of its own: a counter that all threads share is in their way, and
//! the timed programs shall have nothing of it.

use core::alloc::{GlobalAlloc, Layout};
use core::cell::Cell;
use core::sync::atomic::{AtomicU64, Ordering};
use std::alloc::System;
use std::io;

use crate::{Client, Server, Variant, orders};

/// Turns through all orders before the count: pools are filled then, and buffers have grown.
const WARM_UP: usize = 100;

/// By all threads, and by whichever call.
static COUNT: AtomicU64 = AtomicU64::new(0);

thread_local! {
    static IS_COUNTED: Cell<bool> = const { Cell::new(true) };
}

/// The system's allocator, counting.
#[derive(Clone, Copy, Debug)]
pub struct Counting;

/// How many allocations there have been.
pub fn count() -> u64 {
    // Relaxed: who asks has had the answer of those whom it asks about.
    COUNT.load(Ordering::Relaxed)
}

/// What the client does is not the server's.
pub fn leave_out_this_thread() {
    IS_COUNTED.set(false);
}

/// Serves a variant, and asks it all orders so many times from this thread, which is left out from
/// here on. Answers are compared with what is right.
///
/// # Errors
///
/// If a request fails, or one is answered otherwise.
pub fn allocations_per_request(variant: Variant, turns: usize) -> io::Result<f64> {
    leave_out_this_thread();
    let server = Server::start(variant)?;
    let mut client = Client::connect(server.address())?;
    let mut before = 0;
    for turn in 0..WARM_UP + turns {
        if turn == WARM_UP {
            before = count();
        }
        for (order, right) in orders::all().iter().zip(orders::answers()) {
            let answer = client.post("/orders", order)?;
            if answer != *right {
                return Err(io::Error::other(format!("answered otherwise: {answer:?}")));
            }
        }
    }
    Ok((count() - before) as f64 / (turns * orders::all().len()) as f64)
}

fn add_one() {
    // A thread that is past its thread-locals has answered its requests.
    if IS_COUNTED.try_with(Cell::get).unwrap_or(false) {
        COUNT.fetch_add(1, Ordering::Relaxed);
    }
}

// SAFETY: every call goes to the system's allocator as it came, and that keeps the contract;
// counting neither allocates nor panics.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        add_one();
        // SAFETY: the caller answers for `layout`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        add_one();
        // SAFETY: the caller answers for `layout`.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller answers for `block`, which came from the system through this.
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        add_one();
        // SAFETY: the caller answers for `block`, which came from the system through this.
        unsafe { System.realloc(block, layout, size) }
    }
}
