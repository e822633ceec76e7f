//! Runs the Go programs that stand beside tests, where there is Go.

use std::env;
use std::io::{self, Write};
use std::process::Command;

/// What the files of that folder of `tests/it` write together, if there is such a Go.
///
/// Without it the caller's test is skipped, which is told, and is a failure under
/// `POOLABLE_REQUIRE=1`.
pub(crate) fn output(wanted: &str, folder: &str, files: &[&str]) -> Option<String> {
    if let Err(why) = has_go(wanted) {
        let is_required = env::var_os("POOLABLE_REQUIRE").is_some_and(|value| value == "1");
        assert!(!is_required, "POOLABLE_REQUIRE is 1, and {why}");
        // Not `eprintln`, whose words are shown for a failure alone.
        writeln!(io::stderr(), "skipped: {why}").expect("it can be told");
        return None;
    }
    let mut go = Command::new("go");
    go.arg("run")
        .args(files)
        .current_dir(format!("{}/tests/it/{folder}", env!("CARGO_MANIFEST_DIR")))
        // Whatever the user set up: it needs nothing but Go itself.
        .env("GO111MODULE", "off")
        .env("GOTOOLCHAIN", "local");
    if env::var_os("HOME").is_none() && env::var_os("GOCACHE").is_none() {
        go.env("GOCACHE", concat!(env!("CARGO_TARGET_TMPDIR"), "/go"));
    }
    let output = go.output().expect("there is Go");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).expect("a text"))
}

/// Whether there is a Go whose version begins so.
fn has_go(wanted: &str) -> Result<(), String> {
    let output = Command::new("go").arg("version").env("GOTOOLCHAIN", "local").output();
    let output = output.map_err(|error| format!("there is no Go: {error}"))?;
    let version = String::from_utf8_lossy(&output.stdout);
    let has_it = version.contains(wanted);
    has_it.then_some(()).ok_or_else(|| format!("it takes {wanted}, and this is {}", version.trim()))
}
