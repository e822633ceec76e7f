//! How checks came out, and the table at the end.

use std::env;
use std::fmt;

/// How a check came out.
///
/// The texts have one line each, for the table.
pub(crate) enum Outcome {
    /// And in which sense.
    Passed(String),
    Failed(String),
    /// It did not run, and why.
    Skipped(String),
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passed(how) => f.write_str(how),
            Self::Failed(why) => write!(f, "FAILED: {why}"),
            Self::Skipped(why) => write!(f, "skipped: {why}"),
        }
    }
}

/// Why the steps of a check cannot be had.
pub(crate) enum Unable {
    /// Something that is not part of the project is absent.
    Absent(String),
    /// Something went wrong.
    Broken(String),
}

impl From<Unable> for Outcome {
    fn from(why: Unable) -> Self {
        match why {
            Unable::Absent(why) => Self::Skipped(why),
            Unable::Broken(why) => Self::Failed(why),
        }
    }
}

/// Whether a check that did not run counts as one that failed.
pub(crate) fn is_required() -> bool {
    env::var_os("POOLABLE_REQUIRE").is_some()
}

/// The outcomes of a run.
pub(crate) struct Summary {
    title: &'static str,
    rows: Vec<(String, Outcome)>,
}

impl Summary {
    pub(crate) fn new(title: &'static str) -> Self {
        Self { title, rows: Vec::new() }
    }

    pub(crate) fn add(&mut self, name: String, outcome: Outcome) {
        self.rows.push((name, outcome));
    }

    /// Prints the table. An error if a check failed, or did not run and is required.
    pub(crate) fn conclude(self) -> Result<(), String> {
        let width = self.rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        let width = width.max(self.title.len());
        println!("\n{:<width$}  outcome", self.title);
        for (name, outcome) in &self.rows {
            println!("{name:<width$}  {outcome}");
        }
        let count = |wanted: fn(&Outcome) -> bool| {
            self.rows.iter().filter(|(_, outcome)| wanted(outcome)).count()
        };
        let failed = count(|outcome| matches!(outcome, Outcome::Failed(_)));
        let skipped = count(|outcome| matches!(outcome, Outcome::Skipped(_)));
        let rest = self.rows.len() - failed - skipped;
        println!("{rest} as it should be, {failed} failed, {skipped} skipped");
        if failed > 0 {
            return Err(format!("deep: {failed} of {} failed", self.rows.len()));
        }
        if skipped > 0 && is_required() {
            return Err(format!("deep: {skipped} skipped, and POOLABLE_REQUIRE is set"));
        }
        Ok(())
    }
}
