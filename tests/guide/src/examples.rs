//! Every public item has an example, and every example asserts something.
//!
//! It asks rustdoc for what it knows, as JSON, since its own count of examples (`--show-coverage`)
//! leaves out what is re-exported from a private module, and so nearly everything here. What
//! needs an example is what stands in a module, and each method: modules, types, traits, functions,
//! macros, constants. Fields, variants, associated constants and types and the methods of
//! implementations of traits do not: they are explained where their type or trait is.
//!
//! An example asserts something if it is run and has an assertion of more than literals, or if the
//! compiler has to refuse it with an error that is named. What stands in a comment asserts nothing.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use proc_macro2::{TokenStream, TokenTree};
use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};
use serde_json::Value;

use crate::program::{Kind, shown_and_hidden};
use crate::{cargo, root};

/// What shows an item at work without a word that can fail, or not at all, and why. The second
/// is what stands in that example, of which there may be others; nothing, where there is none.
const EXCUSED: &[(&str, &str, &str)] = &[
    ("pool_core", "", "users have it as `poolable`, whose page begins with examples"),
    ("pool_core::metrics", "", "tables; `record` and `describe` have examples, with a recorder"),
    ("pool_core::tracing", "", "a table; `TARGET` has an example, with a subscriber"),
    ("pool_derive", "", "users have it as `poolable`"),
    ("pool_derive::Poolable", "", "its example is where `poolable` re-exports it, and can run"),
    ("pool_derive::Reset", "", "its example is where `poolable` re-exports it, and can run"),
    ("poolable", "axum::Router::new()", "a service is put together; `examples/service` drives one"),
    ("poolable", "metrics::describe()", "for a recorder, which the examples of `record` have"),
    ("poolable::guide", "", "a table of contents"),
    ("poolable::guide::from_go", "", "a table of contents"),
    ("poolable::guide::json", "axum::serve(", "it serves until it is killed"),
];

/// The crates, and the fewest items that each of them has, so that a reader of JSON that finds
/// nothing does not pass for one who finds nothing wrong.
const CRATES: [(&str, usize); 3] = [("pool-core", 450), ("pool-derive", 2), ("poolable", 20)];

/// Looks at every public item.
pub(crate) fn check() -> Result<(), String> {
    let root = root();
    let mut complaints = Vec::new();
    let mut excused = BTreeSet::new();
    println!("{:12}  items  examples", "crate");
    for (package, fewest) in CRATES {
        let rustdoc = rustdoc(package, &root)?;
        let mut items = Vec::new();
        visit(&rustdoc, &rustdoc["root"], &package.replace('-', "_"), &mut items)?;
        if items.len() < fewest {
            return Err(format!("{package}: rustdoc tells of {} items only", items.len()));
        }
        let mut examples = 0;
        for Item { path, docs } in &items {
            let blocks = examples_of(docs);
            examples += blocks.len();
            let excuse = |holds: &dyn Fn(&str) -> bool| {
                EXCUSED.iter().position(|(excused, part, _)| excused == path && holds(part))
            };
            if blocks.is_empty() {
                match excuse(&str::is_empty) {
                    Some(index) => drop(excused.insert(index)),
                    None => complaints.push(format!("{path} has no example")),
                }
            }
            for block in blocks.iter().filter(|block| !asserts(block)) {
                match excuse(&|part| !part.is_empty() && block.contains(part)) {
                    Some(index) => drop(excused.insert(index)),
                    None => complaints.push(format!("{path} has an example that asserts nothing")),
                }
            }
        }
        println!("{package:12}  {:5}  {examples:8}", items.len());
    }
    for (index, (path, _, why)) in EXCUSED.iter().enumerate() {
        if excused.contains(&index) {
            println!("excused: {path}: {why}");
        } else {
            complaints.push(format!("{path} is excused, and needs no excuse"));
        }
    }
    complaints.sort();
    if complaints.is_empty() { Ok(()) } else { Err(complaints.join("\n")) }
}

