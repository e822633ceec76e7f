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
//!
//! All give out a [`Lease`], which returns its object when it drops.

// What users hold and write.
mod bounded;
mod cancel;
mod entry;
mod error;
mod expiring;
mod lease;
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
mod control;
mod creation;
mod disposal;
mod get;
mod handle;
mod holding;
mod home;
mod hooks;
mod objects;
mod prewarm;
mod release;
mod tending;

// Time, and threads that wait.
mod clock;
mod keeper;
mod wait;

pub use bounded::{BoundedPool, BoundedPoolBuilder, WhenExhausted};
pub use cancel::CancelToken;
pub use clock::Clock;
pub use entry::Meta;
pub use error::{BuildError, DrainError, GetError, PrewarmError, Stage};
pub use expiring::{ExpiringPool, ExpiringPoolBuilder};
pub use hooks::Fate;
pub use lease::Lease;
pub use manager::Manager;
pub use objects::{CustomReset, ResetRule, TraitReset};
pub use observer::Event;
pub use reason::Reason;
pub use resource::{ResourcePool, ResourcePoolBuilder, WeakResourcePool};
pub use retry::Retry;
pub use state::Order;
pub use stats::{Destroyed, Stats};
pub use timeouts::Timeouts;
