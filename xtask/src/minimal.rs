//! Whether the oldest versions that the manifests allow will do.
//!
//! A package beside the workspace names what the published crates name, with the same
//! requirements, and cargo takes the least of each: what only the tests need does not raise
//! anything there, as it would in the workspace.

use core::fmt::Write as _;
use std::collections::BTreeMap;
use std::fs;

use crate::manifests::{Kind, published};
use crate::{cargo, run};

/// Builds all features with the least versions.
pub(crate) fn check() -> Result<(), String> {
    let packages = published()?;
    let [_, _, face] = &packages;
    let mut requirements = BTreeMap::new();
    for dependency in packages.iter().flat_map(|package| &package.dependencies) {
        if dependency.kind == Kind::Dev || dependency.is_local {
            continue;
        }
        let known = requirements.insert(&dependency.name, &dependency.requirement);
        if known.is_some_and(|known| *known != dependency.requirement) {
            return Err(format!("minimal: two requirements of `{}`", dependency.name));
        }
    }
    if requirements.is_empty() {
        return Err("minimal: the crates depend on nothing any more?".to_owned());
    }

    let folder = face.folder.join("target/minimal");
    let features: Vec<&str> = face.named_features().collect();
    let mut manifest = format!(
        "[package]\nname = \"minimal\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
         [dependencies]\npoolable = {{ path = {:?}, features = {features:?} }}\n",
        face.folder,
    );
    for (name, requirement) in &requirements {
        let _ = writeln!(
            manifest,
            "{name} = {{ version = {requirement:?}, default-features = false }}"
        );
    }
    let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
    fs::create_dir_all(folder.join("src")).map_err(failed)?;
    fs::write(folder.join("Cargo.toml"), manifest).map_err(failed)?;
    fs::write(folder.join("src/lib.rs"), "").map_err(failed)?;
    // Only a cargo that thinks itself a nightly one resolves so.
    let mut resolve = cargo(&["update", "-Z", "direct-minimal-versions"]);
    run(resolve.current_dir(&folder).env("RUSTC_BOOTSTRAP", "1"))?;
    run(cargo(&["check", "--locked"])
        .current_dir(&folder)
        .arg("--target-dir")
        .arg(folder.join("target")))?;
    println!("minimal: the least versions of {} dependencies will do", requirements.len());
    Ok(())
}
