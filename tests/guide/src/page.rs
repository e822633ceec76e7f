//! A page: where it is, what it depends on, and its programs.
//!
//! # Invariants
//!
//! 1. Every fenced block is a program, or of a language that is named in [`OTHERS`].
//! 2. A page below another one inherits what that one depends on: who reads `from_go/pools`
//!    came by `from_go`.

use std::fs;
use std::path::{Path, PathBuf};

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

use crate::dependencies::Dependencies;
use crate::program::{Kind, Program};

/// The languages of blocks that are no programs.
const OTHERS: [&str; 3] = ["text", "sh", "toml"];

/// One file of Markdown.
#[derive(Debug)]
pub(crate) struct Page {
    /// As readers know it: `README`, or `from_go/pools`.
    pub(crate) name: String,
    pub(crate) dependencies: Dependencies,
    pub(crate) programs: Vec<Program>,
}

/// The README and all pages of the guide, in the order of their names.
pub(crate) fn all(root: &Path) -> Result<Vec<Page>, String> {
    let guide = root.join("docs/guide");
    let mut files = Vec::new();
    gather(&guide, &mut files)?;
    // `from_go` before `from_go/pools`.
    files.sort_by_key(|file| file.with_extension(""));
    let readme = root.join("README.md");
    let mut pages = vec![read(&readme, "README", Dependencies::of_everybody())?];
    for file in files {
        let name = file.strip_prefix(&guide).expect("it was found there").with_extension("");
        let name = name.to_str().ok_or("a page whose name is no text")?.replace('\\', "/");
        let above = name.rsplit_once('/').and_then(|(above, _)| {
            pages.iter().find(|page| page.name == above).map(|page| page.dependencies.clone())
        });
        pages.push(read(&file, &name, above.unwrap_or_else(Dependencies::of_everybody))?);
    }
    is_declared(root, &pages)?;
    Ok(pages)
}

fn gather(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), String> {
    let failed = |error| format!("{}: {error}", folder.display());
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_dir() {
            gather(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "md") {
            files.push(path);
        }
    }
    Ok(())
}

/// A page that no module includes is one that nobody can read.
fn is_declared(root: &Path, pages: &[Page]) -> Result<(), String> {
    let file = root.join("src/guide.rs");
    let guide = fs::read_to_string(&file).map_err(|error| format!("src/guide.rs: {error}"))?;
    let mut missing = Vec::new();
    for page in pages.iter().skip(1) {
        let included = format!("include_str!(\"../docs/guide/{}.md\")", page.name);
        let row = format!("//! | [`{}`] |", page.name);
        let row_in_words = format!("//! | `{}` |", page.name);
        let is_listed =
            page.name.contains('/') || guide.contains(&row) || guide.contains(&row_in_words);
        if !guide.contains(&included) || !is_listed {
            missing
                .push(format!("{}: no module of src/guide.rs, or no row of its table", page.name));
        }
    }
    if missing.is_empty() { Ok(()) } else { Err(missing.join("\n")) }
}

fn read(file: &Path, name: &str, above: Dependencies) -> Result<Page, String> {
    let text = fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    parse(name, &text, above)
}

fn parse(name: &str, text: &str, mut dependencies: Dependencies) -> Result<Page, String> {
    let mut programs = Vec::new();
    let mut block: Option<(String, usize, String)> = None;
    for (event, place) in Parser::new_ext(text, Options::ENABLE_TABLES).into_offset_iter() {
        match event {
            Event::Start(Tag::CodeBlock(kind)) => {
                let info = match kind {
                    CodeBlockKind::Fenced(info) => info.to_string(),
                    // rustdoc takes an indented block for a program; so does a reader.
                    CodeBlockKind::Indented => String::new(),
                };
                let line = text[..place.start].lines().count() + 1;
                block = Some((info, line, String::new()));
            }
            Event::Text(part) => {
                if let Some((_, _, code)) = &mut block {
                    code.push_str(&part);
                }
            }
            Event::Code(code) => dependencies.add_command(&code),
            Event::End(TagEnd::CodeBlock) => {
                let (info, line, code) = block.take().expect("a block ends that has begun");
                let place = format!("{name}, line {line}");
                match info.as_str() {
                    "toml" => {
                        let added = dependencies.add_manifest(&code);
                        added.map_err(|error| format!("{place}: {error}"))?;
                    }
                    "sh" => code.lines().for_each(|command| dependencies.add_command(command)),
                    other if OTHERS.contains(&other) => {}
                    _ => {
                        let kind = Kind::of(&info).map_err(|error| format!("{place}: {error}"))?;
                        programs.push(Program::new(name, line, kind, &code));
                    }
                }
            }
            _ => {}
        }
    }
    // What a block asks for with a `cfg` that readers do not see.
    for program in &programs {
        if let Some(feature) = program.features().find(|feature| !dependencies.has(feature)) {
            return Err(format!(
                "{name}, line {}: needs the feature `{feature}`, of which the page says nothing",
                program.line
            ));
        }
    }
    Ok(Page { name: name.to_owned(), dependencies, programs })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_told_apart_by_their_languages() {
        let text = "Say `cargo add poolable --features managed`.\n\n```rust\none();\n```\n\n\
            ```text\nnothing\n```\n\n```rust,no_run\ntwo();\n```\n";
        let page = parse("page", text, Dependencies::of_everybody()).unwrap();
        let lines: Vec<_> = page.programs.iter().map(|program| program.line).collect();
        assert_eq!(lines, [3, 11]);
        assert!(page.dependencies.has("managed") && !page.dependencies.has("buffer"));
    }

    #[test]
    fn what_is_skipped_or_unknown_is_an_error() {
        let parse = |text| parse("page", text, Dependencies::of_everybody());
        assert!(parse("```ignore\none();\n```\n").is_err());
        assert!(parse("```yaml\none: two\n```\n").is_err());
        assert!(parse("```compile_fail\none();\n```\n").is_err());
        let hidden = "```rust\n# #[cfg(feature = \"mlock\")]\none();\n```\n";
        assert!(parse(hidden).unwrap_err().contains("`mlock`"));
    }
}
