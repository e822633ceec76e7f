//! Real servers for tests: started, broken, and gone without a trace.
//!
//! A test that needs one calls [`Postgres::start`] or [`Redis::start`], and ends if there is
//! none: that the server is not installed has been said then, or was a failure if
//! `POOLABLE_REQUIRE` is set.
//!
//! # Invariants
//!
//! 1. A server has a folder of its own, and whatever belongs to it works in there, as an ordinary
//!    user.
//! 2. A guard, a process apart, ends all of that and removes the folder when it sees the test go,
//!    whether by the end of a value, by a panic, or because the test's process was killed.
#![cfg(target_os = "linux")]
#![forbid(unsafe_code)]

mod account;
mod crowd;
mod laws;
mod place;
mod postgres;
mod program;
mod random;
mod redis;
mod require;
mod sampler;
mod server;
mod tally;
mod task_crowd;
mod until;

pub use crowd::Crowd;
pub use laws::{assert_at_rest, assert_laws};
pub use postgres::{Postgres, Shutdown};
pub use random::Random;
pub use redis::Redis;
pub use require::{absent, say};
pub use sampler::Sampler;
pub use server::Paused;
pub use tally::{Outcome, Tally};
pub use task_crowd::TaskCrowd;
pub use until::{is_so_within, until};
