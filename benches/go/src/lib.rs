//! The allocator of the benchmark, which counts, in a crate of its own.
//!
//! Beside the loops that are timed the compiler would inline it into them, and what stands around
//! an allocation would come out otherwise than in the programs of users, where it is a call.

pub mod allocations;

use allocations::Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;
