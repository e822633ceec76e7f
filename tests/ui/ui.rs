//! Compiles programs that must be rejected, and compares what the compiler says.
//!
//! `<topic>/<mistake>.rs` stands beside the message, `<mistake>.stderr`. To write the
//! messages anew, set `TRYBUILD=overwrite`, and read each of them before it is committed.

use std::env;
use std::io::{self, Write};
use std::process::Command;

/// The compiler whose words the messages are. Others say the same in other words.
const PINNED: &str = "1.95";

#[test]
fn a_wrong_program_is_told_what_is_wrong_and_how_to_repair_it() {
    let found = compiler();
    if !found.starts_with(&format!("rustc {PINNED}.")) {
        let reason = format!("messages are compared on rustc {PINNED}, and this is `{found}`");
        assert!(
            env::var_os("POOLABLE_REQUIRE").is_none_or(|value| value != "1"),
            "`POOLABLE_REQUIRE=1` forbids to skip: {reason}"
        );
        // Past the harness, which keeps to itself what a passing test prints.
        writeln!(io::stderr(), "skipped: {reason}").expect("stderr takes a line");
        return;
    }
    trybuild::TestCases::new().compile_fail("*/*.rs");
}

/// The version of the compiler that builds the programs: cargo finds it in the same way.
fn compiler() -> String {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("--version").output().expect("rustc must be found");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