/// What rustdoc knows of a package.
pub(crate) fn rustdoc(package: &str, root: &Path) -> Result<Value, String> {
    let target = root.join("target/examples");
    let status = cargo()
        .args(["rustdoc", "--quiet", "--lib", "--all-features", "--package", package])
        .arg("--target-dir")
        .arg(&target)
        .args(["--", "-Z", "unstable-options", "--output-format", "json"])
        .current_dir(root)
        // JSON is there on nightly alone, unless one insists.
        .env("RUSTC_BOOTSTRAP", "1")
        .env_remove("RUSTDOCFLAGS")
        .status()
        .map_err(|error| format!("cargo rustdoc: {error}"))?;
    if !status.success() {
        return Err(format!("cargo rustdoc --package {package}: {status}"));
    }
    let file = target.join("doc").join(package.replace('-', "_")).with_extension("json");
    let text = fs::read(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    serde_json::from_slice(&text).map_err(|error| format!("{}: {error}", file.display()))
}

/// A public item that needs an example.
struct Item {
    path: String,
    docs: String,
}

/// Gathers the item `id`, known as `path`, and what is public in it.
fn visit(rustdoc: &Value, id: &Value, path: &str, items: &mut Vec<Item>) -> Result<(), String> {
    // What is of another crate is looked at there; what is hidden is not there.
    let item = &rustdoc["index"][id.to_string()];
    let Some((kind, inner)) = item["inner"].as_object().and_then(|inner| inner.iter().next())
    else {
        return Ok(());
    };
    let strange = || format!("{path}: rustdoc tells of a {kind} in words that are not known");
    let below = |parent: &Value| {
        let name = rustdoc["index"][parent.to_string()]["name"].as_str().unwrap_or_default();
        format!("{path}::{name}")
    };
    match kind.as_str() {
        "use" => {
            // `path` ends with nothing: the name is that of the re-export.
            let name = inner["name"].as_str().ok_or_else(strange)?;
            let path = path.rsplit_once("::").map_or(path, |(above, _)| above);
            let path = format!("{path}::{name}");
            // What a re-export says itself of an item of another crate is said of that.
            let docs = item["docs"].as_str().unwrap_or_default();
            if rustdoc["index"][inner["id"].to_string()].is_null() && !docs.is_empty() {
                items.push(Item { path, docs: docs.to_owned() });
                return Ok(());
            }
            return visit(rustdoc, &inner["id"], &path, items);
        }
        "module" => {
            for id in inner["items"].as_array().ok_or_else(strange)? {
                visit(rustdoc, id, &below(id), items)?;
            }
        }
        "struct" | "enum" | "union" => {
            for id in inner["impls"].as_array().ok_or_else(strange)? {
                let implementation = &rustdoc["index"][id.to_string()]["inner"]["impl"];
                if !implementation["trait"].is_null() {
                    continue;
                }
                for id in implementation["items"].as_array().ok_or_else(strange)? {
                    visit(rustdoc, id, &below(id), items)?;
                }
            }
        }
        "trait" => {
            for id in inner["items"].as_array().ok_or_else(strange)? {
                visit(rustdoc, id, &below(id), items)?;
            }
        }
        "function" | "macro" | "proc_macro" | "constant" | "static" | "type_alias" => {}
        // Explained where their type or trait is.
        _ => return Ok(()),
    }
    let docs = item["docs"].as_str().unwrap_or_default().to_owned();
    items.push(Item { path: path.to_owned(), docs });
    Ok(())
}

/// The programs in a documentation, each with the words behind its fence.
fn examples_of(docs: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut block: Option<String> = None;
    for event in Parser::new(docs) {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                let is_other = ["text", "sh", "toml"].contains(&&*info);
                block = (!is_other).then(|| format!("{info}\n"));
            }
            Event::Start(Tag::CodeBlock(CodeBlockKind::Indented)) => block = Some(String::new()),
            Event::Text(part) => {
                if let Some(block) = &mut block {
                    block.push_str(&part);
                }
            }
            Event::End(TagEnd::CodeBlock) => blocks.extend(block.take()),
            _ => {}
        }
    }
    blocks
}

/// Whether a program can fail: by an assertion that is run, by a panic that does not come, or by
/// being built where it should not be.
fn asserts(block: &str) -> bool {
    let (info, code) = block.split_once('\n').unwrap_or(("", block));
    match Kind::of(info) {
        Ok(Kind::Panics | Kind::Fails(_)) => true,
        Ok(Kind::Runs) => {
            let code: Result<TokenStream, _> = shown_and_hidden(code).parse();
            code.is_ok_and(has_assertion)
        }
        // What is not run, and what is skipped.
        Ok(Kind::Builds) | Err(_) => false,
    }
}

