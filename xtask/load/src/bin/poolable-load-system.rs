//! A server with the system's allocator.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    poolable_load::serve_until_input_ends()
}
