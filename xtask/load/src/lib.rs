//! The service of `examples/service`, and what it is held against.
//!
//! Three programs serve it: with the system's allocator, with mimalloc, and with one that counts.
//! All of them serve each [`Variant`] in the same way, so that what differs is the handler.

mod client;
mod counting;
mod floor;
pub mod orders;
mod server;
mod unpooled;
mod variant;

pub use client::{Answer, Client};
pub use counting::{Counting, allocations_per_request, count, leave_out_this_thread};
pub use server::{Server, serve_until_input_ends};
pub use variant::Variant;
