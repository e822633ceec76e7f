//! Pools that are waited for.
//!
//! A thread-cached pool never waits, and has no maximum. These pools count what is open, and
//! getters wait their turn.
//!
//! | pool | for |
//! | --- | --- |
//! | [`BoundedPool`] | so many objects and no more: a getter waits, fails, or makes an extra one |
//! | [`ExpiringPool`] | objects that are let go when they have been idle for too long |
//! | [`ResourcePool`] | connections and the like: counted, checked, aged and waited for |
//! | [`AsyncResourcePool`] | the same, where to connect and to check are futures |
//!
//! All give out a [`Lease`], which returns its object when it drops.
//!
//! # Examples
//!
//! ```
//! use poolable::managed::{BoundedPool, GetError};
//!
//! let pages = BoundedPool::new(1, || Vec::<u8>::with_capacity(4096));
//! let page = pages.get()?;
//! assert!(matches!(pages.try_get(), Err(GetError::Exhausted)));
//! drop(page);
//! assert!(pages.try_get()?.capacity() >= 4096);
//! # Ok::<(), GetError>(())
//! ```
//!
//! # Calls
//!
//! Those of an `AsyncResourcePool` are those of a `ResourcePool`; `get` and its kind, `prewarm` and
//! `drain` are `async`.
//!
//! | | `BoundedPool` | `ExpiringPool` | `ResourcePool` |
//! | --- | --- | --- | --- |
//! | `get`, `prewarm`, `retain`, `close`, `is_closed`, `drain`, `stats`, `name` | yes | yes | yes |
//! | `try_get`, `get_timeout`, `get_with` | yes | no: it never waits | yes |
//! | `get_async`, `drain_async` | yes | no | no: see [`AsyncResourcePool`] |
//! | `resize` | yes | no: there is no maximum | yes |
//! | `size`: how many are idle | yes | yes | `stats().idle` |
//! | `open`: how many there are | yes | `stats().open` | `stats().open` |
//! | `downgrade`, `manager` | no | no | yes |
//! | settings: `max_idle`, `order`, `clock`, `name`, `observer`, `hold_warn_after` | yes | yes | yes |
//! | `max_open`, `timeouts` | yes | no | yes |
//! | `reset`, `no_reset` | yes | yes | [`Manager::on_release`] |
//! | `destroy` | drop | yes | [`Manager::destroy`] |
//! | ages | no | `max_age` | `max_lifetime`, `jitter`, `idle_timeout`, `min_idle` |
//! | others | `when_exhausted` | | `check_after`, `max_connecting`, `retry` |
//!
//! # Threads
//!
//! A pool has no thread of its own for good. Those that it starts have names, and end when they
//! have nothing to do:
//!
//! - `poolable-keeper`, one for the process: wakes whoever's time is up, while there is something
//!   to wait for. It runs nothing of a user's but wakers, and `spawn` hooks.
//! - `poolable-create`: one create of a [`ResourcePool`] each, at most `max_connecting` for a pool.
//! - `poolable-drop`: destroys what has come of age, or failed its check; at most four for a pool.
//! - `poolable-warn`: tells an observer of leases that are held for too long.

// What users hold and write.
mod async_manager;
mod async_resource;
mod bounded;
mod cancel;
mod entry;
mod error;
mod expiring;
mod lease;
mod listing;
mod manager;
mod observer;
mod reason;
mod resource;
mod retry;
mod stats;
mod timeouts;

// What is under the lock, and what it gives out: no code of a user's.
mod after;
mod core;
mod queue;
mod state;
mod ticket;

// What is done around it, with the user's hooks.
mod admission;
mod alarms;
mod control;
mod creation;
mod disposal;
mod fetch;
mod get;
mod getting;
mod handle;
mod holding;
mod home;
mod hooks;
mod job;
mod objects;
mod prewarm;
mod release;
mod runner;
mod tending;

// Time, and threads that wait.
mod clock;
mod keeper;
mod wait;

pub use async_manager::AsyncManager;
pub use async_resource::{AsyncResourcePool, AsyncResourcePoolBuilder, WeakAsyncResourcePool};
pub use bounded::{BoundedPool, BoundedPoolBuilder, WhenExhausted};
pub use cancel::CancelToken;
pub use clock::Clock;
pub use entry::Meta;
pub use error::{BuildError, DrainError, GetError, PrewarmError, Stage};
pub use expiring::{ExpiringPool, ExpiringPoolBuilder};
pub use hooks::Fate;
pub use lease::Lease;
pub use listing::{Kind, PoolInfo, pools};
pub use manager::Manager;
pub use objects::{CustomReset, ResetRule, TraitReset};
pub use observer::Event;
pub use reason::Reason;
pub use resource::{ResourcePool, ResourcePoolBuilder, Tasks, Threads, WeakResourcePool};
pub use retry::Retry;
pub use state::Order;
pub use stats::{Destroyed, Stats};
pub use timeouts::Timeouts;
