//! What the getters of a whole matrix came to, so that it cannot silently go soft.

use std::sync::atomic::{AtomicU64, Ordering};

use poolable::managed::Stage;

use super::case::Subject;
use crate::ledger::{add, told};
use crate::script::{LENGTH, SCRIPTS};

#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) got: AtomicU64,
    pub(super) create_failed: AtomicU64,
    late_in_queue: AtomicU64,
    late_in_create: AtomicU64,
    late_in_check: AtomicU64,
    pub(super) cancelled: AtomicU64,
    pub(super) exhausted: AtomicU64,
    /// Futures that were dropped before they had ended.
    pub(super) dropped: AtomicU64,
    pub(super) checks_failed: AtomicU64,
    /// Combinations whose script was played to its end.
    pub(super) played: AtomicU64,
    reached: AtomicU64,
}

impl Tally {
    pub(super) fn late(&self, stage: Stage) {
        add(match stage {
            Stage::Create => &self.late_in_create,
            Stage::Check => &self.late_in_check,
            _ => &self.late_in_queue,
        });
    }

    pub(super) fn reached(&self, calls: usize) {
        self.reached.fetch_add(calls as u64, Ordering::SeqCst);
        if calls == LENGTH {
            add(&self.played);
        }
    }

    /// Holds the whole of a matrix to what it is there to reach.
    pub(super) fn judge(&self, subject: Subject) {
        println!("{self:?}");
        let (at_fault, is_late) = match subject {
            Subject::Creates => (&self.create_failed, &self.late_in_create),
            Subject::Checks => (&self.checks_failed, &self.late_in_check),
        };
        let counts = [
            (&self.got, 2000),
            (&self.dropped, 1000),
            (&self.cancelled, 100),
            (at_fault, 500),
            (is_late, 20),
            (&self.played, SCRIPTS / 2),
        ];
        for (count, least) in counts {
            assert!(told(count) >= least, "{} where {least} are the least: {self:?}", told(count));
        }
    }
}
