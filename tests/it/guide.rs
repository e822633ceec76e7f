//! The index of `guide::from_go` promises a test for each of its rows: these are looked up here.

use std::fs;
use std::path::Path;

/// A row of a table: what is in Go, its numbers, what is here, and what proves it.
struct Row<'a> {
    text: &'a str,
    proofs: &'a str,
}

/// What a row names as its proof.
#[derive(Debug, PartialEq)]
enum Proof<'a> {
    /// A section of a page of the guide, whose code runs.
    Section { page: &'a str, anchor: &'a str },
    /// A test, in a file of the repository.
    Test { file: &'a str, name: &'a str },
    /// A program that is rejected, with the compiler's words beside it.
    Rejected { file: &'a str },
}

fn read(path: &str) -> Result<String, String> {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path))
        .map_err(|error| format!("{path}: {error}"))
}

/// The rows of all tables that have a column of proofs.
fn rows(page: &str) -> Vec<Row<'_>> {
    let mut is_inside = false;
    let mut rows = Vec::new();
    for line in page.lines() {
        if line.ends_with("| proved by |") {
            is_inside = true;
        } else if !line.starts_with('|') {
            is_inside = false;
        } else if is_inside && !line.starts_with("| ---") {
            let cells: Vec<&str> = line.trim_matches('|').split(" | ").collect();
            let [_, _, here, proofs] = cells[..] else { panic!("a row has four cells: {line}") };
            assert!(!here.trim().is_empty(), "what is here? {line}");
            rows.push(Row { text: line, proofs });
        }
    }
    rows
}

/// `[text](page/index.html#anchor)`, `` `file.rs` `name` ``, or `` `tests/ui/file.rs` ``.
fn proofs(cell: &str) -> Vec<Proof<'_>> {
    let mut proofs = Vec::new();
    for link in cell.split("](").skip(1) {
        let target = link.split(')').next().unwrap_or_default();
        if let Some((page, anchor)) = target.split_once("/index.html#") {
            proofs.push(Proof::Section { page, anchor });
        }
    }
    let code: Vec<&str> = cell.split('`').skip(1).step_by(2).collect();
    for (index, file) in code.iter().copied().enumerate() {
        if file.starts_with("tests/ui/") {
            proofs.push(Proof::Rejected { file });
        } else if file.ends_with(".rs") {
            let names = code[index + 1..].iter().take_while(|name| !name.ends_with(".rs"));
            proofs.extend(names.map(|name| Proof::Test { file, name }));
        }
    }
    proofs
}

/// The name that rustdoc gives to a heading.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter_map(|c| match c {
        ' ' => Some('-'),
        c if c.is_alphanumeric() || "-_".contains(c) => Some(c.to_ascii_lowercase()),
        _ => None,
    });
    kept.collect()
}

/// What stands below a heading, up to the next one of its rank.
fn section<'a>(page: &'a str, wanted: &str) -> Option<&'a str> {
    let mut is_code = false;
    let mut found: Option<(usize, usize)> = None;
    let mut place = 0;
    for line in page.split_inclusive('\n') {
        is_code ^= line.starts_with("```");
        let rank = line.len() - line.trim_start_matches('#').len();
        if !is_code && rank > 0 {
            match found {
                Some((start, of)) if rank <= of => return Some(&page[start..place]),
                None if anchor(line[rank..].trim()) == wanted => found = Some((place, rank)),
                _ => {}
            }
        }
        place += line.len();
    }
    found.map(|(start, _)| &page[start..])
}

/// Whether code of the section fails if what it promises is not true.
fn has_proof(section: &str) -> bool {
    let blocks = section.split("```").skip(1).step_by(2);
    blocks.into_iter().any(|block| {
        let head = block.lines().next().unwrap_or_default();
        head.starts_with("rust")
            && !head.contains("no_run")
            && !head.contains("ignore")
            && (head.contains("compile_fail") || block.contains("assert"))
    })
}

fn check(proof: &Proof<'_>) -> Result<(), String> {
    match *proof {
        Proof::Section { page, anchor } => {
            let file = match page.strip_prefix("../") {
                Some(page) => format!("docs/guide/{page}.md"),
                None => format!("docs/guide/from_go/{page}.md"),
            };
            let text = read(&file)?;
            let section = section(&text, anchor).ok_or(format!("{file} has no #{anchor}"))?;
            has_proof(section).then_some(()).ok_or(format!("{file}#{anchor} asserts nothing"))
        }
        Proof::Test { file, name } => {
            let text = read(file)?;
            let is_there = text.contains(&format!("#[test]\nfn {name}("))
                || text.contains(&format!("#[test]\n    fn {name}("));
            is_there.then_some(()).ok_or(format!("{file} has no test {name}"))
        }
        Proof::Rejected { file } => {
            read(file)?;
            read(&format!("{}.stderr", file.trim_end_matches(".rs"))).map(drop)
        }
    }
}

#[test]
fn every_row_of_the_index_from_go_names_proofs_that_are_there() {
    let page = read("docs/guide/from_go.md").expect("the index");
    let rows = rows(&page);
    let mut wrong = Vec::new();
    for row in &rows {
        let proofs = proofs(row.proofs);
        if proofs.is_empty() {
            wrong.push(format!("no proof: {}", row.text));
        }
        for error in proofs.iter().filter_map(|proof| check(proof).err()) {
            wrong.push(format!("{error}: {}", row.text));
        }
    }
    assert!(wrong.is_empty(), "{} rows are wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(rows.len() > 100, "both tables are found, not {} rows", rows.len());
}

#[test]
fn proofs_of_a_row_are_found_in_its_last_cell() {
    let cell = "[Sizes](buffers/index.html#sizes), `tests/it/trim.rs` `one` and `other`, \
                `tests/ui/pitfalls/twice.rs`";
    let found = proofs(cell);
    assert_eq!(
        found,
        [
            Proof::Section { page: "buffers", anchor: "sizes" },
            Proof::Test { file: "tests/it/trim.rs", name: "one" },
            Proof::Test { file: "tests/it/trim.rs", name: "other" },
            Proof::Rejected { file: "tests/ui/pitfalls/twice.rs" },
        ]
    );
    assert!(found.iter().all(|proof| check(proof).is_err()), "none of them is there");
}

#[test]
fn section_without_an_assertion_proves_nothing() {
    let page = "# Page\n## `One`, and more\n```rust\nlet a = 1;\n```\n### Below\n```rust\nassert!(a);\n\
                ```\n## Two\n```rust,no_run\nassert!(b);\n```\n## Three\n```rust,compile_fail,E0382\n\
                drop(x);\n```\n";
    assert!(has_proof(section(page, "one-and-more").unwrap()), "what is below it counts");
    assert!(has_proof(section(page, "below").unwrap()));
    assert!(!has_proof(section(page, "two").unwrap()));
    assert!(has_proof(section(page, "three").unwrap()));
    assert_eq!(section(page, "four"), None);
}
