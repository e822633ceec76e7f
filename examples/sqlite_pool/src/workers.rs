//! The threads that borrow connections: most behave, and some do not.

use core::ops::AddAssign;
use core::panic::AssertUnwindSafe;
use std::panic::{catch_unwind, resume_unwind};
use std::sync::mpsc::Sender;

use poolable::managed::ResourcePool;
use rusqlite::{Connection, ErrorCode};

use crate::Failure;
use crate::ledger::{self, ACCOUNTS, TOTAL};
use crate::manager::SqliteFile;

/// What a borrower is up to.
#[derive(Clone, Copy)]
enum Task {
    /// Looks at two accounts.
    Look,
    /// Adds up all accounts.
    AddUp,
    /// Moves money from one account to another.
    Pay,
    /// Pays to an account that does not exist, which the file refuses.
    PayNobody,
    /// Makes half a transfer, and gives the connection back.
    Forget,
    /// Makes half a transfer, and panics.
    PanicPaying,
    /// Makes a table that only this connection sees, and panics before it is gone.
    PanicDrafting,
}

impl Task {
    /// Of two hundred tasks, three go wrong, and one is refused.
    fn nth(number: u64) -> Self {
        match (number % 200, number % 10) {
            (50, _) => Self::Forget,
            (90, _) => Self::PanicPaying,
            (130, _) => Self::PanicDrafting,
            (170, _) => Self::PayNobody,
            (_, 3 | 7) => Self::Pay,
            (_, 5) => Self::AddUp,
            _ => Self::Look,
        }
    }

    /// How many queries it takes, as `ledger` says.
    const fn queries(self) -> u64 {
        match self {
            Self::AddUp | Self::PanicDrafting => 1,
            Self::Forget | Self::PanicPaying => 2,
            Self::Look => 3,
            // A transfer that is refused is rolled back instead of committed.
            Self::Pay | Self::PayNobody => 5,
        }
    }
}

/// What the planned panics carry, to tell them from others.
struct Planned;

/// What was done.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) tasks: u64,
    pub(crate) queries: u64,
    /// Transfers that were committed.
    pub(crate) paid: u64,
    /// Transfers that the file refused.
    pub(crate) refused: u64,
    /// Borrowers that left a transaction open.
    pub(crate) forgot: u64,
    /// Borrowers that panicked.
    pub(crate) panicked: u64,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.tasks += other.tasks;
        self.queries += other.queries;
        self.paid += other.paid;
        self.refused += other.refused;
        self.forgot += other.forgot;
        self.panicked += other.panicked;
    }
}

/// Does so many tasks, each with a connection that is borrowed for it.
pub(crate) fn work(
    pool: &ResourcePool<SqliteFile>,
    seed: u64,
    tasks: u64,
) -> Result<Tally, Failure> {
    let mut random = Random(seed);
    let mut tally = Tally::default();
    for number in 0..tasks {
        let task = Task::nth(number);
        tally.tasks += 1;
        tally.queries += task.queries();
        // As a server does around each request. The lease drops on the way.
        match catch_unwind(AssertUnwindSafe(|| borrow(pool, task, &mut random))) {
            Ok(done) => tally += done?,
            Err(panic) if panic.is::<Planned>() => tally.panicked += 1,
            Err(panic) => resume_unwind(panic),
        }
    }
    Ok(tally)
}

/// Borrows a connection for one task.
fn borrow(
    pool: &ResourcePool<SqliteFile>,
    task: Task,
    random: &mut Random,
) -> Result<Tally, Failure> {
    let mut connection = pool.get()?;
    // If anything leaked from the last borrower, then here, and into what is added up below.
    if !connection.is_autocommit() {
        return Err("a transaction was inherited".into());
    }
    let (payer, payee, amount) = random.transfer();
    let mut tally = Tally::default();
    match task {
        Task::Look => {
            ledger::balance(&connection, payer)?;
            ledger::balance(&connection, payee)?;
            ledger::last_payment(&connection, payer)?;
        }
        Task::AddUp => {
            let total = ledger::total(&connection)?;
            if total != TOTAL {
                return Err(format!("all accounts came to {total}").into());
            }
        }
        Task::Pay => match pay(&mut connection, payer, payee, amount)? {
            true => tally.paid += 1,
            false => tally.refused += 1,
        },
        Task::PayNobody => match pay(&mut connection, payer, ACCOUNTS + 1, amount)? {
            true => return Err("an account that does not exist was paid".into()),
            false => tally.refused += 1,
        },
        Task::Forget => {
            begin_to_pay(&connection, payee, amount)?;
            tally.forgot += 1;
        }
        // These panics print no message.
        Task::PanicPaying => {
            begin_to_pay(&connection, payee, amount)?;
            resume_unwind(Box::new(Planned));
        }
        Task::PanicDrafting => {
            connection.execute_batch("CREATE TEMP TABLE draft AS SELECT * FROM accounts")?;
            resume_unwind(Box::new(Planned));
        }
    }
    Ok(tally)
}

/// Pays again and again with one connection, until somebody closes the pool; then once more,
/// for that is a connection of ours until we drop it. Returns what was paid.
pub(crate) fn pay_until_closed(
    pool: &ResourcePool<SqliteFile>,
    has_begun: &Sender<()>,
) -> Result<Tally, Failure> {
    let mut connection = pool.get()?;
    has_begun.send(())?;
    let mut random = Random(1);
    let mut tally = Tally::default();
    let mut is_last = false;
    while !is_last {
        is_last = pool.is_closed();
        let (payer, payee, amount) = random.transfer();
        let is_paid = pay(&mut connection, payer, payee, amount)?;
        tally.queries += Task::Pay.queries();
        tally.paid += u64::from(is_paid);
        tally.refused += u64::from(!is_paid);
    }
    tally.tasks = 1;
    Ok(tally)
}

/// Transfers an amount. Returns whether that was allowed.
fn pay(connection: &mut Connection, payer: i64, payee: i64, amount: i64) -> rusqlite::Result<bool> {
    match ledger::transfer(connection, payer, payee, amount) {
        Ok(()) => Ok(true),
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

/// A transaction by hand, as it should not be done: nothing ends it on the way out.
fn begin_to_pay(connection: &Connection, payee: i64, amount: i64) -> rusqlite::Result<()> {
    connection.execute_batch("BEGIN IMMEDIATE")?;
    ledger::deposit(connection, payee, amount)
}

/// A small generator (xorshift), so that every run does the same. Its state is never 0.
struct Random(u64);

impl Random {
    fn below(&mut self, end: i64) -> i64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 33) as i64) % end
    }

    /// A payer, another payee, and an amount.
    fn transfer(&mut self) -> (i64, i64, i64) {
        let payer = self.below(ACCOUNTS);
        let payee = (payer + 1 + self.below(ACCOUNTS - 1)) % ACCOUNTS;
        (1 + payer, 1 + payee, 1 + self.below(200))
    }
}
