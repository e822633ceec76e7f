//! What would be published: packed, unpacked, built.

use std::fs;
use std::path::Path;

use crate::manifests::{Package, published};
use crate::{cargo, output, run};

/// What every crate brings along.
const COMMON: [&str; 4] = ["Cargo.toml", "LICENSE-APACHE", "LICENSE-MIT", "README.md"];
/// The most that a file of a package may be, in bytes: figures and records are none of it.
const LARGEST: u64 = 128 * 1024;
/// The registry counts them.
const MOST_KEYWORDS: usize = 5;

/// Packs the crates, builds each from what was packed, and the examples too.
pub(crate) fn check() -> Result<(), String> {
    let packages = published()?;
    let [_, _, face] = &packages;
    let root = &face.folder;
    for package in &packages {
        look_through(package, root)?;
    }
    // All features, so that what they include is there. The crates are taken from each other's
    // packages, as they will be from the registry.
    let mut pack = cargo(&["package", "--locked", "--allow-dirty", "--all-features"]);
    for package in &packages {
        pack.args(["--package", &package.name]);
    }
    run(pack.arg("--target-dir").arg(root.join("target/packages")))?;
    build_examples(&packages, &root.join("target/packages/package"))
}

fn look_through(package: &Package, root: &Path) -> Result<(), String> {
    let name = &package.name;
    let arguments = ["package", "--list", "--allow-dirty", "--offline", "--package", name];
    let listed = output(&mut cargo(&arguments))?;
    let files: Vec<&str> = listed.lines().collect();
    for common in COMMON {
        if !files.contains(&common) {
            return Err(format!("package: {name} has no {common}"));
        }
    }
    let read = |path: &Path| {
        fs::read(path).map_err(|error| format!("package: {}: {error}", path.display()))
    };
    for license in COMMON.iter().filter(|file| file.starts_with("LICENSE")) {
        if read(&package.folder.join(license))? != read(&root.join(license))? {
            return Err(format!("package: {license} of {name} is not that of the project"));
        }
    }
    for file in &files {
        // Some are written by cargo.
        let length = fs::metadata(package.folder.join(file)).map_or(0, |found| found.len());
        if length > LARGEST && *file != "Cargo.lock" {
            return Err(format!("package: {name} has {file}, of {length} bytes"));
        }
    }
    if package.keywords.len() > MOST_KEYWORDS || package.keywords.is_empty() {
        return Err(format!("package: the registry takes {MOST_KEYWORDS} keywords of {name}"));
    }
    // To pack one without them cargo only warns; the registry refuses it.
    if package.description.is_empty() || package.license.is_empty() {
        return Err(format!("package: the registry asks for description and license of {name}"));
    }
    println!("package: {name} has {} files", files.len());
    Ok(())
}

/// Builds the examples of what was packed of `poolable`, beside what was packed of the others.
fn build_examples(packages: &[Package; 3], packed: &Path) -> Result<(), String> {
    let unpacked = |package: &Package| packed.join(format!("{}-{}", package.name, package.version));
    let [derive, core, face] = packages;
    let folder = unpacked(face);
    if !folder.join("examples").exists() {
        return Err(format!("package: there are no examples in {}", folder.display()));
    }
    // It lies within the project's workspace, and is none of it.
    let manifest = folder.join("Cargo.toml");
    let told = |error: std::io::Error| format!("package: {}: {error}", manifest.display());
    let text = fs::read_to_string(&manifest).map_err(told)?;
    if !text.contains("[workspace]") {
        fs::write(&manifest, text + "\n[workspace]\n").map_err(told)?;
    }
    let mut check = cargo(&["check", "--examples", "--all-features"]);
    for package in [derive, core] {
        let path = unpacked(package);
        let patch = format!("patch.crates-io.{}.path={path:?}", package.name);
        check.arg("--config").arg(patch);
    }
    run(check.current_dir(&folder).arg("--target-dir").arg(packed.join("examples")))
}
