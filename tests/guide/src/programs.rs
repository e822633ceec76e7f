//! Every program of the pages, built and run.

use core::time::Duration;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::process::{Command, ExitStatus};
use std::thread;
use std::time::Instant;

use crate::build::{self, Built};
use crate::page::{self, Page};
use crate::program::{Kind, Program};
use crate::root;

/// How long a program may run.
const PATIENCE: Duration = Duration::from_secs(60);

/// How many programs of a page came as far as they should.
#[derive(Debug, Default)]
struct Row {
    programs: usize,
    built: usize,
    ran: usize,
    rejected: usize,
}

/// Builds and runs the programs of `only`, or of all pages.
pub(crate) fn check(only: &[&str]) -> Result<(), String> {
    let root = root();
    let mut pages = page::all(&root)?;
    if let Some(unknown) = only.iter().find(|name| pages.iter().all(|page| page.name != **name)) {
        return Err(format!("there is no page `{unknown}`"));
    }
    pages.retain(|page| only.is_empty() || only.contains(&page.name.as_str()));

    // One crate for all pages that name the same dependencies.
    let mut crates: BTreeMap<_, Vec<&Page>> = BTreeMap::new();
    for page in pages.iter().filter(|page| !page.programs.is_empty()) {
        crates.entry(&page.dependencies).or_default().push(page);
    }
    let mut rows: BTreeMap<&str, Row> = BTreeMap::new();
    let mut failures = Vec::new();
    for (dependencies, pages) in &crates {
        let package = format!("pages_{}", pages[0].name.replace('/', "_").to_lowercase());
        println!("{package}: {}", names(pages));
        let programs = pages.iter().flat_map(|page| &page.programs);
        let built = match build::all(&package, dependencies, programs.clone(), &root) {
            Ok(built) => built,
            Err(failure) => {
                failures.push(failure);
                continue;
            }
        };
        let folder = root.join("target/guide/crates").join(&package).join("runs");
        fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        for program in programs {
            let row = rows.entry(&program.page).or_default();
            row.programs += 1;
            if let Err(failure) = judge(program, &built, &folder, row) {
                failures.push(format!("{}, line {}: {failure}", program.page, program.line));
            }
        }
    }
    print(&pages, &rows);
    if failures.is_empty() { Ok(()) } else { Err(failures.join("\n\n")) }
}

fn names(pages: &[&Page]) -> String {
    pages.iter().map(|page| page.name.as_str()).collect::<Vec<_>>().join(", ")
}

/// Whether a program did what its page says.
fn judge(program: &Program, built: &Built, folder: &Path, row: &mut Row) -> Result<(), String> {
    let name = program.binary();
    let errors = built.errors.get(&name);
    let rendered = built.rendered.get(&name).map_or("", String::as_str);
    if let Kind::Fails(code) = &program.kind {
        return match errors {
            Some(errors) if errors.iter().eq([code]) => {
                row.rejected += 1;
                Ok(())
            }
            Some(errors) => Err(format!("is refused with {errors:?}, not {code}\n{rendered}")),
            None => Err(format!("is not refused with {code}")),
        };
    }
    let binary = built.binaries.get(&name);
    let binary = binary.ok_or_else(|| format!("is not built\n{rendered}"))?;
    row.built += 1;
    if program.kind == Kind::Builds {
        return Ok(());
    }
    let log = folder.join(name).with_extension("log");
    let status = run(binary, folder, &log).map_err(|error| format!("does not run: {error}"))?;
    let said = || fs::read_to_string(&log).unwrap_or_default();
    match (status, &program.kind) {
        (None, _) => Err(format!("still runs after {PATIENCE:?}\n{}", said())),
        (Some(status), Kind::Panics) if status.code() != Some(101) => {
            Err(format!("does not panic: {status}\n{}", said()))
        }
        (Some(status), Kind::Runs) if !status.success() => {
            Err(format!("ends with {status}\n{}", said()))
        }
        _ => {
            row.ran += 1;
            Ok(())
        }
    }
}

/// How a program ended, if it did in time.
fn run(binary: &Path, folder: &Path, log: &Path) -> io::Result<Option<ExitStatus>> {
    let log = File::create(log)?;
    let mut child = Command::new(binary)
        .current_dir(folder)
        .env_remove("RUST_BACKTRACE")
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()?;
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() > end {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        thread::sleep(Duration::from_millis(2));
    }
}

fn print(pages: &[Page], rows: &BTreeMap<&str, Row>) {
    let width = pages.iter().map(|page| page.name.len()).max().unwrap_or(0);
    println!("{:width$}  programs  built  ran  refused as said", "page");
    let mut total = Row::default();
    let line = |name: &str, row: &Row| {
        let Row { programs, built, ran, rejected } = row;
        println!("{name:width$}  {programs:8}  {built:5}  {ran:3}  {rejected:15}");
    };
    for page in pages {
        let row = rows.get(page.name.as_str()).unwrap_or(&Row {
            programs: 0,
            built: 0,
            ran: 0,
            rejected: 0,
        });
        line(&page.name, row);
        total.programs += row.programs;
        total.built += row.built;
        total.ran += row.ran;
        total.rejected += row.rejected;
    }
    line("all", &total);
}
