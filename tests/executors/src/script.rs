//! What the creates, or the checks, of one combination come to.

use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::crew::lock;
use crate::random::Random;

/// What one call comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Ok,
    Error,
    /// Well, but not soon.
    Slow,
    /// Pending until it is dropped.
    Never,
    /// Well, when the test opens the manager's gate.
    Gated,
    Panic,
    /// Well, or not, when it has been polled so many times more.
    Polled {
        yields: u64,
        is_well: bool,
    },
}

const ENDS: [End; 4] = [End::Ok, End::Error, End::Slow, End::Never];

/// How many calls a script has an end for.
pub(crate) const LENGTH: usize = 5;

/// How many scripts there are.
pub(crate) const SCRIPTS: u64 = (ENDS.len() as u64).pow(LENGTH as u32);

/// The ends of the first calls. What comes after those is well, or as it is drawn.
pub(crate) struct Script {
    ends: Vec<End>,
    next: AtomicUsize,
    /// Where the others come from, and what their yields are below.
    drawn: Option<(Mutex<Random>, u64)>,
}

impl Script {
    /// The script of that number: its digits, in base four.
    pub(crate) fn of(number: u64) -> Self {
        let digit = |place: usize| number as usize / ENDS.len().pow(place as u32) % ENDS.len();
        let ends = (0..LENGTH).map(|place| ENDS[digit(place)]).collect();
        Self { ends, next: AtomicUsize::new(0), drawn: None }
    }

    pub(crate) fn new(ends: &[End]) -> Self {
        Self { ends: ends.to_vec(), next: AtomicUsize::new(0), drawn: None }
    }

    /// Each yields less often than that, and one in sixteen fails then.
    pub(crate) fn drawn(seed: u64, yields: u64) -> Self {
        Self { drawn: Some((Mutex::new(Random::new(seed)), yields)), ..Self::well() }
    }

    /// All is well.
    pub(crate) fn well() -> Self {
        Self::new(&[])
    }

    /// The end of the call that begins now.
    pub(crate) fn next(&self) -> End {
        let index = self.next.fetch_add(1, Ordering::SeqCst);
        let drawn = || {
            let (random, limit) = self.drawn.as_ref()?;
            let mut random = lock(random);
            Some(End::Polled { yields: random.below(*limit), is_well: !random.one_in(16) })
        };
        self.ends.get(index).copied().or_else(drawn).unwrap_or(End::Ok)
    }

    /// How many calls have begun whose end it told.
    pub(crate) fn reached(&self) -> usize {
        self.next.load(Ordering::SeqCst).min(self.ends.len())
    }

    /// Has all be well from now on.
    pub(crate) fn finish(&self) {
        self.next.fetch_add(self.ends.len(), Ordering::SeqCst);
    }
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.ends).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_one_script_for_every_combination() {
        let mut seen: Vec<_> = (0..SCRIPTS).map(|n| format!("{:?}", Script::of(n))).collect();
        seen.sort();
        seen.dedup();
        assert_eq!((seen.len(), SCRIPTS), (1024, 1024));
        let script = Script::of(0b11_10_01_00);
        let ends = [0; 6].map(|_| script.next());
        assert_eq!(ends, [End::Ok, End::Error, End::Slow, End::Never, End::Ok, End::Ok]);
        assert_eq!(script.reached(), LENGTH);
    }
}
