//! Times poolable beside the other pools of its field, and writes `docs/benchmarks.md`.
//!
//! The program is a package of its own, outside the workspace: see `benches/peers`.

use crate::{cargo, run};

/// Fails if a bar is missed. With `--quick` nothing is judged, and `docs` is left alone.
pub(crate) fn measure(options: &[&str]) -> Result<(), String> {
    let manifest = "benches/peers/Cargo.toml";
    run(cargo(&["run", "--release", "--manifest-path", manifest, "--"]).args(options))
}
