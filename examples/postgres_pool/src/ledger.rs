//! Accounts, and the transfers between them: the statements, and what they come to. Nothing in
//! here knows of a pool.

use postgres::{Client, Error};
use tokio_postgres::error::SqlState;

/// How many accounts there are; their ids count from 1.
pub(crate) const ACCOUNTS: i64 = 50;
/// What is on each of them at first.
pub(crate) const START: i64 = 1000;
/// What all of them come to at any time: a transfer moves money, and makes none.
pub(crate) const TOTAL: i64 = ACCOUNTS * START;

pub(crate) const DEPOSIT: &str = "UPDATE accounts SET balance = balance + $2 WHERE id = $1";
pub(crate) const RECORD: &str = "INSERT INTO transfers (payer, payee, amount) VALUES ($1, $2, $3)";
pub(crate) const BALANCE: &str = "SELECT balance FROM accounts WHERE id = $1";
pub(crate) const SUM: &str = "SELECT sum(balance)::bigint FROM accounts";
/// What a borrower must not find: the leftovers of another one.
pub(crate) const LEFTOVERS: &str = "SELECT
    (SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid()
        AND (locktype = 'advisory' OR mode = 'RowExclusiveLock'))
    + (SELECT count(*) FROM pg_class WHERE relname = 'draft' AND pg_table_is_visible(oid))";
/// What a borrower leaves behind that forgets what it did. None of it ends with a transaction.
pub(crate) const LITTER: &str = "SELECT pg_advisory_lock_shared(7);
    CREATE TEMP TABLE draft (line text); SET search_path = nowhere";

/// One payment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Transfer {
    pub(crate) payer: i64,
    pub(crate) payee: i64,
    pub(crate) amount: i64,
}

impl Transfer {
    /// The deposits that it consists of. Whoever locks accounts in one order waits for nobody
    /// who waits for it.
    pub(crate) fn deposits(&self) -> [(i64, i64); 2] {
        let mut deposits = [(self.payee, self.amount), (self.payer, -self.amount)];
        deposits.sort();
        deposits
    }
}

/// What became of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Paid {
    Yes,
    /// The payer has too little, or there is no such payee.
    Refused,
    /// Somebody held the account for too long.
    Busy,
}

impl Paid {
    /// What an error of a payment says, if it is one that was to be expected.
    pub(crate) fn by_error(error: Error) -> Result<Self, Error> {
        match error.code() {
            Some(&SqlState::CHECK_VIOLATION | &SqlState::FOREIGN_KEY_VIOLATION) => {
                Ok(Self::Refused)
            }
            Some(&SqlState::LOCK_NOT_AVAILABLE) => Ok(Self::Busy),
            _ => Err(error),
        }
    }
}

/// Makes the tables anew, and opens the accounts.
pub(crate) fn open(client: &mut Client) -> Result<(), Error> {
    client.batch_execute(&format!(
        "DROP SCHEMA IF EXISTS postgres_pool CASCADE;
         CREATE SCHEMA postgres_pool;
         SET search_path = postgres_pool;
         CREATE TABLE accounts (
             id bigint PRIMARY KEY,
             balance bigint NOT NULL CHECK (balance >= 0)
         );
         CREATE TABLE transfers (
             id bigserial PRIMARY KEY,
             payer bigint NOT NULL REFERENCES accounts,
             payee bigint NOT NULL REFERENCES accounts,
             amount bigint NOT NULL CHECK (amount > 0)
         );
         INSERT INTO accounts SELECT id, {START} FROM generate_series(1, {ACCOUNTS}) AS id"
    ))
}

/// What the server has to say at the end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Audit {
    /// Sessions of the pool that the server still has.
    pub(crate) sessions: i64,
    pub(crate) total: i64,
    pub(crate) transfers: i64,
    /// Accounts whose balance is not what the transfers come to.
    pub(crate) wrong_accounts: i64,
}

/// Sessions of a name. That a session has ended its server learns a moment later than we do.
pub(crate) fn sessions(client: &mut Client, name: &str) -> Result<i64, Error> {
    let row = client
        .query_one("SELECT count(*) FROM pg_stat_activity WHERE application_name = $1", &[&name])?;
    Ok(row.get(0))
}

/// Waits until the sessions of a pool that was drained have ended, and looks at all accounts;
/// then removes them.
pub(crate) fn audit(client: &mut Client, name: &str) -> Result<Audit, Error> {
    for _look in 0..500 {
        if sessions(client, name)? == 0 {
            break;
        }
        client.batch_execute("SELECT pg_sleep(0.01)")?;
    }
    let sessions = sessions(client, name)?;
    let row = client.query_one(
        "SELECT
             (SELECT sum(balance)::bigint FROM accounts),
             (SELECT count(*) FROM transfers),
             (SELECT count(*) FROM accounts WHERE balance <> $1::bigint
                 + (SELECT coalesce(sum(amount), 0) FROM transfers WHERE payee = accounts.id)
                 - (SELECT coalesce(sum(amount), 0) FROM transfers WHERE payer = accounts.id))",
        &[&START],
    )?;
    client.batch_execute("DROP SCHEMA postgres_pool CASCADE")?;
    Ok(Audit { sessions, total: row.get(0), transfers: row.get(1), wrong_accounts: row.get(2) })
}
