//! Prints how many allocations the server of a variant makes for a request.
#![forbid(unsafe_code)]

use std::env;
use std::process::ExitCode;

use poolable_load::{Counting, Variant, allocations_per_request};

/// How often all orders are asked.
const TURNS: usize = 1000;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn main() -> ExitCode {
    let Some(variant) = env::args().nth(1).and_then(|name| Variant::named(&name)) else {
        eprintln!("usage: poolable-load-counted pooled | unpooled | axum | floor");
        return ExitCode::FAILURE;
    };
    match allocations_per_request(variant, TURNS) {
        Ok(count) => {
            println!("{count}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{variant:?}: {error}");
            ExitCode::FAILURE
        }
    }
}
