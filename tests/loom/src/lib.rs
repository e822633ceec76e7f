//! Models of the structures that threads share.
//!
//! The modules are those of `pool-core`, the very files, compiled against loom's types
//! instead of std's: `sync` is the one that differs, and `events` tells nobody. Loom then runs
//! each model under every schedule, and with every value that a relaxed load may see, up to a
//! bound on the number of preemptions.
//!
//! Run them with `cargo test --release --package poolable-loom`.
#![expect(dead_code, reason = "the models use a part of the modules")]
#![expect(unreachable_pub, reason = "in `pool-core` these items are public")]

#[path = "../../../pool-core/src/cache.rs"]
mod cache;
#[path = "../../../pool-core/src/depot.rs"]
mod depot;
#[path = "../../../pool-core/src/discarded.rs"]
mod discarded;
mod events;
#[path = "../../../pool-core/src/handles.rs"]
mod handles;
#[path = "../../../pool-core/src/limits.rs"]
mod limits;
mod managed;
#[path = "../../../pool-core/src/raw_pool.rs"]
mod raw_pool;
#[path = "../../../pool-core/src/slot.rs"]
mod slot;
#[path = "../../../pool-core/src/stack.rs"]
mod stack;
#[path = "../../../pool-core/src/stats.rs"]
mod stats;
mod sync;
mod watch;

#[cfg(test)]
mod models;
