//! The allocator of the benchmark, in a crate of its own.
//!
//! Beside the loops that are timed, the compiler would inline it into them. In programs
//! that keep the system's allocator it cannot, and the loops come out different: the
//! floor and poolshark's local pool then took up to twice as long.

pub mod allocations;

use std::alloc::System;

use allocations::Counting;

#[global_allocator]
static ALLOCATOR: Counting<System> = Counting(System);
