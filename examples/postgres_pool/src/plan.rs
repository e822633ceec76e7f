//! What borrowers are up to, and the count of what they did.

use core::ops::AddAssign;

use crate::ledger::{ACCOUNTS, Paid, Transfer};

/// What a borrower is up to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Job {
    /// Looks at two accounts, and for what others may have left behind.
    Look,
    /// Adds up all accounts.
    AddUp,
    /// Moves money from one account to another.
    Pay,
    /// Pays to an account that does not exist, which the server refuses.
    PayNobody,
    /// Begins a transaction, makes half a transfer, and gives the connection back.
    Forget,
    /// Leaves a lock, a table and a setting behind, which belong to no transaction.
    Litter,
    /// Makes half a transfer, and panics.
    Panic,
    /// Pays, and is dropped in the middle of it. A thread cannot be dropped, and pays.
    Vanish,
}

impl Job {
    /// Of a hundred jobs seven go wrong, and one is refused.
    pub(crate) fn nth(number: u64) -> Self {
        match (number % 100, number % 10) {
            (20, _) => Self::Forget,
            (40, _) => Self::Litter,
            (60, _) => Self::Panic,
            (80, _) => Self::PayNobody,
            (_, 1) if number % 100 > 50 => Self::Vanish,
            (_, 3 | 5 | 7) => Self::Pay,
            (_, 9) => Self::AddUp,
            _ => Self::Look,
        }
    }
}

/// What was done.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) jobs: u64,
    /// Transfers whose commit was acknowledged.
    pub(crate) paid: u64,
    /// Transfers that the server refused.
    pub(crate) refused: u64,
    /// Transfers that waited for too long for an account.
    pub(crate) busy: u64,
    /// Borrowers that left a transaction open.
    pub(crate) forgot: u64,
    /// Borrowers that left other things behind.
    pub(crate) littered: u64,
    /// Borrowers that panicked.
    pub(crate) panicked: u64,
    /// Futures that were dropped before they knew whether they had paid.
    pub(crate) vanished: u64,
    /// Borrowers that found what another one had left behind.
    pub(crate) inherited: u64,
}

impl Tally {
    pub(crate) fn count(&mut self, paid: Paid) {
        *match paid {
            Paid::Yes => &mut self.paid,
            Paid::Refused => &mut self.refused,
            Paid::Busy => &mut self.busy,
        } += 1;
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.jobs += other.jobs;
        self.paid += other.paid;
        self.refused += other.refused;
        self.busy += other.busy;
        self.forgot += other.forgot;
        self.littered += other.littered;
        self.panicked += other.panicked;
        self.vanished += other.vanished;
        self.inherited += other.inherited;
    }
}

/// What the planned panics carry, to tell them from others.
#[derive(Debug)]
pub(crate) struct Planned;

/// A small generator (xorshift), so that every run does the same. Its state is never 0.
#[derive(Debug)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, end: i64) -> i64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 33) as i64) % end
    }

    pub(crate) fn transfer(&mut self) -> Transfer {
        let payer = self.below(ACCOUNTS);
        let payee = (payer + 1 + self.below(ACCOUNTS - 1)) % ACCOUNTS;
        Transfer { payer: 1 + payer, payee: 1 + payee, amount: 1 + self.below(200) }
    }
}
