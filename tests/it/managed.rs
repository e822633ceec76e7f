//! Pools that are waited for.
//!
//! Nothing here sleeps. Managers stop at gates that the test opens, time is a clock that the
//! test moves, and that a getter waits is read from the pool's statistics.

mod ageing;
mod bounded;
mod checking;
mod closing;
mod conservation;
mod creating;
mod destroying;
mod expiring;
mod hooks;
mod regressions;
mod resizing;
mod scripted;
mod stats;
mod tasks;
#[cfg(target_os = "linux")]
mod threadless;
mod waiting;
