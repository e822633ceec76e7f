//! The table of the page `resets`: whatever has a `Reset` has a row there.
//!
//! What the rows say of each type is asserted by `tests/it/resets_page.rs`, which has a program
//! for each row; this has what a program cannot find out: which types there are.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use crate::examples::rustdoc;
use crate::root;

/// Compares the first column of the tables with the implementations of `Reset`.
pub(crate) fn check() -> Result<(), String> {
    let root = root();
    let rustdoc = rustdoc("pool-core", &root)?;
    let mut types = BTreeSet::new();
    for item in rustdoc["index"].as_object().ok_or("rustdoc tells of no items")?.values() {
        let implementation = &item["inner"]["impl"];
        if implementation["trait"]["path"] == "Reset" {
            types.insert(name(&rustdoc, &implementation["for"])?);
        }
    }
    if types.len() < 50 {
        return Err(format!("rustdoc tells of {} types with `Reset` only", types.len()));
    }
    let page = root.join("docs/guide/resets.md");
    let page = fs::read_to_string(&page).map_err(|error| format!("{}: {error}", page.display()))?;
    let rows = rows(&page);
    println!("types with `Reset`: {}, in the table of the guide: {}", types.len(), rows.len());
    let mut complaints: Vec<String> = Vec::new();
    complaints.extend(types.difference(&rows).map(|name| format!("`{name}` has no row")));
    complaints.extend(rows.difference(&types).map(|name| format!("`{name}` has no `Reset`")));
    if complaints.is_empty() {
        Ok(())
    } else {
        Err(format!("docs/guide/resets.md: {}", complaints.join(", ")))
    }
}

/// The types in the first columns of the tables whose head begins with "type".
fn rows(page: &str) -> BTreeSet<String> {
    let mut is_table = false;
    let mut rows = BTreeSet::new();
    for line in page.lines() {
        let Some(row) = line.strip_prefix("| ") else {
            is_table = false;
            continue;
        };
        let first = row.split(" | ").next().unwrap_or_default();
        is_table |= first == "type";
        if is_table && first != "type" && !first.starts_with("---") {
            // Every second part stands between backticks.
            rows.extend(first.split('`').skip(1).step_by(2).map(str::to_owned));
        }
    }
    rows
}

/// What the page calls a type.
fn name(rustdoc: &Value, ty: &Value) -> Result<String, String> {
    let strange = || format!("a type of a kind that has no name yet: {ty}");
    let (kind, inner) = ty.as_object().and_then(|ty| ty.iter().next()).ok_or_else(strange)?;
    Ok(match kind.as_str() {
        "primitive" => inner.as_str().ok_or_else(strange)?.to_owned(),
        "tuple" if inner.as_array().is_some_and(Vec::is_empty) => "()".to_owned(),
        "tuple" => "(A, ..)".to_owned(),
        "array" => "[T; N]".to_owned(),
        "borrowed_ref" if inner["type"]["slice"].is_object() => "&[T]".to_owned(),
        "borrowed_ref" => format!("&{}", name(rustdoc, &inner["type"])?),
        "raw_pointer" if inner["is_mutable"] == true => "*mut T".to_owned(),
        "raw_pointer" => "*const T".to_owned(),
        "resolved_path" => {
            let path = rustdoc["paths"][inner["id"].to_string()]["path"].as_array();
            let path: Vec<&str> = path.into_iter().flatten().filter_map(Value::as_str).collect();
            match path[..] {
                [.., "boxed", "Box"] => {
                    let argument = &inner["args"]["angle_bracketed"]["args"][0]["type"];
                    match argument.as_object().and_then(|ty| ty.keys().next()).map(String::as_str) {
                        Some("slice") => "Box<[T]>".to_owned(),
                        Some("primitive") => format!("Box<{}>", name(rustdoc, argument)?),
                        _ => "Box<T>".to_owned(),
                    }
                }
                // There are two of them.
                [.., module, last @ ("Weak" | "Parts")] => match path[0] {
                    "alloc" => format!("{module}::{last}"),
                    home => format!("{home}::{module}::{last}"),
                },
                ["core" | "alloc" | "std" | "pool_core", .., last] => last.to_owned(),
                [home, .., last] => format!("{home}::{last}"),
                _ => return Err(strange()),
            }
        }
        _ => return Err(strange()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_tables_of_types_alone() {
        let page = "| type | on return |\n| --- | --- |\n| `u8`, `u16` | `0` |\n\n| call | |\n\
            | --- | --- |\n| `get` | |\n";
        assert_eq!(rows(page).into_iter().collect::<Vec<_>>(), ["u16", "u8"]);
    }
}
