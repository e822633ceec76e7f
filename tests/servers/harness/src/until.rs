//! Waiting for what happens in another process.

use core::time::Duration;
use std::thread;
use std::time::Instant;

/// Looks again and again until something is so, and returns how long that took. This is the one
/// place where a test sleeps: a server tells nobody when it has come so far.
///
/// # Panics
///
/// If it is not so when the time is up, with what was waited for.
pub fn until(what: &str, limit: Duration, mut is_so: impl FnMut() -> bool) -> Duration {
    let start = Instant::now();
    loop {
        // Looked at before the clock: who comes late to look does not find too late what was in time.
        let waited = start.elapsed();
        if is_so() {
            return waited;
        }
        assert!(waited < limit, "within {limit:?} it did not come to this: {what}");
        thread::sleep(Duration::from_millis(5));
    }
}
