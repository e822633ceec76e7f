//! Waiting for what happens in another process.

use core::time::Duration;
use std::thread;
use std::time::Instant;

/// Looks again and again until something is so; whether it came to that. This is the one place where
/// a test sleeps: a server tells nobody when it has come so far.
pub fn is_so_within(limit: Duration, mut is_so: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    loop {
        // The clock before the look: who comes late to it does not find too late what was in time.
        let waited = start.elapsed();
        if is_so() {
            return true;
        }
        if waited >= limit {
            return false;
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// The same, for what has to be so.
///
/// # Panics
///
/// If it is not so when the time is up, with what was waited for.
#[track_caller]
pub fn until(what: &str, limit: Duration, is_so: impl FnMut() -> bool) {
    assert!(is_so_within(limit, is_so), "within {limit:?} it did not come to this: {what}");
}
