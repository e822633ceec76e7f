//! The index of `guide::from_go` promises a test for each of its rows: these are looked up here.

use std::path::Path;
use std::process::Command;
use std::{env, fs};

/// How many there are, of both tutorials.
const ROWS: usize = 151;

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
    /// A check of the compiled code, among those that have to pass before a change lands.
    Step { command: &'a str },
}

fn read(path: &str) -> Result<String, String> {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path))
        .map_err(|error| format!("{path}: {error}"))
}

/// The rows of all tables below the heading of the index. Each of them has to say what proves it.
fn rows(page: &str) -> Vec<Row<'_>> {
    let (_, index) = page.split_once("\n## Every construct\n").expect("the index has its heading");
    let mut rows = Vec::new();
    for line in index.lines().filter(|line| line.starts_with('|')) {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let [go, _, here, proofs] = cells[..] else { panic!("a row has four cells: {line}") };
        if proofs == "proved by" || proofs == "---" {
            continue;
        }
        assert!(!go.is_empty() && !here.is_empty(), "an empty cell: {line}");
        rows.push(Row { text: line, proofs });
    }
    rows
}

/// `[text](page/index.html#anchor)`, `` `file.rs`: `name` ``, `` `tests/ui/file.rs` ``, or
/// `` `cargo xtask check` ``.
fn proofs(cell: &str) -> Vec<Proof<'_>> {
    let mut proofs = Vec::new();
    for link in cell.split("](").skip(1) {
        let target = link.split(')').next().unwrap_or_default();
        let (page, anchor) = target.split_once("/index.html#").unwrap_or((target, ""));
        proofs.push(Proof::Section { page, anchor });
    }
    let code: Vec<&str> = cell.split('`').skip(1).step_by(2).collect();
    for (index, file) in code.iter().copied().enumerate() {
        if file.starts_with("tests/ui/") {
            proofs.push(Proof::Rejected { file });
        } else if file.starts_with("cargo ") {
            proofs.push(Proof::Step { command: file });
        } else if file.ends_with(".rs") {
            let names = code[index + 1..].iter().take_while(|name| !name.ends_with(".rs"));
            let names: Vec<&str> = names.copied().collect();
            // A file alone proves nothing.
            proofs.extend(names.is_empty().then_some(Proof::Test { file, name: "" }));
            proofs.extend(names.into_iter().map(|name| Proof::Test { file, name }));
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

/// Whether code of the section fails if what it promises is not true: it asserts, or has to be
/// rejected by a certain error.
fn has_proof(section: &str) -> bool {
    section.split("```").skip(1).step_by(2).any(|block| {
        let (head, code) = block.split_once('\n').unwrap_or((block, ""));
        let asserts = code.lines().any(|line| {
            let line = line.split("//").next().unwrap_or_default();
            line.contains("assert") && line.contains('!') || line.contains("assert_reset")
        });
        match head.split(',').collect::<Vec<_>>()[..] {
            ["rust"] => asserts,
            ["rust", "compile_fail", error] => {
                error.len() == 5
                    && error.strip_prefix('E').is_some_and(|n| n.parse::<u16>().is_ok())
            }
            _ => false,
        }
    })
}

/// The tests of this binary that run, each with its module, as in `json::warm::name`.
fn tests() -> Vec<String> {
    let list = |options: &[&str]| {
        let program = env::current_exe().expect("the test's binary");
        let output = Command::new(program).arg("--list").args(options).output();
        let output = String::from_utf8(output.expect("it runs").stdout).expect("names are text");
        let tests = output.lines().filter_map(|line| line.strip_suffix(": test"));
        tests.map(str::to_owned).collect::<Vec<_>>()
    };
    let ignored = list(&["--ignored"]);
    list(&[]).into_iter().filter(|test| !ignored.contains(test)).collect()
}

/// Whether a test of another binary is there, and not switched off.
fn has_test(source: &str, name: &str) -> bool {
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    let start = format!("fn {name}()");
    lines.iter().position(|line| line.starts_with(&start)).is_some_and(|place| {
        let attributes = lines[..place].iter().rev().take_while(|line| line.starts_with("#["));
        let attributes: Vec<_> = attributes.collect();
        attributes == [&"#[test]"]
    })
}

fn check(proof: &Proof<'_>, tests: &[String]) -> Result<(), String> {
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
            let is_there = match file.strip_prefix("tests/it/") {
                // Compiled where `off_switches` is thrown alone.
                Some("off_switches.rs") => text.contains(&format!("#[test]\nfn {name}()")),
                Some(module) => {
                    let module = module.trim_end_matches(".rs").replace('/', "::");
                    tests.contains(&format!("{module}::{name}"))
                }
                None => has_test(&text, name),
            };
            is_there.then_some(()).ok_or(format!("{file} has no test {name} that runs"))
        }
        Proof::Rejected { file } => {
            read(file)?;
            read(&format!("{}.stderr", file.trim_end_matches(".rs"))).map(drop)
        }
        Proof::Step { command } => {
            let steps = read(".ci/run")?;
            let is_step = steps.lines().any(|line| line.strip_prefix("step ") == Some(command));
            is_step.then_some(()).ok_or(format!(".ci/run has no step {command}"))
        }
    }
}

