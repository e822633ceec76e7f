//! What is said of servers that are not there.

use std::env;
use std::io::Write;

/// Says that something was not tested. A test goes on to its end then, and has passed.
///
/// # Panics
///
/// If `POOLABLE_REQUIRE` is set.
pub fn absent(why: &str) {
    assert!(env::var_os("POOLABLE_REQUIRE").is_none(), "POOLABLE_REQUIRE is set, and {why}");
    say(&format!("skipped: {why}"));
}

/// Writes a line where it is seen: what `eprintln!` writes in a test that passes, libtest keeps
/// to itself.
pub fn say(line: &str) {
    // With nobody there to read it, it need not be written.
    let _ = std::io::stderr().write_all(format!("{line}\n").as_bytes());
}
