//! The runtime of [`poolable`](https://docs.rs/poolable): use that crate.
//!
//! | module | what it owns |
//! | --- | --- |
//! | `reset`, `capacity`, `retain` | how a used value becomes blank and keeps its memory |
//! | `borrow` | which values let go of what they borrow when they are reset |
//! | `wipe` | how secrets are overwritten |
//! | `secret` | containers that wipe the memory they leave, when they grow too |
//! | `foreign` | the containers of other crates (features of their names) |
//! | `poolable`, `guard`, `type_pool` | what users hold: the trait, the guards, the pool of a type |
//! | `pool` | pools that users make, with their builder |
//! | `process`, `registry` | all pools of the process |
//! | `watch` | who holds objects, and for how long |
//! | `serde` | how guards and kept values are written and read (feature `serde`) |
//! | `json` | JSON into pooled buffers and pooled objects (feature `json`) |
//! | `axum` | the bodies of axum's requests and responses (feature `axum`) |
//! | `inspect` | a page that shows what pools do, and its JSON (feature `inspect`) |
//! | `advise` | whether a type is worth a pool, measured where it runs |
//! | `testing` | help for the tests of users |
//! | `lifecycle` | an object's way: created, taken, given back, freed |
//! | `nest` | returns that bring about returns, and which of them wait |
//! | `cache` | one thread's objects: the hit path |
//! | `by_type` | how a thread finds its cache of a generic type |
//! | `thread` | how a thread finds its caches, and hands them over when it ends |
//! | `depot`, `stack` | the objects that threads share, and how they move |
//! | `raw_pool` | the slow paths, whatever the type |
//! | `limits` | what a pool may keep |
//! | `sync` | the seam for a model checker |
//! | `buffer` | buffers in sizes, rings, copying (feature `buffer`) |
//! | `managed` | pools that are waited for: bounded, expiring, connections (feature `managed`) |
//! | `events` | what happens off the hit path, and who is told |
//! | `metrics` | what pools count, for the crate of that name (feature `metrics`) |
//! | `tracing` | what pools tell the crate of that name (feature `tracing`) |
//! | `mlock` | memory that is kept out of swap and of core dumps (feature `mlock`) |
//! | `slot` | one object's allocation |
//! | `handles` | how many handles share an object |
//! | `discarded` | the reasons why objects are freed |
//! | `stats` | counters |

#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod advise;
#[cfg(feature = "axum")]
pub mod axum;
mod borrow;
#[cfg(feature = "buffer")]
pub mod buffer;
mod by_type;
mod cache;
mod capacity;
mod depot;
mod discarded;
mod events;
mod foreign;
mod guard;
mod handles;
#[cfg(feature = "inspect")]
pub mod inspect;
#[cfg(feature = "json")]
pub mod json;
mod lifecycle;
mod limits;
#[cfg(feature = "managed")]
pub mod managed;
#[cfg(feature = "metrics")]
pub mod metrics;
#[cfg(feature = "mlock")]
mod mlock;
mod nest;
mod pool;
mod poolable;
#[doc(hidden)]
pub mod private;
mod process;
mod raw_pool;
mod registry;
mod reset;
mod retain;
#[cfg(feature = "zeroize")]
mod secret;
#[cfg(feature = "serde")]
mod serde;
mod slot;
mod stack;
mod stats;
mod sync;
pub mod testing;
mod thread;
#[cfg(feature = "tracing")]
pub mod tracing;
mod type_pool;
mod watch;
#[cfg(feature = "zeroize")]
mod wipe;

pub use advise::advise;
pub use borrow::ReleaseBorrows;
pub use capacity::Capacity;
pub use discarded::Discarded;
pub use guard::{Pooled, PooledMap, PooledOwned, PooledRef, Shared};
pub use limits::PoolLimits;
#[cfg(feature = "mlock")]
pub use mlock::{LockError, MemoryLock};
pub use pool::{Pool, PoolBuilder};
pub use poolable::Poolable;
pub use process::{PoolInfo, Reaper, Report, maintain, pools, report, trim_all};
pub use reset::Reset;
pub use retain::{RetainMap, RetainOption, RetainVec, retain_map};
#[cfg(all(feature = "hashbrown", feature = "zeroize"))]
pub use secret::{SecretMap, secret_map};
#[cfg(feature = "zeroize")]
pub use secret::{SecretString, SecretUtf8Error, SecretVec};
pub use stats::Stats;
pub use type_pool::TypePool;
pub use watch::{Hold, HoldWatch};
#[cfg(feature = "zeroize")]
pub use wipe::Wipe;