#[test]
fn every_row_of_the_index_from_go_names_proofs_that_are_there() {
    let page = read("docs/guide/from_go.md").expect("the index");
    let (rows, tests) = (rows(&page), tests());
    let mut wrong = Vec::new();
    for row in &rows {
        let proofs = proofs(row.proofs);
        if proofs.is_empty() {
            wrong.push(format!("no proof: {}", row.text));
        }
        for error in proofs.iter().filter_map(|proof| check(proof, &tests).err()) {
            wrong.push(format!("{error}: {}", row.text));
        }
    }
    assert!(wrong.is_empty(), "{} rows are wrong:\n{}", wrong.len(), wrong.join("\n"));
    // What is taken out, or put in, is counted on purpose.
    assert_eq!(rows.len(), ROWS);
}

#[test]
fn proofs_of_a_row_are_found_in_its_last_cell() {
    let cell = "[Sizes](buffers/index.html#sizes), `tests/it/trim.rs` `one` and `other`, \
                `tests/ui/pitfalls/twice.rs`, `cargo xtask none`";
    let found = proofs(cell);
    assert_eq!(
        found,
        [
            Proof::Section { page: "buffers", anchor: "sizes" },
            Proof::Test { file: "tests/it/trim.rs", name: "one" },
            Proof::Test { file: "tests/it/trim.rs", name: "other" },
            Proof::Rejected { file: "tests/ui/pitfalls/twice.rs" },
            Proof::Step { command: "cargo xtask none" },
        ]
    );
    assert!(found.iter().all(|proof| check(proof, &[]).is_err()), "none of them is there");

    // A file alone, and a link to a page as a whole.
    for cell in ["`tests/it/trim.rs`", "[Sizes](buffers/index.html)", "[Sizes](buffers)"] {
        let proofs = proofs(cell);
        assert!(matches!(&proofs[..], [proof] if check(proof, &tests()).is_err()), "{cell}");
    }
}

#[test]
fn section_without_an_assertion_proves_nothing() {
    let page = "# Page\n## `One`, and more\n```rust\nlet a = 1;\n```\n### Below\n```rust\nassert!(a);\n\
                ```\n## Two\n```rust,no_run\nassert!(b);\n```\n## Three\n```rust,compile_fail,E0382\n\
                drop(x);\n```\n## Four\n```rust,compile_fail\ndrop(x);\n```\n## Five\n```rust\n\
                go(); // assert!(c)\n```\n";
    let proves = |anchor| section(page, anchor).map(has_proof);
    assert_eq!(proves("one-and-more"), Some(true), "what is below it counts");
    assert_eq!(["below", "three"].map(proves), [Some(true); 2]);
    assert_eq!(["two", "four", "five"].map(proves), [Some(false); 3]);
    assert_eq!(proves("six"), None);
}

#[test]
fn test_that_is_switched_off_proves_nothing() {
    let source = "#[test]\nfn one() {}\n#[test]\n#[ignore]\nfn two() {}\n#[cfg(windows)]\n#[test]\n\
                  fn three() {}\nfn four() {}\n";
    let has = ["one", "two", "three", "four", "five"].map(|name| has_test(source, name));
    assert_eq!(has, [true, false, false, false, false]);
    let this = "guide::test_that_is_switched_off_proves_nothing";
    assert!(tests().iter().any(|test| test == this));
}
