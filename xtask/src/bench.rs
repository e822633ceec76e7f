//! Times poolable beside others, and writes `docs/benchmarks.md`.
//!
//! The field of Rust is a package of its own, outside the workspace: see `benches/peers`. What Go
//! programs pool is another one, with a Go module beside it: see `benches/go`.

use crate::{cargo, run};

/// What may be timed alone.
const PARTS: [&str; 5] = ["buffers", "headlines", "instructions", "managed", "tasks"];

/// Whether these say how much is done, and nothing else: what is unknown is refused before anything
/// is built.
pub(crate) fn is_effort(options: &[&str]) -> bool {
    matches!(options, [] | ["--quick"])
}

/// The same, behind the name of a part or none.
pub(crate) fn is_part(options: &[&str]) -> bool {
    match options {
        ["gets", _, _] => true,
        [part, rest @ ..] if PARTS.contains(part) => is_effort(rest),
        _ => is_effort(options),
    }
}

/// Fails if a bar is missed. With `--quick` nothing is judged, and `docs` is left alone.
pub(crate) fn measure(options: &[&str]) -> Result<(), String> {
    let manifest = "benches/peers/Cargo.toml";
    // One of them runs the other, to see how much memory is taken.
    run(&mut cargo(&["build", "--release", "--bins", "--manifest-path", manifest]))?;
    run(cargo(&["run", "--release", "--manifest-path", manifest, "--"]).args(options))
}

/// Beside Go. Where there is none it is skipped, and says so. With `--quick` allocations are judged,
/// and `docs` is left alone.
pub(crate) fn beside_go(options: &[&str]) -> Result<(), String> {
    run(cargo(&["run", "--quiet", "--release", "--package", "poolable-go", "--"]).args(options))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_unknown_is_refused() {
        for known in [
            &[][..],
            &["--quick"],
            &["buffers"],
            &["headlines", "--quick"],
            &["instructions"],
            &["gets", "pool", "1000"],
        ] {
            assert!(is_part(known), "{known:?}");
        }
        for unknown in [
            &["--nonsense"][..],
            &["--quick", "--quick"],
            &["buffers", "--nonsense"],
            &["buffers", "tasks"],
            &["gets"],
        ] {
            assert!(!is_part(unknown) && !is_effort(unknown), "{unknown:?}");
        }
        assert!(is_effort(&["--quick"]) && !is_effort(&["buffers"]));
    }
}