/// Whether there is a call of a macro or a function that is named after asserting. A macro has to
/// have more than literals to look at.
fn has_assertion(code: TokenStream) -> bool {
    let (mut is_named, mut is_macro, mut depth) = (false, false, 0_u32);
    for token in code {
        match token {
            TokenTree::Group(group) => {
                let asserts = is_named && depth == 0 && (!is_macro || has_name(group.stream()));
                if asserts || has_assertion(group.stream()) {
                    return true;
                }
                is_named &= depth > 0;
            }
            // The types that a function is given.
            TokenTree::Ident(_) if is_named && depth > 0 => {}
            TokenTree::Ident(name) => {
                (is_named, is_macro) = (name.to_string().starts_with("assert"), false);
            }
            TokenTree::Punct(mark) if is_named => match mark.as_char() {
                '!' => is_macro = true,
                '<' => depth += 1,
                '>' => depth = depth.saturating_sub(1),
                ':' => {}
                _ => is_named = depth > 0,
            },
            TokenTree::Punct(_) => {}
            TokenTree::Literal(_) => is_named &= depth > 0,
        }
        if !is_named {
            depth = 0;
        }
    }
    false
}

/// Whether anything is called by a name: `true` alone is as it is.
fn has_name(code: TokenStream) -> bool {
    code.into_iter().any(|token| match token {
        TokenTree::Group(group) => has_name(group.stream()),
        TokenTree::Ident(name) => name != "true" && name != "false",
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_and_whether_they_assert() {
        let docs = "Words.\n\n```\nassert!(one());\n```\n```text\nassert\n```\n```no_run\none()?;\n```\n\
            ```compile_fail,E0277\ntwo();\n```\n";
        let blocks = examples_of(docs);
        let asserting: Vec<bool> = blocks.iter().map(|block| asserts(block)).collect();
        assert_eq!(asserting, [true, false, true]);
        assert!(examples_of("Words alone.").is_empty());
    }

    #[test]
    fn what_cannot_fail_asserts_nothing() {
        for cannot in [
            "\none(); // assert!(is_one())",
            "\n/* assert_eq!(one(), 1) */ one();",
            "\nlet text = \"assert!(one())\";",
            "\nassert!(true);",
            "\nassert_eq!((1, 2), (1, 2));",
            "\nlet asserted = one();",
            "\nuse one::assert_one;",
            "ignore\nassert!(one());",
            "no_run\nassert!(one());",
            "compile_fail\none();",
        ] {
            assert!(!asserts(cannot), "{cannot}");
        }
        for can in [
            "\n# assert!(one());",
            "rust\nfn main() { if two() { assert_ne!(one(), 1, \"why\"); } }",
            "\nassert_reset::<One<(), [u8; 2]>>(fill);",
            "\nlet none = assert_none_outstanding();",
            "should_panic\none();",
            "compile_fail,E0277\none();",
        ] {
            assert!(asserts(can), "{can}");
        }
    }

    #[test]
    fn constants_of_modules_need_examples_too() {
        let rustdoc = serde_json::json!({"index": {
            "0": {"name": "root", "docs": "", "inner": {"module": {"items": [1, 2]}}},
            "1": {"name": "MOST", "docs": "", "inner": {"constant": {}}},
            "2": {"name": "Short", "docs": "", "inner": {"type_alias": {}}},
        }});
        let mut items = Vec::new();
        visit(&rustdoc, &0.into(), "root", &mut items).unwrap();
        let paths: Vec<_> = items.iter().map(|item| item.path.as_str()).collect();
        assert_eq!(paths, ["root::MOST", "root::Short", "root"]);
    }

    #[test]
    fn items_are_found_behind_what_leads_to_them() {
        let rustdoc = serde_json::json!({"index": {
            "0": {"name": "root", "docs": "", "inner": {"module": {"items": [1]}}},
            "1": {"name": null, "inner": {"use": {"name": "Shown", "id": 2}}},
            "2": {"name": "Hidden", "docs": "It.", "inner": {"struct": {"impls": [3, 4]}}},
            "3": {"name": null, "inner": {"impl": {"trait": null, "items": [5]}}},
            "4": {"name": null, "inner": {"impl": {"trait": {"path": "Drop"}, "items": [6]}}},
            "5": {"name": "get", "docs": "Gets.", "inner": {"function": {}}},
            "6": {"name": "drop", "docs": "", "inner": {"function": {}}},
        }});
        let mut items = Vec::new();
        visit(&rustdoc, &0.into(), "root", &mut items).unwrap();
        let paths: Vec<_> = items.iter().map(|item| item.path.as_str()).collect();
        assert_eq!(paths, ["root::Shown::get", "root::Shown", "root"]);
        let strange = serde_json::json!({"index": {"0": {"inner": {"module": {}}}}});
        assert!(visit(&strange, &0.into(), "root", &mut items).is_err());
    }
}
