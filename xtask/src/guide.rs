//! Follows the README and the guide as a reader would, and looks at every example.
//!
//! The program is a package of its own: see `tests/guide`.

use crate::{cargo, run};

/// Builds and runs the programs of `pages`, or of all of them.
pub(crate) fn follow(pages: &[&str]) -> Result<(), String> {
    check(&[&["programs"], pages].concat())
}

/// Asks every public item for an example that asserts something.
pub(crate) fn examples() -> Result<(), String> {
    check(&["examples"])
}

fn check(arguments: &[&str]) -> Result<(), String> {
    let package = ["run", "--quiet", "--package", "poolable-guide", "--"];
    run(cargo(&package).args(arguments))
}
