//! The core of the pools that are waited for, where its files look for each other.

#[path = "../../../pool-core/src/managed/after.rs"]
pub(crate) mod after;
#[path = "../../../pool-core/src/managed/core.rs"]
pub(crate) mod core;
#[path = "../../../pool-core/src/managed/job.rs"]
pub(crate) mod job;
#[path = "../../../pool-core/src/managed/queue.rs"]
pub(crate) mod queue;
#[path = "../../../pool-core/src/managed/reason.rs"]
pub(crate) mod reason;
#[path = "../../../pool-core/src/managed/state.rs"]
pub(crate) mod state;
#[path = "../../../pool-core/src/managed/stats.rs"]
pub(crate) mod stats;
#[path = "../../../pool-core/src/managed/ticket.rs"]
pub(crate) mod ticket;

/// A ticket's number in the queue, which is between it and the core.
pub(crate) fn number<T>(ticket: &ticket::Ticket<T>) -> u64 {
    ticket.number()
}
