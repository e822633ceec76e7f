//! Every feature alone, and those that meet in the code, on their own.
//!
//! What there is to check is read from the manifests and from the code: a new feature is
//! checked without being written down here.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::manifests::{Kind, Package, published};
use crate::{cargo, run};

/// Compares the lists of the features, and lints with each of them.
pub(crate) fn check() -> Result<(), String> {
    let [derive, core, face] = published()?;
    compare(&derive, &core, &face)?;
    let sets = sets(&core)?;
    for set in &sets {
        let features = set.join(",");
        println!("\n==> pool-core with {}", if set.is_empty() { "no feature" } else { &features });
        let arguments = ["clippy", "--package", "pool-core", "--no-default-features"];
        run(cargo(&arguments).args(["--features", &features, "--", "-D", "warnings"]))?;
    }
    // What `poolable` re-exports with each is there, and nothing that is not.
    for feature in face.named_features() {
        println!("\n==> poolable with {feature}");
        let arguments = ["clippy", "--package", "poolable", "--lib", "--no-default-features"];
        run(cargo(&arguments).args(["--features", feature, "--", "-D", "warnings"]))?;
    }
    println!("\nfeatures: {} sets of pool-core's, none of which warns", sets.len());
    Ok(())
}

/// Sets of features: none, each, and those that are spoken of together, none twice.
fn sets(package: &Package) -> Result<Vec<Vec<String>>, String> {
    let mut pairs = BTreeSet::new();
    collect_pairs(package, &package.folder.join("src"), None, &mut pairs)?;
    // The search is a matter of how the code is written. This is known to be there.
    if !pairs.contains(&sorted("managed", "tokio")) {
        return Err("features: the code names no feature beside another any more?".to_owned());
    }
    let mut sets = vec![Vec::new()];
    sets.extend(package.named_features().map(|name| vec![name.to_owned()]));
    let mut seen: BTreeSet<_> =
        package.named_features().map(|name| package.closure([name])).collect();
    for (one, other) in &pairs {
        if seen.insert(package.closure([one.as_str(), other])) {
            sets.push(vec![one.clone(), other.clone()]);
        }
    }
    Ok(sets)
}

fn sorted(one: &str, other: &str) -> (String, String) {
    let (one, other) = if one < other { (one, other) } else { (other, one) };
    (one.to_owned(), other.to_owned())
}

/// Finds features that the code names beside each other: in one attribute, or in a module that
/// is called as the other feature.
fn collect_pairs(
    package: &Package,
    folder: &Path,
    owner: Option<&str>,
    pairs: &mut BTreeSet<(String, String)>,
) -> Result<(), String> {
    let told = |error: std::io::Error| format!("{}: {error}", folder.display());
    for entry in fs::read_dir(folder).map_err(told)? {
        let path = entry.map_err(told)?.path();
        let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
        let owner = owner.or_else(|| package.named_features().find(|feature| *feature == name));
        if path.is_dir() {
            collect_pairs(package, &path, owner, pairs)?;
            continue;
        }
        let text = fs::read_to_string(&path).map_err(told)?;
        for attribute in text.split("cfg").skip(1) {
            // An attribute ends at the bracket that closes it.
            let attribute = attribute.split(']').next().unwrap_or_default();
            let named = attribute.split("feature = \"").skip(1);
            let mut named: Vec<&str> = named.filter_map(|rest| rest.split('"').next()).collect();
            named.extend(owner);
            for (index, one) in named.iter().enumerate() {
                for other in &named[..index] {
                    if one != other {
                        pairs.insert(sorted(one, other));
                    }
                }
            }
        }
    }
    Ok(())
}

/// Whether a feature stands wherever features are listed.
fn compare(derive: &Package, core: &Package, face: &Package) -> Result<(), String> {
    let mut faults = Vec::new();
    let features: BTreeSet<&str> = face.named_features().collect();
    for feature in features.symmetric_difference(&core.named_features().collect()) {
        faults.push(format!("`{feature}` is a feature of one of poolable and pool-core alone"));
    }
    for feature in &features {
        let leads_to = |package: &Package| {
            let wanted = format!("{}/{feature}", package.name);
            face.features[*feature].contains(&wanted)
        };
        if !leads_to(core) {
            faults.push(format!("`{feature}` does not turn on pool-core's"));
        }
        if derive.features.contains_key(*feature) && !leads_to(derive) {
            faults.push(format!("`{feature}` does not turn on pool-derive's"));
        }
        if face.closure([*feature]) != core.closure([*feature]) {
            faults.push(format!("`{feature}` implies something else in pool-core"));
        }
    }
    let for_examples = core
        .dependencies
        .iter()
        .find(|dependency| dependency.name == "poolable" && dependency.kind == Kind::Dev)
        .ok_or("pool-core does not depend on poolable for its examples any more?")?;
    let default: Vec<&str> = face.features["default"].iter().map(String::as_str).collect();
    let given = for_examples.features.iter().map(String::as_str).chain(default).collect();
    for feature in features.symmetric_difference(&given) {
        faults.push(format!("`{feature}`: pool-core's dev-dependency on poolable is not in step"));
    }
    let readme = fs::read_to_string(face.folder.join("README.md"))
        .map_err(|error| format!("README.md: {error}"))?;
    let rows = rows(&readme)?;
    for feature in features.symmetric_difference(&rows.iter().map(String::as_str).collect()) {
        let where_it_is = if features.contains(feature) { "Cargo.toml" } else { "README.md" };
        faults.push(format!("`{feature}` is among the features of {where_it_is} alone"));
    }
    if faults.is_empty() { Ok(()) } else { Err(format!("features:\n{}", faults.join("\n"))) }
}

/// The features of the table under `## Features`: what stands in backticks in its first column.
fn rows(readme: &str) -> Result<BTreeSet<String>, String> {
    let mut lines = readme.lines();
    lines.find(|line| *line == "## Features").ok_or("README.md has no `## Features`")?;
    let table = lines.skip_while(|line| !line.starts_with('|'));
    let mut found = BTreeSet::new();
    for row in table.take_while(|line| line.starts_with('|')).skip(2) {
        let cell = row.split('|').nth(1).unwrap_or_default();
        // "`tokio`, with `managed`" is the row of the first.
        let cell = cell.split(" with ").next().unwrap_or_default();
        let names = cell.split('`').skip(1).step_by(2);
        for name in names {
            if !found.insert(name.to_owned()) {
                return Err(format!("features: README.md has two rows for `{name}`"));
            }
        }
    }
    Ok(found)
}
