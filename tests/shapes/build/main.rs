//! Writes the types of `tests/generated.rs`, and what their fields have to show.
//!
//! The expectations are expressions of std alone, such as `String::new()`: neither the
//! derive nor its traits are asked what blank means.
//!
//! | module | what it owns |
//! | --- | --- |
//! | `types` | field types: how to write a blank value, which traits they have |
//! | `catalogue` | those that occur |
//! | `attributes` | which options go together on a field |
//! | `shapes` | what a struct or an enum is before it is text |
//! | `make`, `generic` | shapes, put together at random |
//! | `print` | the source text of a shape |
//! | `expect` | the source text of what its fields have to show |

mod attributes;
mod catalogue;
mod expect;
mod generic;
mod make;
mod print;
#[path = "../src/rng.rs"]
#[expect(unreachable_pub, reason = "the library, to which the file belongs, exports it")]
mod rng;
mod shapes;
mod types;

use std::path::PathBuf;
use std::{env, fs};

use crate::rng::Rng;

/// Overrides the seed.
const VARIABLE: &str = "POOLABLE_SHAPES_SEED";

fn main() {
    println!("cargo::rerun-if-changed=build");
    println!("cargo::rerun-if-changed=src/rng.rs");
    println!("cargo::rerun-if-env-changed={VARIABLE}");
    let seed = match env::var(VARIABLE) {
        Ok(text) => match text.parse() {
            Ok(seed) => seed,
            Err(error) => panic!("`{VARIABLE}` takes a whole number, not `{text}`: {error}"),
        },
        Err(_) => 1,
    };
    let shapes = make::all(&mut Rng::new(seed));
    let directory = env::var_os("OUT_DIR").expect("cargo tells build scripts where to write");
    let path = PathBuf::from(directory).join("shapes.rs");
    fs::write(&path, print::file(seed, &shapes)).expect("the directory is there to be written to");
}
