//! Follows the README and the guide as a reader would, and looks at every example.
//!
//! `programs` knows nothing but what the pages say: each block of Rust becomes a program of its
//! own, in a crate that depends on what its page tells the reader to depend on. `examples` reads
//! what rustdoc knows of the public items, and asks each for an example that asserts something.
#![forbid(unsafe_code)]

mod build;
mod dependencies;
mod examples;
mod page;
mod program;
mod programs;
mod resets;

use std::env;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const USAGE: &str = "\
poolable-guide programs [PAGE..]   build and run what the pages show
poolable-guide examples            look for public items whose example asserts nothing";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match arguments[..] {
        ["programs", ref pages @ ..] => programs::check(pages),
        ["examples"] => examples::check().and_then(|()| resets::check()),
        _ => Err(USAGE.to_owned()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

/// The checkout.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).expect("a package two below the root").to_path_buf()
}

/// The cargo that runs this.
fn cargo() -> std::process::Command {
    std::process::Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}
