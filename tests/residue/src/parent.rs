//! Runs all cells, and prints the matrix.

use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use std::collections::{BTreeMap, HashMap};
use std::env;
use std::io::{self, Read};
use std::process::{Command, ExitCode, Output, Stdio};
use std::sync::{Mutex, mpsc};
use std::thread;
use std::time::Instant;

use crate::baseline::{self, Baseline};
use crate::matrix::{self, Cell};
use crate::{canary, child, fill, known};

/// Processes at a time.
const WORKERS: usize = 2;

/// So long may one of them take, which needs some milliseconds.
const PATIENCE: Duration = Duration::from_secs(60);

const USAGE: &str = "usage: residue [--rounds N] [--controls] [--full] [--lazy] [FILTER..]
  --rounds N   run everything so often, with other words each time
  --controls   print what the controls saw, too
  --full       demand every type by every way, which the feature `full` builds
  --lazy       let the loader save vector registers to memory, as it does by default
  FILTER       run the cells alone whose row or column contains one of these texts";

/// What to run.
struct Plan {
    rounds: u64,
    shows_controls: bool,
    is_lazy: bool,
    filters: Vec<String>,
}

pub(crate) fn main(spies: bool) -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let outcome = match &arguments[..] {
        [call, index, mode, seed] if call == "--cell" => be_child(index, mode, seed, spies),
        _ => plan(&arguments).and_then(|plan| run(&plan, spies)),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

impl Plan {
    fn wants(&self, cell: &Cell) -> bool {
        let wants = |filter: &String| cell.row.contains(filter) || cell.way.contains(filter);
        self.filters.is_empty() || self.filters.iter().any(wants)
    }
}

fn plan(arguments: &[String]) -> Result<Plan, String> {
    let mut plan = Plan { rounds: 1, shows_controls: false, is_lazy: false, filters: Vec::new() };
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--rounds" => {
                let number = arguments.next().and_then(|text| text.parse().ok());
                plan.rounds = number.filter(|rounds| *rounds > 0).ok_or(USAGE)?;
            }
            "--controls" => plan.shows_controls = true,
            "--lazy" => plan.is_lazy = true,
            "--full" if cfg!(feature = "full") => {}
            "--full" => return Err("residue: `--full` needs `--features full`".to_owned()),
            option if option.starts_with('-') => return Err(USAGE.to_owned()),
            filter => plan.filters.push(filter.to_owned()),
        }
    }
    Ok(plan)
}

/// Runs the one cell that `index` names, or a baseline.
fn be_child(index: &str, mode: &str, seed: &str, spies: bool) -> Result<(), String> {
    canary::choose(seed.parse().map_err(|_| USAGE)?);
    let index: usize = index.parse().map_err(|_| USAGE)?;
    let run = match mode {
        "known" => known::ALL.get(index).map(|known| known.run),
        "baseline" => baseline::ALL.get(index).map(|baseline| baseline.run),
        _ => {
            let cells = matrix::cells(spies);
            cells.get(index).and_then(|cell| match mode {
                "wipe" => Some(cell.run),
                "control" => Some(cell.control),
                "boxed" => cell.boxed,
                _ => None,
            })
        }
    };
    let run = run.ok_or(USAGE)?;
    let seen = child::see(run, matches!(mode, "control" | "boxed"), spies)
        .map_err(|error| error.to_string())?;
    println!("words {}", seen.words);
    println!("planted {}", fill::planted());
    println!("taken {}", seen.is_taken);
    for place in seen.places {
        println!("{place}");
    }
    Ok(())
}

/// What a child has printed.
struct Report {
    words: usize,
    /// How many there were.
    planted: usize,
    is_taken: bool,
    places: Vec<String>,
}

impl Report {
    /// Whether there are enough words for a control: half of them, for the allocator writes
    /// over what is freed, and other blocks come to lie there.
    fn is_seen(&self) -> bool {
        self.words >= self.planted.div_ceil(2).max(1)
    }
}

