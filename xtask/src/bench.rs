//! Times poolable beside others, and writes `docs/benchmarks.md`.
//!
//! The field of Rust is a package of its own, outside the workspace: see `benches/peers`. What Go
//! programs pool is another one, with a Go module beside it: see `benches/go`.

use crate::{cargo, run};

/// Fails if a bar is missed. With `--quick` nothing is judged, and `docs` is left alone.
pub(crate) fn measure(options: &[&str]) -> Result<(), String> {
    let manifest = "benches/peers/Cargo.toml";
    // One of them runs the other, to see how much memory is taken.
    run(&mut cargo(&["build", "--release", "--bins", "--manifest-path", manifest]))?;
    run(cargo(&["run", "--release", "--manifest-path", manifest, "--"]).args(options))
}

/// Beside Go. Where there is none it is skipped, and says so.
pub(crate) fn beside_go(options: &[&str]) -> Result<(), String> {
    run(cargo(&["run", "--quiet", "--release", "--package", "poolable-go", "--"]).args(options))
}
