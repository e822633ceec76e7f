//! Loads the web service of the examples, and writes its section of `docs/benchmarks.md`.
//!
//! The programs are a package of their own: see `xtask/load`.

use crate::{cargo, run};

/// Fails if a bar is missed. With `--quick` nothing is judged, and `docs` is left alone.
pub(crate) fn measure(options: &[&str]) -> Result<(), String> {
    let package = ["--release", "--package", "poolable-load"];
    // One of them runs the others, which have another allocator each.
    run(cargo(&["build", "--bins"]).args(package))?;
    run(cargo(&["run", "--quiet"]).args(package).arg("--").args(options))
}
