//! What a page tells its reader to depend on.
//!
//! It says so in blocks of `toml`, or by `cargo add ..`, in a block of `sh` or within the text.
//! What it does not say is not there, and a program that needs it is not built.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use toml::{Table, Value};

/// Crates, with the versions and the features that a page names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Dependencies(BTreeMap<String, Dependency>);

#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Dependency {
    version: Option<String>,
    features: BTreeSet<String>,
    has_no_defaults: bool,
}

impl Dependencies {
    /// `cargo add poolable`, with which everybody begins.
    pub(crate) fn of_everybody() -> Self {
        Self(BTreeMap::from([("poolable".to_owned(), Dependency::default())]))
    }

    /// Whether `poolable` has a feature.
    pub(crate) fn has(&self, feature: &str) -> bool {
        self.0["poolable"].features.contains(feature)
    }

    /// Adds what a line says, if it is a `cargo add`.
    pub(crate) fn add_command(&mut self, line: &str) {
        let Some(arguments) = line.trim().strip_prefix("cargo add ") else { return };
        let mut name = None;
        let mut words = arguments.split_whitespace().take_while(|&word| word != "#");
        while let Some(word) = words.next() {
            let features = match word {
                "--features" | "-F" => words.next(),
                _ => word.strip_prefix("--features="),
            };
            let dependency =
                name.as_ref().map(|name| self.0.entry(String::clone(name)).or_default());
            match (features, dependency) {
                (Some(features), Some(dependency)) => {
                    dependency.features.extend(features.split(',').map(str::to_owned));
                }
                (None, Some(dependency)) if word == "--no-default-features" => {
                    dependency.has_no_defaults = true;
                }
                _ => {
                    let (crate_name, version) = match word.split_once('@') {
                        Some((crate_name, version)) => (crate_name, Some(version.to_owned())),
                        None => (word, None),
                    };
                    let dependency = self.0.entry(crate_name.to_owned()).or_default();
                    dependency.version = version.or(dependency.version.take());
                    name = Some(crate_name.to_owned());
                }
            }
        }
    }

    /// Adds what stands in lines of a `Cargo.toml`: dependencies, with their heading or without.
    pub(crate) fn add_manifest(&mut self, lines: &str) -> Result<(), String> {
        let table: Table = lines.parse().map_err(|error: toml::de::Error| error.to_string())?;
        let is_manifest = table
            .values()
            .all(|value| value.as_table().is_some_and(|table| !table.contains_key("version")));
        let dependencies = match table.get("dependencies").and_then(Value::as_table) {
            Some(dependencies) => dependencies,
            // Profiles and the like.
            None if is_manifest => return Ok(()),
            None => &table,
        };
        for (name, value) in dependencies {
            let dependency = self.0.entry(name.clone()).or_default();
            let (version, table) = match value {
                Value::String(version) => (Some(version.as_str()), None),
                Value::Table(table) => (table.get("version").and_then(Value::as_str), Some(table)),
                _ => return Err(format!("`{name}` is no dependency")),
            };
            dependency.version = version.map(str::to_owned).or(dependency.version.take());
            let Some(table) = table else { continue };
            let features = table.get("features").and_then(Value::as_array);
            for feature in features.into_iter().flatten() {
                let feature = feature.as_str().ok_or("a feature that is no text")?;
                dependency.features.insert(feature.to_owned());
            }
            if table.get("default-features").and_then(Value::as_bool) == Some(false) {
                dependency.has_no_defaults = true;
            }
        }
        Ok(())
    }

    /// The manifest of a crate that has these dependencies, `poolable` from `root`.
    pub(crate) fn manifest(&self, package: &str, root: &Path) -> String {
        let mut dependencies = Table::new();
        for (name, dependency) in &self.0 {
            let mut table = Table::new();
            // Without a version, what the lock file has.
            let version = dependency.version.as_deref().unwrap_or("*");
            table.insert("version".into(), version.into());
            if name == "poolable" {
                table.insert("path".into(), root.display().to_string().into());
            }
            if dependency.has_no_defaults {
                table.insert("default-features".into(), false.into());
            }
            let features = dependency.features.iter().map(|feature| Value::from(feature.as_str()));
            table.insert("features".into(), features.collect::<Vec<_>>().into());
            dependencies.insert(name.clone(), table.into());
        }
        // What a block asks for with a `cfg` is there if its page speaks of it.
        let features = self.0["poolable"].features.iter();
        let features: Table =
            features.map(|feature| (feature.clone(), Value::Array(Vec::new()))).collect();
        let names: Vec<Value> = features.keys().map(|name| name.as_str().into()).collect();
        let mut all = features;
        all.insert("default".into(), names.into());
        let mut manifest: Table = format!(
            "[package]\nname = {package:?}\nversion = \"0.0.0\"\nedition = \"2024\"\n\
             publish = false\n\n[workspace]\n\n[profile.dev]\ndebug = 0\nincremental = false\n"
        )
        .parse()
        .expect("it is well formed");
        manifest.insert("dependencies".into(), dependencies.into());
        manifest.insert("features".into(), all.into());
        manifest.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(commands: &[&str], manifests: &[&str]) -> Table {
        let mut dependencies = Dependencies::of_everybody();
        commands.iter().for_each(|command| dependencies.add_command(command));
        for manifest in manifests {
            dependencies.add_manifest(manifest).unwrap();
        }
        let manifest: Table = dependencies.manifest("page", Path::new("/root")).parse().unwrap();
        manifest["dependencies"].as_table().unwrap().clone()
    }

    #[test]
    fn what_a_page_says_is_added_up() {
        let told = told(
            &[
                "cargo add poolable --features managed,tokio",
                "cargo add tokio@1 -F rt bytes",
                "cargo run",
            ],
            &["poolable = { version = \"0.1\", features = [\"buffer\"] }\nserde = \"1\"\n"],
        );
        assert_eq!(told.keys().collect::<Vec<_>>(), ["bytes", "poolable", "serde", "tokio"]);
        let features = told["poolable"]["features"].as_array().unwrap();
        assert_eq!(features, &["buffer", "managed", "tokio"].map(Value::from));
        assert_eq!(told["poolable"]["path"], Value::from("/root"));
        assert_eq!(
            (told["tokio"]["version"].as_str(), told["bytes"]["version"].as_str()),
            (Some("1"), Some("*"))
        );
    }

    #[test]
    fn lines_of_a_manifest_may_have_their_heading_and_others() {
        let heading =
            told(&[], &["[dependencies]\nbytes = \"1\"\n", "[profile.release]\nlto = true\n"]);
        assert_eq!(heading.keys().collect::<Vec<_>>(), ["bytes", "poolable"]);
        let mut dependencies = Dependencies::of_everybody();
        assert!(dependencies.add_manifest("bytes = \n").is_err());
        assert!(dependencies.add_manifest("bytes = 1\n").is_err());
    }
}
