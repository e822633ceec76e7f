//! Times poolable beside the other pools of its field, and writes `docs/benchmarks.md`.
//!
//! The program is a package of its own, outside the workspace: see `benches/peers`.

use crate::{cargo, run};

/// Fails if a bar is missed. With `--quick` nothing is judged, and `docs` is left alone.
pub(crate) fn measure(options: &[&str]) -> Result<(), String> {
    let manifest = "benches/peers/Cargo.toml";
    // One of them runs the other, to see how much memory is taken.
    run(&mut cargo(&["build", "--release", "--bins", "--manifest-path", manifest]))?;
    run(cargo(&["run", "--release", "--manifest-path", manifest, "--"]).args(options))
}
