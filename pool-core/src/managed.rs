//! Pools that are waited for: bounded and expiring ones, and those of connections.

#![allow(dead_code, unused_imports, unreachable_pub, missing_docs, reason = "under way")]

mod cancel;
mod clock;
mod keeper;

pub use cancel::CancelToken;
pub use clock::Clock;
