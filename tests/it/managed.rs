//! Pools that are waited for.
//!
//! Nothing here sleeps. Managers stop at gates that the test opens, time is a clock that the
//! test moves, and that a getter waits is read from the pool's statistics. Tasks are polled by
//! hand, when they have been woken.

mod ageing;
mod async_checking;
mod async_closing;
mod async_conservation;
mod async_creating;
mod async_getting;
mod async_hooks;
mod async_keeping;
mod async_prewarming;
mod async_scripted;
mod async_spawning;
mod bounded;
mod checking;
mod closing;
mod conservation;
mod creating;
mod destroying;
mod expiring;
mod hooks;
#[cfg(not(any(poolable_passthrough, poolable_chaos)))]
mod listing;
mod regressions;
mod resizing;
mod scripted;
mod stats;
mod tasks;
#[cfg(target_os = "linux")]
mod threadless;
mod waiting;
