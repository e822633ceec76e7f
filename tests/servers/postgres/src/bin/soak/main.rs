//! Threads and tasks at a PostgreSQL to which something happens each second.
//!
//! `cargo run --release --package poolable-postgres --bin soak -- --seconds 300 --seed 1`
//!
//! At the end each caller must have had an answer within its bound, the server must have as many
//! sessions as the pools keep idle, and none when they are drained, no transaction may be half
//! done, and memory, threads and open files must be as many as after the first quarter.

#[cfg(target_os = "linux")]
mod borrowers;
#[cfg(target_os = "linux")]
mod faults;
#[cfg(target_os = "linux")]
mod footprint;
#[cfg(target_os = "linux")]
mod soak;

use std::process::ExitCode;

#[cfg(target_os = "linux")]
fn main() -> ExitCode {
    use std::panic::catch_unwind;

    match catch_unwind(soak::run) {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(why)) => {
            eprintln!("soak: FAILED: {why}");
            ExitCode::FAILURE
        }
        // It has been printed.
        Err(_) => {
            eprintln!("soak: FAILED: see the panic above");
            ExitCode::FAILURE
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn main() -> ExitCode {
    eprintln!("skipped: servers are watched through /proc, which is Linux's");
    ExitCode::from(u8::from(std::env::var_os("POOLABLE_REQUIRE").is_some()))
}
