//! The runtime of [`poolable`](https://docs.rs/poolable): use that crate.
//!
//! | module | what it owns |
//! | --- | --- |
//! | `reset`, `capacity`, `retain` | how a used value becomes blank and keeps its memory |
//! | `wipe` | how secrets are overwritten |
//! | `poolable`, `guard`, `type_pool` | what users hold: the trait, the guard, the pool |
//! | `lifecycle` | an object's way: created, taken, given back, freed |
//! | `cache` | one thread's objects: the hit path |
//! | `thread` | how a thread finds its caches, and hands them over when it ends |
//! | `depot`, `magazine` | the objects that threads share, and how they move |
//! | `pool` | limits and slow paths, whatever the type |
//! | `slot` | one object's allocation |
//! | `stats` | counters |

mod cache;
mod capacity;
mod depot;
mod guard;
mod lifecycle;
mod magazine;
mod pool;
mod poolable;
#[doc(hidden)]
pub mod private;
mod reset;
mod retain;
mod slot;
mod stats;
mod thread;
mod type_pool;
#[cfg(feature = "zeroize")]
mod wipe;

pub use capacity::Capacity;
pub use guard::Pooled;
pub use poolable::Poolable;
pub use reset::Reset;
pub use retain::{RetainOption, RetainVec};
pub use stats::{Discarded, Stats};
pub use type_pool::TypePool;
#[cfg(feature = "zeroize")]
pub use wipe::Wipe;
