//! Who has which value: the table in which a double hand-out shows at once.
//!
//! # Invariants
//!
//! 1. A number is given once in a script, and the script's own number is part of it: a
//!    value of an earlier script is recognised.
//! 2. Every access is `Relaxed`, as in `book`.

use core::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize, Ordering};

use crate::verdict::broken;

/// The values that a script can have.
const VALUES: usize = 1 << 16;

/// What becomes of a value. Names a moment, not a place: the pool decides where it lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum State {
    Unborn,
    /// Made, and never handed out.
    Fresh,
    /// In the player's hands.
    Held,
    /// Given back.
    Idle,
    /// Taken out of its pool for good.
    Detached,
    Dead,
}

impl State {
    fn from_number(number: u8) -> Self {
        const ALL: [State; 6] =
            [State::Unborn, State::Fresh, State::Held, State::Idle, State::Detached, State::Dead];
        ALL[usize::from(number)]
    }
}

struct Entry {
    state: AtomicU8,
    /// Where the value lies; 0 as long as nobody saw it.
    place: AtomicUsize,
    /// How many trims its pool had seen when it became idle.
    since: AtomicU64,
}

static TABLE: [Entry; VALUES] = [const {
    Entry { state: AtomicU8::new(0), place: AtomicUsize::new(0), since: AtomicU64::new(0) }
}; VALUES];
static NEXT: AtomicUsize = AtomicUsize::new(0);
static SCRIPT: AtomicU64 = AtomicU64::new(0);

/// The number of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Id(u64);

impl Id {
    pub(crate) fn number(self) -> u64 {
        self.0
    }

    pub(crate) fn from_number(number: u64) -> Self {
        Self(number)
    }

    /// Its entry, if it is of this script.
    fn entry(self) -> Option<&'static Entry> {
        if self.0 / VALUES as u64 != SCRIPT.load(Ordering::Relaxed) {
            broken(format!("value {} is not of this script", self.0));
            return None;
        }
        Some(&TABLE[usize::try_from(self.0 % VALUES as u64).unwrap_or(0)])
    }

    fn change(self, to: State) -> Option<State> {
        let before = self.entry()?.state.swap(to as u8, Ordering::Relaxed);
        Some(State::from_number(before))
    }

    /// The player has got the value, which lies at `place`.
    pub(crate) fn take(self, place: usize) {
        match self.change(State::Held) {
            Some(State::Fresh | State::Idle) | None => {}
            Some(State::Held) => return broken(format!("value {} has two owners", self.0)),
            Some(before) => return broken(format!("value {} was handed out {before:?}", self.0)),
        }
        let Some(entry) = self.entry() else { return };
        let before = entry.place.swap(place, Ordering::Relaxed);
        if before != 0 && before != place {
            broken(format!("value {} moved while it was pooled", self.0));
        }
    }

    /// The player gives the value back.
    pub(crate) fn release(self) {
        self.leave(State::Idle);
    }

    /// The player takes the value out of its pool.
    pub(crate) fn detach(self) {
        self.leave(State::Detached);
    }

    /// The value has become idle after so many trims of its pool.
    pub(crate) fn note_idle_since(self, trims: u64) {
        if let Some(entry) = self.entry() {
            entry.since.store(trims, Ordering::Relaxed);
        }
    }

    /// How many trims of its pool the value was idle through, after so many in all.
    pub(crate) fn trims_idle(self, trims: u64) -> u64 {
        let since = |entry: &Entry| entry.since.load(Ordering::Relaxed);
        self.entry().map_or(0, |entry| trims.saturating_sub(since(entry)))
    }

    fn leave(self, to: State) {
        match self.change(to) {
            Some(State::Held) | None => {}
            Some(before) => broken(format!("value {} was {before:?} in its owner's hands", self.0)),
        }
    }

    /// The value is dropped; returns what it was before.
    pub(crate) fn die(self) -> Option<State> {
        let before = self.change(State::Dead);
        match before {
            Some(State::Dead) => broken(format!("value {} was dropped twice", self.0)),
            Some(State::Held) => broken(format!("value {} was dropped in use", self.0)),
            _ => {}
        }
        before
    }

    /// Whether the value waits in its pool.
    pub(crate) fn is_idle(self) -> bool {
        let state = |entry: &Entry| State::from_number(entry.state.load(Ordering::Relaxed));
        self.entry().is_some_and(|entry| state(entry) == State::Idle)
    }
}

/// Gives the next number.
pub(crate) fn born() -> Id {
    let index = NEXT.fetch_add(1, Ordering::Relaxed);
    if index >= VALUES {
        broken("the script has more values than the census has room for");
    }
    let id = Id(SCRIPT.load(Ordering::Relaxed) * VALUES as u64 + (index % VALUES) as u64);
    id.change(State::Fresh);
    id
}

/// Starts the census of the next script.
pub(crate) fn open() {
    let used = NEXT.swap(0, Ordering::Relaxed).min(VALUES);
    for entry in &TABLE[..used] {
        entry.state.store(State::Unborn as u8, Ordering::Relaxed);
        entry.place.store(0, Ordering::Relaxed);
    }
    SCRIPT.fetch_add(1, Ordering::Relaxed);
}
