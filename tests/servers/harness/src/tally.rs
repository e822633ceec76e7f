//! What has become of callers, counted while they are at it.

use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;

use poolable::managed::GetError;

/// How a caller's turn ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It got a connection, and the server did what it asked for.
    Served,
    /// It got one, which broke or was broken then.
    Broken,
    /// The pool's answers that are none.
    TimedOut,
    /// The server refused a new connection, or was not there.
    NotCreated,
    /// Nothing was idle.
    Exhausted,
    /// It was told to stop.
    Cancelled,
    /// The pool is closed.
    Closed,
}

impl Outcome {
    const ALL: [Self; 7] = [
        Self::Served,
        Self::Broken,
        Self::TimedOut,
        Self::NotCreated,
        Self::Exhausted,
        Self::Cancelled,
        Self::Closed,
    ];
}

impl<E> From<&GetError<E>> for Outcome {
    fn from(error: &GetError<E>) -> Self {
        match error {
            GetError::Timeout { .. } => Self::TimedOut,
            GetError::Create(_) => Self::NotCreated,
            GetError::Exhausted => Self::Exhausted,
            GetError::Cancelled => Self::Cancelled,
            GetError::Closed => Self::Closed,
            _ => panic!("an answer that nobody knows of"),
        }
    }
}

/// How many turns ended in which way, and how long the longest get took.
#[derive(Debug, Default)]
pub struct Tally {
    outcomes: [AtomicU64; Outcome::ALL.len()],
    begun: AtomicU64,
    longest: AtomicU64,
    longest_turn: AtomicU64,
}

// Relaxed throughout: these are counts, and whoever has to know all of them joins the callers.
impl Tally {
    /// Counts a caller that is about to get.
    pub fn begin(&self) {
        self.begun.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts how it ended.
    pub fn end(&self, outcome: Outcome) {
        self.outcomes[outcome as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// Notes how long a get took, whatever came of it.
    pub fn took(&self, took: Duration) {
        self.longest.fetch_max(nanos(took), Ordering::Relaxed);
    }

    /// Notes how long a whole turn took: the get, and what was done with what it got.
    pub fn turn_took(&self, took: Duration) {
        self.longest_turn.fetch_max(nanos(took), Ordering::Relaxed);
    }

    /// How many ended in a way.
    #[must_use]
    pub fn count(&self, outcome: Outcome) -> u64 {
        self.outcomes[outcome as usize].load(Ordering::Relaxed)
    }

    /// How many ended.
    #[must_use]
    pub fn ended(&self) -> u64 {
        Outcome::ALL.iter().map(|outcome| self.count(*outcome)).sum()
    }

    /// How many began.
    #[must_use]
    pub fn begun(&self) -> u64 {
        self.begun.load(Ordering::Relaxed)
    }

    /// The longest that a get took.
    #[must_use]
    pub fn longest(&self) -> Duration {
        Duration::from_nanos(self.longest.load(Ordering::Relaxed))
    }

    /// The longest that a turn took.
    #[must_use]
    pub fn longest_turn(&self) -> Duration {
        Duration::from_nanos(self.longest_turn.load(Ordering::Relaxed))
    }

    /// In a line.
    #[must_use]
    pub fn line(&self) -> String {
        let counts = Outcome::ALL
            .into_iter()
            .filter(|outcome| self.count(*outcome) > 0)
            .map(|outcome| format!("{outcome:?} {}", self.count(outcome)));
        let counts: Vec<_> = counts.collect();
        let (get, turn) = (self.longest(), self.longest_turn());
        format!("{}; longest get {get:.1?}, longest turn {turn:.1?}", counts.join(", "))
    }
}

fn nanos(took: Duration) -> u64 {
    u64::try_from(took.as_nanos()).unwrap_or(u64::MAX)
}