fn ask_child(index: usize, mode: &str, seed: u64, is_lazy: bool) -> Result<Report, String> {
    let child = || -> io::Result<_> {
        let mut command = Command::new(env::current_exe()?);
        command.args(["--cell", &index.to_string(), mode, &seed.to_string()]);
        // Without it the loader saves the vector registers on the stack where a library calls
        // a function for the first time, as the first panic does. What registers hold gets
        // into memory then, and nobody has put it there.
        if !is_lazy {
            command.env("LD_BIND_NOW", "1");
        }
        output_of(command)
    };
    let output = child().map_err(|error| error.to_string())?;
    if !output.status.success() {
        let message = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{}: {}", output.status, message.trim()));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let mut lines = text.lines();
    let mut field = |name| lines.next()?.strip_prefix(name).map(str::to_owned);
    let words = field("words ").and_then(|words| words.parse().ok());
    let planted = field("planted ").and_then(|planted| planted.parse().ok());
    let is_taken = field("taken ").and_then(|taken| taken.parse().ok());
    match (words, planted, is_taken) {
        (Some(words), Some(planted), Some(is_taken)) => {
            let places = lines.map(str::to_owned).collect();
            Ok(Report { words, planted, is_taken, places })
        }
        _ => Err(format!("it printed `{text}`")),
    }
}

/// Runs a program until it ends. One that hangs is killed, and so has no success.
fn output_of(mut command: Command) -> io::Result<Output> {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    if let Some(mut text) = child.stdout.take() {
        let (sender, end) = mpsc::channel();
        thread::spawn(move || {
            let mut bytes = Vec::new();
            let read = text.read_to_end(&mut bytes).map(|_| bytes);
            // Nobody receives what comes too late.
            _ = sender.send(read);
        });
        match end.recv_timeout(PATIENCE) {
            Ok(bytes) => stdout = bytes?,
            Err(_) => {
                child.kill()?;
                child.wait()?;
                return Err(io::ErrorKind::TimedOut.into());
            }
        }
    }
    if let Some(mut text) = child.stderr.take() {
        text.read_to_end(&mut stderr)?;
    }
    Ok(Output { status: child.wait()?, stdout, stderr })
}

/// Runs jobs, so many at a time, and returns the results in their order.
fn in_parallel<R: Send>(count: usize, job: impl Fn(usize) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let results = Mutex::new(BTreeMap::new());
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if index >= count {
                        return;
                    }
                    let result = job(index);
                    results.lock().unwrap().insert(index, result);
                }
            });
        }
    });
    results.into_inner().unwrap().into_values().collect()
}

fn run(plan: &Plan, spies: bool) -> Result<(), String> {
    let cells = matrix::cells(spies);
    let chosen: Vec<usize> = (0..cells.len()).filter(|index| plan.wants(&cells[*index])).collect();
    if chosen.is_empty() {
        return Err(format!("residue: no row and no column contains any of {:?}", plan.filters));
    }
    let mut failures = Vec::new();
    failures.extend(matrix::check(&cells, spies));
    for round in 0..plan.rounds {
        let started = Instant::now();
        failures.extend(run_baselines(round, spies));
        if round == 0 {
            show_known();
        }
        let sum = run_cells(plan, &cells, &chosen, round, spies, &mut failures);
        let seconds = started.elapsed().as_secs_f64();
        println!("round {} of {}: {sum}, {seconds:.1} s", round + 1, plan.rounds);
    }
    if failures.is_empty() {
        return Ok(());
    }
    Err(format!("\n{}\nresidue: {} failures", failures.join("\n"), failures.len()))
}

fn run_baselines(round: u64, spies: bool) -> Vec<String> {
    let expected = |baseline: &Baseline| if spies { baseline.freed } else { baseline.memory };
    let reports =
        in_parallel(baseline::ALL.len(), |index| ask_child(index, "baseline", round, false));
    let mut failures = Vec::new();
    for (baseline, report) in baseline::ALL.iter().zip(reports) {
        let words = report.as_ref().map(|report| report.words);
        if round == 0 {
            println!("{:<36} {}", baseline.name, words.map_or("-".to_owned(), |w| w.to_string()));
        }
        match report {
            Ok(report) if expected(baseline).holds(report.words) => {}
            Ok(Report { words, places, .. }) => failures.push(format!(
                "baseline `{}`: {words} words instead of {:?}{}",
                baseline.name,
                expected(baseline),
                listed(&places),
            )),
            Err(why) => failures.push(format!("baseline `{}`: {why}", baseline.name)),
        }
    }
    failures
}

/// Shows what is no failure.
fn show_known() {
    println!("\nknown to leave words behind");
    let reports = in_parallel(known::ALL.len(), |index| ask_child(index, "known", 0, false));
    for (known, report) in known::ALL.iter().zip(reports) {
        let words = match report {
            Ok(Report { words: 0, .. }) => "none: it belongs to the matrix".to_owned(),
            Ok(report) => report.words.to_string(),
            Err(why) => why,
        };
        println!("{:<52} {words}", known.name);
    }
}

