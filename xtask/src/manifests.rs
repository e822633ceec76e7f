//! What the manifests of the published crates say, as cargo reads them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde_json::Value;

use crate::{cargo, output};

/// The crates that are published, in the order in which they are.
pub(crate) const PUBLISHED: [&str; 3] = ["pool-derive", "pool-core", "poolable"];

/// A published crate.
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) folder: PathBuf,
    pub(crate) rust_version: String,
    /// What the registry shows, and asks for.
    pub(crate) description: String,
    pub(crate) license: String,
    pub(crate) keywords: Vec<String>,
    /// What each feature turns on.
    pub(crate) features: BTreeMap<String, Vec<String>>,
    pub(crate) dependencies: Vec<Dependency>,
}

/// Something that a crate depends on.
pub(crate) struct Dependency {
    pub(crate) name: String,
    pub(crate) requirement: String,
    pub(crate) kind: Kind,
    pub(crate) is_local: bool,
    pub(crate) features: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Normal,
    Other,
    Dev,
}

impl Package {
    /// The features that users may name, without `default`.
    pub(crate) fn named_features(&self) -> impl Iterator<Item = &str> {
        self.features.keys().map(String::as_str).filter(|name| *name != "default")
    }

    /// These features, and those that they turn on.
    pub(crate) fn closure<'a>(
        &'a self,
        features: impl IntoIterator<Item = &'a str>,
    ) -> BTreeSet<&'a str> {
        let mut found = BTreeSet::new();
        let mut open: Vec<&str> = features.into_iter().collect();
        while let Some(feature) = open.pop() {
            if let Some(implied) = self.features.get(feature) {
                if found.insert(feature) {
                    open.extend(implied.iter().map(String::as_str));
                }
            }
        }
        found
    }
}

/// The published crates, in order.
///
/// An error if another package of the workspace could be published by mistake.
pub(crate) fn published() -> Result<[Package; 3], String> {
    let text = output(&mut cargo(&["metadata", "--no-deps", "--format-version", "1"]))?;
    let metadata: Value = serde_json::from_str(&text)
        .map_err(|error| format!("the answer of `cargo metadata`: {error}"))?;
    let mut found = BTreeMap::new();
    for package in list(&metadata["packages"]) {
        // `publish = false` is an empty list of registries.
        if package["publish"].is_null() {
            found.insert(text_of(&package["name"]), read(package)?);
        }
    }
    let names: BTreeSet<&str> = found.keys().map(String::as_str).collect();
    if names != BTreeSet::from(PUBLISHED) {
        return Err(format!(
            "those without `publish = false` are {names:?}, and should be {PUBLISHED:?}"
        ));
    }
    let mut take = |name| found.remove(name).ok_or("a package is there twice".to_owned());
    let [first, second, third] = PUBLISHED;
    Ok([take(first)?, take(second)?, take(third)?])
}

fn read(package: &Value) -> Result<Package, String> {
    let features = package["features"].as_object().ok_or("a package without features")?;
    let manifest = PathBuf::from(text_of(&package["manifest_path"]));
    Ok(Package {
        name: text_of(&package["name"]),
        version: text_of(&package["version"]),
        folder: manifest.parent().ok_or("a manifest without a folder")?.to_owned(),
        rust_version: text_of(&package["rust_version"]),
        description: text_of(&package["description"]),
        license: text_of(&package["license"]),
        keywords: texts(&package["keywords"]),
        features: features.iter().map(|(name, on)| (name.clone(), texts(on))).collect(),
        dependencies: list(&package["dependencies"]).iter().map(dependency).collect(),
    })
}

fn dependency(dependency: &Value) -> Dependency {
    Dependency {
        name: text_of(&dependency["name"]),
        requirement: text_of(&dependency["req"]),
        kind: match dependency["kind"].as_str() {
            None => Kind::Normal,
            Some("dev") => Kind::Dev,
            Some(_) => Kind::Other,
        },
        is_local: !dependency["path"].is_null(),
        features: texts(&dependency["features"]),
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn texts(value: &Value) -> Vec<String> {
    list(value).iter().map(text_of).collect()
}

fn text_of(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
