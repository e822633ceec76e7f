//! Pools of PostgreSQL connections, for threads and for tasks, and somebody who looks on at the
//! server.
//!
//! [`threads`] and [`tasks`] are what a user would write. The rest is for the tests.
#![cfg(target_os = "linux")]
#![forbid(unsafe_code)]

mod onlooker;
mod session;
pub mod tasks;
pub mod threads;

pub use onlooker::Onlooker;
pub use session::{SessionError, by_loopback, by_socket};