fn listed(places: &[String]) -> String {
    places.iter().map(|place| format!("\n    {place}")).collect()
}

fn run_cells(
    plan: &Plan,
    cells: &[Cell],
    chosen: &[usize],
    round: u64,
    spies: bool,
    failures: &mut Vec<String>,
) -> String {
    let results = in_parallel(chosen.len(), |index| {
        let index = chosen[index];
        let ask = |mode| ask_child(index, mode, round, plan.is_lazy);
        let control = match ask("control") {
            Ok(report) if cells[index].boxed.is_some() && !report.is_seen() => ask("boxed"),
            other => other,
        };
        (ask("wipe"), control)
    });

    let mut table = Table::default();
    let mut controls = Table::default();
    let (mut zero, mut seen) = (0, 0);
    let (mut fewest, mut most) = (usize::MAX, 0);
    for (index, (wiped, control)) in chosen.iter().zip(&results) {
        let cell = &cells[*index];
        let name = format!("`{}`, {}", cell.row, cell.way);
        let mut shown = ["!".to_owned(), "!".to_owned()];
        for (report, shown) in [wiped, control].into_iter().zip(&mut shown) {
            match report {
                Ok(report) => *shown = report.words.to_string(),
                Err(why) => failures.push(format!("{name}: {why}")),
            }
        }
        let [words, control_words] = shown;
        table.put(cell, words);
        controls.put(cell, control_words);
        if let Ok(wiped) = wiped {
            if wiped.words == 0 {
                zero += 1;
            } else {
                let places = listed(&wiped.places);
                failures.push(format!("{name}: {} words are left{places}", wiped.words));
            }
        }
        if let Ok(control) = control {
            fewest = fewest.min(control.words);
            most = most.max(control.words);
            if control.is_seen() {
                seen += 1;
            } else {
                let Report { words, planted, .. } = control;
                failures
                    .push(format!("{name}: BLIND, its control shows {words} of {planted} words"));
            }
        }
        for (report, kind) in [(wiped, "it"), (control, "its control")] {
            if report.as_ref().is_ok_and(|report| !report.is_taken) {
                failures.push(format!("{name}: {kind} went another way"));
            }
        }
    }
    if round == 0 {
        let what = if spies { "in freed blocks" } else { "in writable memory" };
        println!("\nwords of the secret {what}\n{table}");
        if plan.shows_controls {
            println!("the same without a wipe\n{controls}");
        }
    }
    format!(
        "{zero} of {} cells are zero, {seen} controls saw {fewest} to {most} words",
        chosen.len()
    )
}

/// Rows, and columns with numbers for heads.
#[derive(Default)]
struct Table {
    rows: Vec<&'static str>,
    ways: Vec<&'static str>,
    cells: HashMap<(&'static str, &'static str), String>,
}

impl Table {
    fn put(&mut self, cell: &Cell, text: String) {
        for (list, name) in [(&mut self.rows, cell.row), (&mut self.ways, cell.way)] {
            if !list.contains(&name) {
                list.push(name);
            }
        }
        self.cells.insert((cell.row, cell.way), text);
    }
}

impl core::fmt::Display for Table {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        for (number, way) in self.ways.iter().enumerate() {
            let end = if number % 4 == 3 { "\n" } else { "" };
            write!(f, "{:>3} {way:<27}{end}", number + 1)?;
        }
        writeln!(f)?;
        let width = self.rows.iter().map(|row| row.len()).max().unwrap_or(0);
        let mut sizes = vec![0; self.ways.len()];
        for (number, (way, size)) in self.ways.iter().zip(&mut sizes).enumerate() {
            let texts = self.rows.iter().filter_map(|row| self.cells.get(&(*row, *way)));
            let longest = texts.map(String::len).max().unwrap_or(0);
            *size = longest.max((number + 1).to_string().len());
        }
        write!(f, "{:<width$}", "")?;
        for (number, size) in sizes.iter().enumerate() {
            write!(f, " {:>size$}", number + 1)?;
        }
        writeln!(f)?;
        for row in &self.rows {
            write!(f, "{row:<width$}")?;
            for (way, size) in self.ways.iter().zip(&sizes) {
                let text = self.cells.get(&(*row, *way)).map_or(".", String::as_str);
                write!(f, " {text:>size$}")?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}
