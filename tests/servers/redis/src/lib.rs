//! Pools of Redis connections, for threads and for tasks, and somebody who looks on at the server.
//!
//! [`threads`] and [`tasks`] are what a user would write. The rest is for the tests.
#![cfg(target_os = "linux")]
#![forbid(unsafe_code)]

mod onlooker;
mod probe;
pub mod tasks;
pub mod threads;

pub use onlooker::Onlooker;
