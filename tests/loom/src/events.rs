//! The names of `pool-core`'s `events`, where nobody listens: it tells with no lock held, in places
//! where the drop of an object may run as well.

use crate::discarded::Reason;
use crate::stats::Stats;

/// Tells nobody.
pub(crate) struct Discarding<'a> {
    pub(crate) pool: &'a str,
    pub(crate) reason: Reason,
}

/// Counts, and tells nobody.
#[derive(Default)]
pub(crate) struct Freed(u64);

impl Freed {
    pub(crate) fn add(&mut self, _: Reason) {
        self.0 += 1;
    }

    pub(crate) fn tell(self, _: &str) {}
}

pub(crate) fn gone(_: &str, _: impl FnOnce() -> Stats) {}
