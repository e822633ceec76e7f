//! Lists what a crate offers: `poolable-api DESCRIPTION`, rustdoc's JSON.
#![forbid(unsafe_code)]

use std::env;
use std::process::ExitCode;

/// Traits of the compiler's own that no program can name, nor crate promise.
const UNSTABLE: [&str; 2] = ["core::marker::Freeze", "core::marker::UnsafeUnpin"];

fn main() -> ExitCode {
    let Some(path) = env::args_os().nth(1) else {
        eprintln!("poolable-api DESCRIPTION");
        return ExitCode::FAILURE;
    };
    // Those for all types say nothing of this crate.
    match public_api::Builder::from_rustdoc_json(path).omit_blanket_impls(true).build() {
        Ok(api) => {
            for item in api.items() {
                let line = item.to_string();
                if !UNSTABLE.iter().any(|name| line.contains(name)) {
                    println!("{line}");
                }
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
